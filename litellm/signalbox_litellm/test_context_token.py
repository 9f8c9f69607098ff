import json
import unittest
from pathlib import Path

from signalbox_litellm.context_token import ContextError, parse_key_ring, sign_payload, verify_context

VECTORS = json.loads((Path(__file__).resolve().parent.parent / "context-token-vectors.json").read_text(encoding="utf-8"))
RING = parse_key_ring(VECTORS["keys"])


class ContextTokenTest(unittest.TestCase):
    def test_signs_like_the_shared_vectors(self) -> None:
        for vector in VECTORS["signed"]:
            with self.subTest(vector["name"]):
                kid = vector["kid"]
                self.assertEqual(json.loads(vector["payload"]), vector["claims"])
                self.assertEqual(sign_payload(vector["payload"].encode(), kid, RING[kid]), vector["token"])

    def test_accepts_and_refuses_like_the_shared_vectors(self) -> None:
        for vector in VECTORS["verified"]:
            with self.subTest(vector["name"]):
                self.assertEqual(self.outcome(vector), vector["result"])

    def test_reads_every_field(self) -> None:
        vector = VECTORS["signed"][0]
        claims = vector["claims"]
        context = verify_context(vector["token"], RING, claims["m"], claims["p"], claims["iat"])
        self.assertEqual(
            (context.rid, context.key_hash, context.key_id, context.workspace_id, context.organization_id),
            (claims["rid"], claims["kh"], claims["key"], claims["ws"], claims["org"]),
        )
        self.assertEqual((context.model, context.deployment_id, context.credential_id), ("demo", "dep_01kq2", None))
        self.assertIsNone(context.provider_id)

    def test_reads_the_provider_of_newer_edges(self) -> None:
        vector = VECTORS["signed"][-1]
        claims = vector["claims"]
        context = verify_context(vector["token"], RING, claims["m"], claims["p"], claims["iat"])
        self.assertEqual((context.credential_id, context.provider_id), ("cred_01kq2", "prov_01kq2"))

    def test_no_refusal_repeats_the_token(self) -> None:
        for vector in VECTORS["verified"]:
            if vector["result"] != "ok" and vector["token"]:
                self.assertNotIn(vector["token"], self.outcome(vector))

    def test_refuses_every_changed_character(self) -> None:
        token = VECTORS["verified"][0]["token"]
        for position in range(len(token)):
            changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
            with self.subTest(position=position), self.assertRaises(ContextError):
                verify_context(changed, RING, "POST", "/v1/chat/completions", VECTORS["verified"][0]["now"])

    def test_refuses_a_ring_without_a_proper_key(self) -> None:
        for text in ("", "k1", "k1:", "k1:c2hvcnQ", ":AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "k1:not base64!"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_key_ring(text)

    def outcome(self, vector: dict[str, object]) -> str:
        try:
            verify_context(vector["token"], RING, vector["method"], vector["path"], vector["now"])  # type: ignore[arg-type]
        except ContextError as error:
            return error.reason
        return "ok"


if __name__ == "__main__":
    unittest.main()

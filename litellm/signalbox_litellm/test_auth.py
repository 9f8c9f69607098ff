"""With the real LiteLLM: its request, its exception, its own list of LLM routes."""

import asyncio
import json
import os
import time
import unittest
from typing import Any

KEY = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
MASTER_KEY = "sk-master-key-of-the-test"
os.environ["SIGNALBOX_CONTEXT_SIGNING_KEYS"] = KEY
os.environ["LITELLM_MASTER_KEY"] = MASTER_KEY
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from fastapi import Request  # noqa: E402
from litellm.proxy._types import LitellmUserRoles, ProxyException, UserAPIKeyAuth  # noqa: E402

from signalbox_litellm.auth import ERROR_TYPE, user_api_key_auth  # noqa: E402
from signalbox_litellm.call_facts import read_call_facts  # noqa: E402
from signalbox_litellm.context_token import parse_key_ring, sign_payload  # noqa: E402

CHAT = "/v1/chat/completions"
ADMIN_ROUTES = ("/key/generate", "/team/new", "/key/info", "/spend/logs", "/credentials", "/model/info", "/user/new", "/config/update", "/health")


def token_for(method: str, path: str, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iat": now, "exp": now + 60, "rid": "req_1", "m": method, "p": path, "kh": "ab" * 32, "key": "key_1"}
    claims |= {"ws": "ws_1", "org": "org_1", "mdl": None, "dep": "dep_1", "cred": None} | changes
    return sign_payload(json.dumps(claims).encode(), "k1", parse_key_ring(KEY)["k1"])


def ask(method: str | None, path: str, token: str | None = None, api_key: str | None = None) -> UserAPIKeyAuth:
    scope: dict[str, Any] = {"type": "http", "path": path, "headers": [], "query_string": b""}
    if method is not None:
        scope["method"] = method
    if token is not None:
        scope["headers"] = [(b"x-signalbox-context", token.encode())]
    return asyncio.run(user_api_key_auth(Request(scope), api_key))


class AuthTest(unittest.TestCase):
    def assert_refused(self, *args: Any, **kwargs: Any) -> str:
        with self.assertRaises(ProxyException) as caught:
            ask(*args, **kwargs)
        self.assertEqual((caught.exception.code, caught.exception.type), ("401", ERROR_TYPE))
        return str(caught.exception.message)

    def test_a_context_is_the_key_and_the_team_it_names(self) -> None:
        identity = ask("POST", CHAT, token_for("POST", CHAT, cred="cred_1", prov="prov_1"))
        self.assertEqual((identity.api_key, identity.token, identity.team_id), ("ab" * 32, "ab" * 32, "ws_1"))
        self.assertEqual(identity.user_role, LitellmUserRoles.INTERNAL_USER)
        facts = read_call_facts({"metadata": {"user_api_key_metadata": identity.metadata}})
        assert facts is not None
        self.assertEqual((facts.deployment_id, facts.credential_id, facts.provider_id), ("dep_1", "cred_1", "prov_1"))
        self.assertEqual((facts.key_hash, facts.workspace_id, facts.organization_id), ("ab" * 32, "ws_1", "org_1"))

    def test_a_context_opens_no_admin_route_even_if_signed_for_it(self) -> None:
        for path in ADMIN_ROUTES:
            for method in ("GET", "POST"):
                with self.subTest(path=path, method=method):
                    self.assert_refused(method, path, token_for(method, path))

    def test_a_context_together_with_the_master_key_opens_no_admin_route(self) -> None:
        self.assert_refused("POST", "/key/generate", token_for("POST", "/key/generate"), MASTER_KEY)

    def test_a_context_serves_only_its_own_method_and_path(self) -> None:
        self.assert_refused("POST", "/v1/embeddings", token_for("POST", CHAT))
        self.assert_refused("GET", "/v1/models", token_for("POST", "/v1/models"))

    def test_forged_and_expired_contexts_are_refused_without_repeating_them(self) -> None:
        expired = token_for("POST", CHAT, iat=int(time.time()) - 200, exp=int(time.time()) - 140)
        forged = token_for("POST", CHAT)[:-2] + "xx"
        for token in (expired, forged, "nonsense", ""):
            message = self.assert_refused("POST", CHAT, token)
            if token:
                self.assertNotIn(token, message)

    def test_nothing_but_a_context_opens_an_llm_route(self) -> None:
        for api_key in (None, "", "sk-anything", MASTER_KEY):
            with self.subTest(api_key=api_key):
                self.assert_refused("POST", CHAT, None, api_key)

    def test_the_master_key_opens_no_llm_route_that_the_edge_does_not_know_either(self) -> None:
        for path in (
            "/engines/gpt/chat/completions",
            "/openai/deployments/gpt/chat/completions",
            "/v1/batches",
            "/v1/files",
            "/v1/realtime",
            "/v1beta/models/gemini:generateContent",
            "/anthropic/v1/messages",
            "/v1/assistants",
        ):
            with self.subTest(path):
                self.assert_refused("POST", path, None, MASTER_KEY)

    def test_the_master_key_is_the_administrator_elsewhere(self) -> None:
        reads = [("GET", path) for path in ("/v1/models", "/models", "/model/info", "/health", "/health/readiness/details")]
        for method, path in [("POST", "/key/generate"), ("POST", "/team/new"), ("GET", "/spend/logs/v2"), *reads]:
            with self.subTest(path):
                self.assertEqual(ask(method, path, None, MASTER_KEY).user_role, LitellmUserRoles.PROXY_ADMIN)

    def test_another_key_opens_no_admin_route(self) -> None:
        for api_key in (None, "", "sk-other", MASTER_KEY + "x", MASTER_KEY[:-1], "schlüssel"):
            with self.subTest(api_key=api_key):
                self.assert_refused("POST", "/key/generate", None, api_key)

    def test_websockets_are_refused(self) -> None:
        self.assert_refused(None, "/v1/realtime", token_for("GET", "/v1/realtime"), MASTER_KEY)


if __name__ == "__main__":
    unittest.main()

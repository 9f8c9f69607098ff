import unittest

from signalbox_litellm.attempt_event import build_attempt_event
from signalbox_litellm.lease import CredentialUse

USE = CredentialUse("cred_1", "fp", "sk-canary-of-the-use")

PAYLOAD = {
    "litellm_call_id": "req_1",
    "id": "chatcmpl-1",
    "metadata": {"user_api_key_hash": "ab" * 32, "user_api_key_team_id": "ws_1", "user_api_key_alias": "alias"},
    "model_group": "demo",
    "model_id": "dep_1",
    "custom_llm_provider": "openai",
    "model": "openai/demo",
    "prompt_tokens": 5,
    "completion_tokens": 30,
    "total_tokens": 35,
    "response_cost": 6.5e-05,
    "startTime": 1767225600.25,
    "endTime": 1767225601.5,
    "stream": True,
    "messages": [{"role": "user", "content": "canary-content"}],
    "response": {"choices": ["canary-content"]},
    "model_parameters": {"api_key": "sk-canary"},
    "error_information": {"error_code": "429", "error_class": "RateLimitError", "error_message": "key sk-canary is over its limit"},
}


class AttemptEventTest(unittest.TestCase):
    def test_copies_the_named_fields(self) -> None:
        event = build_attempt_event(PAYLOAD, "success", "att_1", USE)
        self.assertEqual(
            event,
            {
                "attempt_id": "att_1",
                "request_id": "req_1",
                "key_hash": "ab" * 32,
                "workspace_id": "ws_1",
                "model_group": "demo",
                "deployment_id": "dep_1",
                "provider": "openai",
                "upstream_model": "openai/demo",
                "status": "success",
                "prompt_tokens": 5,
                "completion_tokens": 30,
                "total_tokens": 35,
                "cost_nano_usd": 65000,
                "started_at": "2026-01-01T00:00:00.250Z",
                "ended_at": "2026-01-01T00:00:01.500Z",
                "stream": True,
                "credential_id": "cred_1",
                "credential_fingerprint": "fp",
            },
        )

    def test_a_failure_names_class_and_status_but_no_message(self) -> None:
        event = build_attempt_event(PAYLOAD, "failure", "att_1", USE)
        self.assertEqual((event["error_class"], event["status_code"]), ("RateLimitError", 429))
        self.assertNotIn("canary", str(event))

    def test_tells_an_empty_account_from_a_busy_one(self) -> None:
        for text, expected in (
            ("RateLimitError: OpenAIException - {'code': 'insufficient_quota'}", True),
            ("Your credit balance is too low to access the Anthropic API", True),
            ("Rate limit reached for gpt-4o", False),
            (None, False),
        ):
            with self.subTest(text=text):
                payload = PAYLOAD | {"error_information": {"error_code": "429", "error_message": text}}
                self.assertIs(build_attempt_event(payload, "failure", "att_1", USE)["is_out_of_credit"], expected)

    def test_costs_are_exact_integers(self) -> None:
        for cost, expected in ((0.1 + 0.2, 300_000_000), (1e-9, 1), (None, 0), (0, 0), ("nonsense", 0), (12.345678901, 12_345_678_901)):
            with self.subTest(cost=cost):
                event = build_attempt_event(PAYLOAD | {"response_cost": cost}, "success", "att_1", USE)
                self.assertEqual(event["cost_nano_usd"], expected)

    def test_missing_fields_do_not_fail(self) -> None:
        event = build_attempt_event({}, "failure", "att_1", USE)
        self.assertEqual((event["total_tokens"], event["error_class"], event["status_code"]), (0, "unknown", None))


if __name__ == "__main__":
    unittest.main()

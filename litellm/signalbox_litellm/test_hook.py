import asyncio
import os
import unittest
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from signalbox_litellm.hook import AttemptReporter, attempt_reporter  # noqa: E402
from signalbox_litellm.call_facts import CallFacts  # noqa: E402
from signalbox_litellm.lease import CredentialUse  # noqa: E402
from signalbox_litellm.provider_keys import USE_FIELD, provider_keys_from  # noqa: E402
from signalbox_litellm.refusal import CallRefused, credential_unusable  # noqa: E402


class FakeStream:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, event: dict[str, Any]) -> None:
        self.events.append(event)


class BrokenStream:
    def add(self, event: dict[str, Any]) -> None:
        raise RuntimeError("broken")


def reporter_to(stream: Any) -> AttemptReporter:
    return AttemptReporter(stream, provider_keys_from({}))


def report(reporter: AttemptReporter, kwargs: Any) -> None:
    asyncio.run(reporter.async_log_success_event(kwargs, None, None, None))
    asyncio.run(reporter.async_log_failure_event(kwargs, None, None, None))


class HookTest(unittest.TestCase):
    def test_reports_success_and_failure_with_ids_of_their_own(self) -> None:
        stream = FakeStream()
        report(reporter_to(stream), {"standard_logging_object": {"model_id": "dep_1"}})
        self.assertEqual([event["status"] for event in stream.events], ["success", "failure"])
        self.assertEqual(len({event["attempt_id"] for event in stream.events}), 2)

    def test_what_reached_no_deployment_is_no_attempt(self) -> None:
        stream = FakeStream()
        for kwargs in ({}, {"standard_logging_object": None}, {"standard_logging_object": {"model_id": ""}}):
            report(reporter_to(stream), kwargs)
        self.assertEqual(stream.events, [])

    def test_never_raises(self) -> None:
        for reporter in (reporter_to(BrokenStream()), reporter_to(None), attempt_reporter):
            report(reporter, {"standard_logging_object": {"model_id": "dep_1"}})
            report(reporter, None)

    def test_says_which_key_was_used(self) -> None:
        stream = FakeStream()
        use = CredentialUse("cred_1", "fp", "sk-canary")
        report(reporter_to(stream), {"standard_logging_object": {"model_id": "dep_1"}, USE_FIELD: use})
        for event in stream.events:
            self.assertEqual((event["credential_id"], event["credential_fingerprint"]), ("cred_1", "fp"))
            self.assertNotIn("canary", str(event))

    def test_a_call_that_ended_here_was_no_attempt_at_a_provider(self) -> None:
        stream = FakeStream()
        kwargs = {"standard_logging_object": {"model_id": "dep_1"}, "exception": credential_unusable("x")}
        asyncio.run(reporter_to(stream).async_log_failure_event(kwargs, None, None, None))
        self.assertEqual(stream.events, [])

    def test_a_call_that_is_not_the_edges_is_left_as_it_is(self) -> None:
        kwargs = {"model": "demo"}
        self.assertIs(asyncio.run(attempt_reporter.async_pre_call_deployment_hook(kwargs, None)), kwargs)
        deployments = [{"model_info": {"id": "dep_1"}}]
        request = {"metadata": {}}
        self.assertIs(asyncio.run(attempt_reporter.async_filter_deployments("m", deployments, None, request)), deployments)

    def test_for_counting_tokens_there_is_nobody_to_ask(self) -> None:
        from litellm.proxy.proxy_server import _get_provider_token_counter

        for model in ("anthropic/claude-sonnet-4-5", "openai/gpt-4o", "gemini/gemini-2.0-flash"):
            deployments = [{"model_info": {"id": "dep_1"}, "litellm_params": {"model": model, "api_key": "x", "api_base": "http://provider.test"}}]
            self.assertIsNotNone(_get_provider_token_counter(deployments[0], model)[0])
            (counting,) = asyncio.run(attempt_reporter.async_filter_deployments("m", deployments, None, {}))
            self.assertEqual(counting["litellm_params"]["model"], model)
            self.assertNotIn("api_key", counting["litellm_params"])
            self.assertEqual(_get_provider_token_counter(counting, model), (None, None, None))
            self.assertIn("api_key", deployments[0]["litellm_params"])

    def test_the_edges_choice_is_kept_and_its_key_is_needed(self) -> None:
        facts = CallFacts(deployment_id="dep_2", provider_id="prov_1", credential_id="cred_1", key_hash="ab", workspace_id="ws_1", organization_id="org_1")
        request = {"metadata": {"user_api_key_metadata": {"signalbox": facts}}}
        deployments = [{"model_info": {"id": "dep_1"}}, {"model_info": {"id": "dep_2"}}]
        kept = asyncio.run(attempt_reporter.async_filter_deployments("m", deployments, None, request))
        self.assertEqual(kept, deployments[1:])
        with self.assertRaises(CallRefused):
            asyncio.run(attempt_reporter.async_pre_call_deployment_hook(request | kept[0], None))


if __name__ == "__main__":
    unittest.main()

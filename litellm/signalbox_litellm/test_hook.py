import asyncio
import os
import unittest
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from signalbox_litellm.hook import AttemptReporter, attempt_reporter  # noqa: E402


class FakeStream:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, event: dict[str, Any]) -> None:
        self.events.append(event)


class BrokenStream:
    def add(self, event: dict[str, Any]) -> None:
        raise RuntimeError("broken")


def report(reporter: AttemptReporter, kwargs: Any) -> None:
    asyncio.run(reporter.async_log_success_event(kwargs, None, None, None))
    asyncio.run(reporter.async_log_failure_event(kwargs, None, None, None))


class HookTest(unittest.TestCase):
    def test_reports_success_and_failure_with_ids_of_their_own(self) -> None:
        stream = FakeStream()
        report(AttemptReporter(stream), {"standard_logging_object": {"model_id": "dep_1"}})  # type: ignore[arg-type]
        self.assertEqual([event["status"] for event in stream.events], ["success", "failure"])
        self.assertEqual(len({event["attempt_id"] for event in stream.events}), 2)

    def test_what_reached_no_deployment_is_no_attempt(self) -> None:
        stream = FakeStream()
        for kwargs in ({}, {"standard_logging_object": None}, {"standard_logging_object": {"model_id": ""}}):
            report(AttemptReporter(stream), kwargs)  # type: ignore[arg-type]
        self.assertEqual(stream.events, [])

    def test_never_raises(self) -> None:
        for reporter in (AttemptReporter(BrokenStream()), AttemptReporter(None), attempt_reporter):  # type: ignore[arg-type]
            report(reporter, {"standard_logging_object": {"model_id": "dep_1"}})
            report(reporter, None)

    def test_leaves_the_call_as_it_is(self) -> None:
        kwargs = {"model": "demo"}
        self.assertIs(asyncio.run(attempt_reporter.async_pre_call_deployment_hook(kwargs, None)), kwargs)


if __name__ == "__main__":
    unittest.main()

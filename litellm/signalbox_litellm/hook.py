"""LiteLLM's callback (`litellm_settings.callbacks`): reports every attempt, and is the place of provider keys."""

from __future__ import annotations

import atexit
import logging
import os
import uuid
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from .attempt_event import build_attempt_event
from .attempt_stream import AttemptStream, RedisStreamClient

CLOSE_TIMEOUT_SECONDS = 5.0

logger = logging.getLogger("signalbox.attempts")


class AttemptReporter(CustomLogger):
    def __init__(self, stream: AttemptStream | None) -> None:
        super().__init__()
        self._stream = stream

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> dict[str, Any]:
        """The place where a provider key is set: kwargs["api_key"], per attempt, after the deployment was chosen.

        LiteLLM calls it once per attempt; on /v1/messages with a deployment that is not Anthropic's it calls it twice.
        The signed context is in kwargs["metadata"] or kwargs["litellm_metadata"], under user_api_key_metadata.signalbox.
        """
        return kwargs

    async def async_log_success_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        self._report(kwargs, "success")

    async def async_log_failure_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        self._report(kwargs, "failure")

    def _report(self, kwargs: Any, status: str) -> None:
        if self._stream is None:
            return
        try:
            payload = kwargs.get("standard_logging_object")
            # Without a deployment no attempt was made: a refused context, a malformed body, an unknown model.
            if payload and payload.get("model_id"):
                self._stream.add(build_attempt_event(payload, status, f"att_{uuid.uuid4().hex}"))
        except Exception as error:  # noqa: BLE001 - a report must never fail a request
            logger.warning("attempt not reported: %s", type(error).__name__)


def connect_stream() -> AttemptStream | None:
    url = os.environ.get("SIGNALBOX_REDIS_URL", "")
    if not url:
        logger.warning("SIGNALBOX_REDIS_URL is not set: attempts are not reported")
        return None
    name = f"{os.environ.get('SIGNALBOX_REDIS_PREFIX', 'sb')}:attempts"
    stream = AttemptStream(lambda: RedisStreamClient(url, name))
    atexit.register(stream.close, CLOSE_TIMEOUT_SECONDS)
    return stream


attempt_reporter = AttemptReporter(connect_stream())

"""LiteLLM's callback (`litellm_settings.callbacks`): sets the provider key of every attempt, and reports it."""

from __future__ import annotations

import atexit
import logging
import os
import uuid
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from .attempt_event import build_attempt_event
from .attempt_stream import AttemptStream, RedisStreamClient
from .call_facts import read_call_facts
from .deployment_filter import keep_chosen, without_provider
from .error_text import hide_secret_of
from .provider_keys import ProviderKeys, provider_keys_of_process, use_of
from .refusal import CallRefused

CLOSE_TIMEOUT_SECONDS = 5.0

logger = logging.getLogger("signalbox.attempts")


class AttemptReporter(CustomLogger):
    """The names of the methods and of their parameters are LiteLLM's, which passes them by name."""

    def __init__(self, stream: AttemptStream | None, provider_keys: ProviderKeys) -> None:
        super().__init__()
        self._stream = stream
        self._provider_keys = provider_keys

    async def async_filter_deployments(
        self,
        model: str,
        healthy_deployments: list[Any],
        messages: Any,
        request_kwargs: dict[str, Any] | None = None,
        parent_otel_span: Any = None,
    ) -> list[dict[str, Any]]:
        if not request_kwargs:
            return without_provider(healthy_deployments)
        return keep_chosen(healthy_deployments, read_call_facts(request_kwargs))

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> dict[str, Any]:
        """Per attempt, after the deployment was chosen; twice where LiteLLM translates between its own calls, such as
        /v1/messages on a deployment that is not Anthropic's: the second run does the same again."""
        return await self._provider_keys.apply(kwargs)

    async def async_log_success_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        self._report(kwargs, "success")

    async def async_log_failure_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        # Before LiteLLM writes the error into its log and its table of spend.
        hide_secret_of(kwargs)
        self._report(kwargs, "failure")

    def _report(self, kwargs: Any, status: str) -> None:
        if self._stream is None:
            return
        try:
            payload = kwargs.get("standard_logging_object")
            # Without a deployment no attempt was made: a refused context, a malformed body, an unknown model. Nor if it ended here.
            if payload and payload.get("model_id") and not isinstance(kwargs.get("exception"), CallRefused):
                event = build_attempt_event(payload, status, f"att_{uuid.uuid4().hex}", use_of(kwargs))
                self._stream.add(event)
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


attempt_reporter = AttemptReporter(connect_stream(), provider_keys_of_process())

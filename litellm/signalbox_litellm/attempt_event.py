"""One attempt, as LiteLLM's standard logging object tells it, in the form of the stream `<prefix>:attempts`.

Message content and keys never enter the event: only the named fields are copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from .lease import CredentialUse

NANO_USD_PER_USD = Decimal(1_000_000_000)
MAX_ERROR_CLASS_CHARS = 100
# 429 and 400 alone do not tell an empty account from a busy one: OpenAI's codes, Anthropic's sentence.
OUT_OF_CREDIT_MARKS = ("insufficient_quota", "billing_hard_limit_reached", "credit balance is too low")

AttemptEvent = dict[str, Any]


def build_attempt_event(
    payload: Mapping[str, Any], status: str, attempt_id: str, use: CredentialUse | None
) -> AttemptEvent:
    """`use`: the key that was really set; None: none was."""
    metadata = payload.get("metadata") or {}
    event: AttemptEvent = {
        "attempt_id": attempt_id,
        "request_id": payload.get("litellm_call_id") or payload.get("id"),
        "key_hash": metadata.get("user_api_key_hash"),
        "workspace_id": metadata.get("user_api_key_team_id"),
        "model_group": payload.get("model_group"),
        "deployment_id": payload.get("model_id"),
        "provider": payload.get("custom_llm_provider"),
        "upstream_model": payload.get("model"),
        "status": status,
        "prompt_tokens": to_count(payload.get("prompt_tokens")),
        "completion_tokens": to_count(payload.get("completion_tokens")),
        "total_tokens": to_count(payload.get("total_tokens")),
        "cost_nano_usd": to_nano_usd(payload.get("response_cost")),
        "started_at": to_iso(payload.get("startTime")),
        "ended_at": to_iso(payload.get("endTime")),
        "stream": bool(payload.get("stream")),
        "credential_id": use.credential_id if use else None,
        "credential_fingerprint": use.fingerprint if use else None,
    }
    if status == "failure":
        event |= describe_error(payload.get("error_information") or {})
    return event


def describe_error(information: Mapping[str, Any]) -> AttemptEvent:
    """What stands in no message: messages of providers quote requests and keys."""
    message = str(information.get("error_message") or "").lower()
    code = str(information.get("error_code") or "")
    return {
        "error_class": str(information.get("error_class") or "unknown")[:MAX_ERROR_CLASS_CHARS],
        "status_code": int(code) if code.isdigit() else None,
        "is_out_of_credit": any(mark in message for mark in OUT_OF_CREDIT_MARKS),
    }


def to_count(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) and value > 0 else 0


def to_nano_usd(cost: Any) -> int:
    try:
        return int((Decimal(str(cost or 0)) * NANO_USD_PER_USD).to_integral_value())
    except (InvalidOperation, ValueError):
        return 0


def to_iso(seconds: Any) -> str | None:
    if not isinstance(seconds, (int, float)):
        return None
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Is this process the LiteLLM that the release describes? Asked before any request is sent to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .http_json import Answer, RequestFailed, request_json
from .release_store import Release

REQUEST_TIMEOUT_SECONDS = 15.0
MAX_LISTED_IDS = 10
PROBE_BODY = {"model": "signalbox-probe", "messages": [{"role": "user", "content": "probe"}]}


class VerificationFailed(Exception):
    """Why, in one sentence for the operator."""


def is_live(base_url: str, timeout_seconds: float = 2.0) -> bool:
    try:
        return request_json("GET", f"{base_url}/health/liveliness", None, timeout_seconds).status == 200
    except RequestFailed:
        return False


def database_state(base_url: str, timeout_seconds: float) -> str:
    """What LiteLLM says of its database: "connected", "disconnected", "Not connected" (none configured), "" (no answer)."""
    try:
        body = request_json("GET", f"{base_url}/health/readiness", None, timeout_seconds).body
    except RequestFailed:
        return ""
    return str(body.get("db", "")) if isinstance(body, dict) else ""


def verify(base_url: str, release: Release, master_key: str, expected_version: str) -> None:
    verify_deployments(base_url, release.deployment_ids, master_key)
    running = running_version(base_url, master_key)
    if running != expected_version:
        raise VerificationFailed(f"LiteLLM {running or 'of unknown version'} runs where {expected_version} was checked")
    verify_refusal(base_url)


def verify_deployments(base_url: str, expected: frozenset[str], master_key: str) -> None:
    body = ask(lambda: request_json("GET", f"{base_url}/model/info", master_key, REQUEST_TIMEOUT_SECONDS), "/model/info")
    shown = {entry["model_info"]["id"] for entry in body.get("data", [])}
    missing, extra = sorted(expected - shown), sorted(shown - expected)
    if missing or extra:
        raise VerificationFailed(f"LiteLLM shows other deployments than the release: {describe_ids(missing, extra)}")


def describe_ids(missing: list[str], extra: list[str]) -> str:
    parts = []
    if missing:
        parts.append(f"missing {list_ids(missing)}")
    if extra:
        parts.append(f"unexpected {list_ids(extra)}")
    return "; ".join(parts)


def list_ids(ids: list[str]) -> str:
    rest = f" and {len(ids) - MAX_LISTED_IDS} more" if len(ids) > MAX_LISTED_IDS else ""
    return ", ".join(ids[:MAX_LISTED_IDS]) + rest


def running_version(base_url: str, master_key: str) -> str:
    path = "/health/readiness/details"
    body = ask(lambda: request_json("GET", f"{base_url}{path}", master_key, REQUEST_TIMEOUT_SECONDS), path, allow={200, 503})
    return str(body.get("litellm_version", ""))


def verify_refusal(base_url: str) -> None:
    """A LiteLLM that answers LLM routes to anybody must not be used."""
    try:
        answer = request_json("POST", f"{base_url}/v1/chat/completions", None, REQUEST_TIMEOUT_SECONDS, PROBE_BODY)
    except RequestFailed as error:
        raise VerificationFailed(f"LiteLLM did not answer the refusal check ({error})") from error
    if answer.status != 401:
        raise VerificationFailed(f"LiteLLM answers an LLM route without a signed context (status {answer.status} where 401 is due)")


def ask(call: Callable[[], Answer], path: str, allow: set[int] | None = None) -> dict[str, Any]:
    try:
        answer = call()
    except RequestFailed as error:
        raise VerificationFailed(f"LiteLLM did not answer {path} ({error})") from error
    if answer.status not in (allow or {200}) or not isinstance(answer.body, dict):
        raise VerificationFailed(f"LiteLLM answered {path} with status {answer.status}")
    return answer.body

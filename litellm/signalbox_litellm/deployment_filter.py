"""Keeps LiteLLM to the deployment that the edge chose: the credential was chosen for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .call_facts import CallFacts, read_signalbox_info
from .refusal import deployment_unavailable

Deployment = dict[str, Any]


def keep_chosen(deployments: list[Deployment], facts: CallFacts | None) -> list[Deployment]:
    if facts is None or facts.deployment_id is None:
        return deployments
    exact = [entry for entry in deployments if entry.get("model_info", {}).get("id") == facts.deployment_id]
    kept = exact or [entry for entry in deployments if is_of_provider(entry.get("model_info", {}), facts.provider_id)]
    if not kept:
        raise deployment_unavailable("LiteLLM does not have the chosen deployment (yet). Try again in a few seconds.")
    return kept


def without_provider(deployments: list[Deployment]) -> list[Deployment]:
    """For /v1/messages/count_tokens. LiteLLM 1.103.1 asks the provider to count, Anthropic's always at api.anthropic.com, and runs
    no hook that could set a key: the messages would go out for an answer of 401. So it is given nobody to ask, and counts itself.
    """
    return [entry | {"litellm_params": {"model": entry["litellm_params"]["model"], "custom_llm_provider": "custom"}} for entry in deployments]


def is_chosen(model_info: Mapping[str, Any], facts: CallFacts) -> bool:
    """Asked again before the key is set: a deployment that is named by its id, or made of fields of the request, passes no filter."""
    if facts.deployment_id is None:
        return facts.credential_id is None
    return model_info.get("id") == facts.deployment_id or is_of_provider(model_info, facts.provider_id)


def is_of_provider(model_info: Mapping[str, Any], provider_id: str | None) -> bool:
    """Two releases changing places: the new one's deployment is not known here, but another one of the same provider is."""
    info = read_signalbox_info(model_info)
    return info is not None and provider_id is not None and info.get("provider_id") == provider_id

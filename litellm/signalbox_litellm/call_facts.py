"""What the signed context says, on its way from custom_auth to the callback.

LiteLLM carries it in metadata["user_api_key_metadata"], or in litellm_metadata on /v1/messages and /v1/responses, where
`metadata` is the client's own field. A client can put any JSON there, but no object of this class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .context_token import SignedContext

METADATA_FIELD = "signalbox"
CONTAINERS = ("metadata", "litellm_metadata")


class CallFacts(dict[str, Any]):
    """A dict, for LiteLLM copies metadata and writes it into its logs as JSON."""

    @property
    def deployment_id(self) -> str | None:
        return self["deployment_id"]

    @property
    def credential_id(self) -> str | None:
        return self["credential_id"]

    @property
    def provider_id(self) -> str | None:
        return self["provider_id"]

    @property
    def key_hash(self) -> str:
        return self["key_hash"]

    @property
    def workspace_id(self) -> str:
        return self["workspace_id"]

    @property
    def organization_id(self) -> str:
        return self["organization_id"]


def facts_of_context(context: SignedContext) -> CallFacts:
    return CallFacts(
        request_id=context.rid,
        key_id=context.key_id,
        key_hash=context.key_hash,
        workspace_id=context.workspace_id,
        organization_id=context.organization_id,
        deployment_id=context.deployment_id,
        credential_id=context.credential_id,
        provider_id=context.provider_id,
    )


def read_call_facts(kwargs: Mapping[str, Any]) -> CallFacts | None:
    """None: no call of the edge, such as LiteLLM's own health checks."""
    for name in CONTAINERS:
        container = kwargs.get(name)
        key_metadata = container.get("user_api_key_metadata") if isinstance(container, Mapping) else None
        facts = key_metadata.get(METADATA_FIELD) if isinstance(key_metadata, Mapping) else None
        if isinstance(facts, CallFacts):
            return facts
    return None


def read_model_info(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the deployment that the router chose; empty if there is none."""
    model_info = kwargs.get("model_info")
    return model_info if isinstance(model_info, Mapping) else {}


def read_signalbox_info(model_info: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the compiled configuration says of a deployment; None: a release of an older version."""
    info = model_info.get("signalbox")
    return info if isinstance(info, Mapping) else None

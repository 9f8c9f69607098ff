"""Sets the provider key of an attempt: which one, the edge decided; whether it may be used, the broker says."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from .broker_client import BrokerClient
from .call_facts import CallFacts, read_call_facts, read_model_info, read_signalbox_info
from .context_token import parse_key_ring
from .credential_cache import CredentialCache, LeaseKey, Subject
from .deployment_filter import is_chosen
from .egress_url import EgressRelay
from .invalidation import InvalidationLink
from .lease import CredentialUse, Lease, is_header_safe
from .leases import Leases
from .refusal import credential_unavailable, credential_unusable, deployment_unavailable

# A mistake in the configuration must not hand out other variables of this process.
VARIABLE = re.compile(r"(?!SIGNALBOX_|LITELLM_)[A-Z][A-Z0-9_]*_API_KEY")
# In LiteLLM's record of the call, from here to the reports.
USE_FIELD = "signalbox_credential_use"

Kwargs = dict[str, Any]


class ProviderKeys:
    def __init__(self, leases: Leases | None, link: InvalidationLink | None, relay: EgressRelay | None, environment: Mapping[str, str]) -> None:
        self._leases = leases
        self._link = link
        self._relay = relay
        self._environment = environment

    async def apply(self, kwargs: Kwargs) -> Kwargs:
        facts = read_call_facts(kwargs)
        if facts is None:
            return kwargs
        model_info = read_model_info(kwargs)
        info = read_signalbox_info(model_info)
        if not is_chosen(model_info, facts):
            raise deployment_unavailable("LiteLLM chose another deployment than the edge. Try again in a few seconds.")
        if facts.credential_id is None:
            refuse_without_key(facts, info)
            return kwargs
        use, api_base = await self._credential(facts, facts.credential_id, info or {})
        kwargs["api_key"] = use.secret
        # A client that was made with the key of the configuration.
        kwargs.pop("client", None)
        if api_base is not None:
            kwargs["api_base"] = api_base
            kwargs.pop("base_url", None)
        remember_use(kwargs, use)
        return kwargs

    async def _credential(self, facts: CallFacts, credential_id: str, info: Mapping[str, Any]) -> tuple[CredentialUse, str | None]:
        variables = info.get("env")
        variable = variables.get(credential_id) if isinstance(variables, Mapping) else None
        if variable is not None:
            return self._environment_use(credential_id, variable), None
        lease = await self._lease(facts, credential_id)
        api_base = self._api_base(lease)
        if lease.secret is not None:
            return CredentialUse(credential_id, lease.fingerprint, lease.secret), api_base
        return self._environment_use(credential_id, lease.environment_variable), api_base

    async def _lease(self, facts: CallFacts, credential_id: str) -> Lease:
        if self._leases is None or self._link is None:
            raise credential_unavailable("LiteLLM was started without SIGNALBOX_BROKER_URL and SIGNALBOX_BROKER_TOKEN.")
        self._link.ensure_running(self._leases)
        return await self._leases.get(LeaseKey(credential_id, facts.key_hash), subjects_of(facts))

    def _environment_use(self, credential_id: str, variable: Any) -> CredentialUse:
        is_allowed = isinstance(variable, str) and VARIABLE.fullmatch(variable) is not None
        value = self._environment.get(variable, "") if is_allowed else ""
        if not value or not is_header_safe(value):
            raise credential_unusable("The variable of the platform's provider key is not set for LiteLLM.")
        return CredentialUse(credential_id, environment_fingerprint(value), value)

    def _api_base(self, lease: Lease) -> str | None:
        if lease.base_url is None or lease.base_url_is_trusted:
            return lease.base_url
        if self._relay is None:
            raise credential_unavailable("LiteLLM was started without SIGNALBOX_EGRESS_URL, so own base URLs cannot be reached.")
        return self._relay.url_for(lease.base_url)


def refuse_without_key(facts: CallFacts, info: Mapping[str, Any] | None) -> None:
    """Returns if the deployment needs no key, or is of a release from before provider keys were chosen per call."""
    if info is None or info.get("needs_key") is False:
        return
    if facts.deployment_id is None:
        raise deployment_unavailable("The edge chose from an older release. Try again in a few seconds.")
    raise credential_unusable("No provider key was chosen for a deployment that needs one.")


def subjects_of(facts: CallFacts) -> frozenset[Subject]:
    return frozenset(
        {
            Subject("key", facts.key_hash),
            Subject("workspace", facts.workspace_id),
            Subject("organization", facts.organization_id),
        }
    )


def environment_fingerprint(value: str) -> str:
    """As scripts/stack/process-environments.mjs marks the keys of the environment."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def remember_use(kwargs: Kwargs, use: CredentialUse) -> None:
    details = getattr(kwargs.get("litellm_logging_obj"), "model_call_details", None)
    if isinstance(details, dict):
        details[USE_FIELD] = use


def use_of(details: Mapping[str, Any]) -> CredentialUse | None:
    use = details.get(USE_FIELD)
    return use if isinstance(use, CredentialUse) else None


def provider_keys_from(environment: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> ProviderKeys:
    ring_text = environment.get("SIGNALBOX_CONTEXT_SIGNING_KEYS", "")
    egress_url = environment.get("SIGNALBOX_EGRESS_URL", "")
    relay = EgressRelay(egress_url, parse_key_ring(ring_text)) if egress_url and ring_text else None
    broker_url, token = environment.get("SIGNALBOX_BROKER_URL", ""), environment.get("SIGNALBOX_BROKER_TOKEN", "")
    if not broker_url or not token:
        return ProviderKeys(None, None, relay, environment)
    prefix = environment.get("SIGNALBOX_REDIS_PREFIX") or "sb"
    # Without Redis every connection fails, so everything older than 1.5 s is asked for.
    link = InvalidationLink(environment.get("SIGNALBOX_REDIS_URL", "redis://127.0.0.1:1"), f"{prefix}:projection:changes")
    cache = CredentialCache(max_usable_seconds=max_stale_seconds(environment))
    leases = Leases(BrokerClient(broker_url, token), cache, link.is_linked, clock)
    return ProviderKeys(leases, link, relay, environment)


def max_stale_seconds(environment: Mapping[str, str]) -> float:
    text = environment.get("SIGNALBOX_SECRET_MAX_STALE_SECONDS", "")
    return float(text) if text.isdigit() else float("inf")


def provider_keys_of_process() -> ProviderKeys:
    return provider_keys_from(os.environ)

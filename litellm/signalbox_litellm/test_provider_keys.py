import asyncio
import json
import unittest
from types import SimpleNamespace
from typing import Any

from signalbox_litellm.call_facts import CallFacts
from signalbox_litellm.context_token import parse_key_ring
from signalbox_litellm.credential_cache import CredentialCache, LeaseKey
from signalbox_litellm.egress_url import EgressRelay
from signalbox_litellm.lease import Lease
from signalbox_litellm.leases import Leases
from signalbox_litellm.provider_keys import ProviderKeys, environment_fingerprint, provider_keys_from, use_of
from signalbox_litellm.refusal import CREDENTIAL_UNAVAILABLE, CREDENTIAL_UNUSABLE, DEPLOYMENT_UNAVAILABLE, CallRefused

POISON = "byok-credential-missing"
RING = parse_key_ring("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
RELAY = EgressRelay("http://127.0.0.1:4019", RING)


class FakeLink:
    def is_linked(self) -> bool:
        return True

    def ensure_running(self, leases: Leases) -> None:
        pass


class FakeBroker:
    def __init__(self, **lease: Any) -> None:
        self.asked: list[LeaseKey] = []
        self._lease: dict[str, Any] = {"secret": "sk-of-tenant", "environment_variable": None, "base_url": None, "base_url_is_trusted": False} | lease

    async def lease(self, credential_id: str, key_hash: str) -> Lease:
        self.asked.append(LeaseKey(credential_id, key_hash))
        return Lease(credential_id=credential_id, owner_key="ws_1", fingerprint="fp", fresh_seconds=30, usable_seconds=60, **self._lease)


def facts(**changes: Any) -> CallFacts:
    named = {"key_hash": "ab" * 32, "workspace_id": "ws_1", "organization_id": "org_1"}
    return CallFacts(named | {"deployment_id": "dep_1", "provider_id": "prov_1", "credential_id": "cred_1"} | changes)


INFO = {"provider_id": "prov_1", "needs_key": True, "env": {"cred_env": "OPENAI_API_KEY", "cred_odd": "LITELLM_MASTER_KEY"}}


def call(given: CallFacts | None, info: dict[str, Any] | None = INFO, container: str = "metadata", **more: Any) -> dict[str, Any]:
    kwargs: dict[str, Any] = {"api_key": POISON, "api_base": "http://provider.test/v1", "litellm_logging_obj": SimpleNamespace(model_call_details={})}
    kwargs["model_info"] = {"id": "dep_1"} | ({} if info is None else {"signalbox": info})
    if given is not None:
        kwargs[container] = {"user_api_key_metadata": {"signalbox": given}}
    return kwargs | more


def keys(broker: FakeBroker | None = None, relay: EgressRelay | None = RELAY) -> ProviderKeys:
    environment = {"OPENAI_API_KEY": "sk-of-platform", "LITELLM_MASTER_KEY": "sk-master"}
    leases = Leases(broker, CredentialCache(), lambda: True, lambda: 0.0) if broker else None
    return ProviderKeys(leases, FakeLink() if broker else None, relay, environment)  # type: ignore[arg-type]


def apply(kwargs: dict[str, Any], provider_keys: ProviderKeys) -> dict[str, Any]:
    return asyncio.run(provider_keys.apply(kwargs))


class ProviderKeysTest(unittest.TestCase):
    def refusal(self, kwargs: dict[str, Any], provider_keys: ProviderKeys) -> str:
        with self.assertRaises(CallRefused) as caught:
            apply(kwargs, provider_keys)
        # Whatever LiteLLM does with the refusal, the provider gets nothing but the poison.
        self.assertEqual(kwargs["api_key"], POISON)
        return caught.exception.type

    def test_sets_the_key_that_the_broker_gives_for_this_virtual_key(self) -> None:
        for container in ("metadata", "litellm_metadata"):
            broker = FakeBroker()
            kwargs = call(facts(), container=container, client=object())
            result = apply(kwargs, keys(broker))
            self.assertEqual((result["api_key"], result["api_base"]), ("sk-of-tenant", "http://provider.test/v1"))
            self.assertNotIn("client", result)
            self.assertEqual(broker.asked, [LeaseKey("cred_1", "ab" * 32)])

    def test_remembers_what_was_used_without_showing_it(self) -> None:
        kwargs = call(facts())
        apply(kwargs, keys(FakeBroker()))
        details = kwargs["litellm_logging_obj"].model_call_details
        use = use_of(details)
        assert use is not None
        self.assertEqual((use.credential_id, use.fingerprint), ("cred_1", "fp"))
        self.assertNotIn("sk-of-tenant", json.dumps(details, default=str) + repr(details))

    def test_a_second_run_for_the_same_attempt_does_the_same_again(self) -> None:
        async def twice() -> tuple[dict[str, Any], dict[str, Any]]:
            provider_keys = keys(FakeBroker(base_url="https://own.test/v1"))
            first = dict(await provider_keys.apply(call(facts())))
            return first, await provider_keys.apply(dict(first))

        first, second = asyncio.run(twice())
        self.assertEqual(first, second)

    def test_a_tenants_own_address_is_reached_through_the_relay_only(self) -> None:
        result = apply(call(facts(), base_url="http://other"), keys(FakeBroker(base_url="https://own.test/v1")))
        self.assertEqual(result["api_base"], RELAY.url_for("https://own.test/v1"))
        self.assertNotIn("base_url", result)
        kwargs = call(facts())
        self.assertEqual(self.refusal(kwargs, keys(FakeBroker(base_url="https://own.test/v1"), relay=None)), CREDENTIAL_UNAVAILABLE)

    def test_the_platforms_own_address_is_called_directly(self) -> None:
        broker = FakeBroker(base_url="https://platform.test/v1", base_url_is_trusted=True)
        self.assertEqual(apply(call(facts()), keys(broker))["api_base"], "https://platform.test/v1")

    def test_a_key_of_the_environment_works_without_the_broker(self) -> None:
        kwargs = call(facts(credential_id="cred_env"))
        self.assertEqual(apply(kwargs, keys())["api_key"], "sk-of-platform")
        use = use_of(kwargs["litellm_logging_obj"].model_call_details)
        assert use is not None
        self.assertEqual(use.fingerprint, environment_fingerprint("sk-of-platform"))

    def test_the_broker_may_name_a_variable_too(self) -> None:
        broker = FakeBroker(secret=None, environment_variable="OPENAI_API_KEY")
        self.assertEqual(apply(call(facts()), keys(broker))["api_key"], "sk-of-platform")

    def test_other_variables_are_never_handed_out(self) -> None:
        self.assertEqual(self.refusal(call(facts(credential_id="cred_odd")), keys()), CREDENTIAL_UNUSABLE)
        for name in ("SIGNALBOX_BROKER_API_KEY", "LITELLM_API_KEY", "PATH", "NOT_SET_API_KEY"):
            broker = FakeBroker(secret=None, environment_variable=name)
            self.assertEqual(self.refusal(call(facts()), keys(broker)), CREDENTIAL_UNUSABLE, name)

    def test_without_a_credential_only_what_needs_none_is_called(self) -> None:
        nobody = facts(credential_id=None)
        self.assertEqual(self.refusal(call(nobody), keys(FakeBroker())), CREDENTIAL_UNUSABLE)
        self.assertEqual(self.refusal(call(nobody, {"provider_id": "prov_1"}), keys(FakeBroker())), CREDENTIAL_UNUSABLE)
        self.assertEqual(apply(call(nobody, INFO | {"needs_key": False}), keys())["api_key"], POISON)

    def test_a_release_of_before_leaves_the_key_to_the_configuration(self) -> None:
        nobody = facts(deployment_id=None, credential_id=None, provider_id=None)
        self.assertEqual(apply(call(nobody, None), keys())["api_key"], POISON)
        self.assertEqual(self.refusal(call(nobody), keys()), DEPLOYMENT_UNAVAILABLE)

    def test_no_key_goes_to_another_deployment_than_the_chosen_one(self) -> None:
        for changes in ({"deployment_id": "dep_2", "provider_id": "prov_2"}, {"deployment_id": "dep_2", "provider_id": None}, {"deployment_id": None}):
            broker = FakeBroker()
            self.assertEqual(self.refusal(call(facts(**changes)), keys(broker)), DEPLOYMENT_UNAVAILABLE)
            self.assertEqual(broker.asked, [])
        kwargs = call(facts(), model_info=None)
        self.assertEqual(self.refusal(kwargs, keys(FakeBroker())), DEPLOYMENT_UNAVAILABLE)

    def test_facts_that_a_client_made_up_are_none(self) -> None:
        forged = json.loads(json.dumps(facts(credential_id="cred_of_somebody")))
        broker = FakeBroker()
        kwargs = call(None) | {"metadata": {"user_api_key_metadata": {"signalbox": forged}}}
        self.assertEqual(apply(kwargs, keys(broker))["api_key"], POISON)
        kwargs["litellm_metadata"] = {"user_api_key_metadata": {"signalbox": facts()}}
        apply(kwargs, keys(broker))
        self.assertEqual(broker.asked, [LeaseKey("cred_1", "ab" * 32)])

    def test_without_settings_every_call_with_a_credential_fails(self) -> None:
        self.assertEqual(self.refusal(call(facts()), provider_keys_from({})), CREDENTIAL_UNAVAILABLE)


if __name__ == "__main__":
    unittest.main()

import unittest
from typing import Any

from signalbox_litellm.call_facts import CallFacts
from signalbox_litellm.deployment_filter import is_chosen, keep_chosen
from signalbox_litellm.refusal import DEPLOYMENT_UNAVAILABLE, CallRefused


def deployment(id_: str, provider_id: str | None = "prov_1") -> dict[str, Any]:
    info: dict[str, Any] = {"id": id_}
    if provider_id is not None:
        info["signalbox"] = {"provider_id": provider_id, "needs_key": True, "env": {}}
    return {"model_name": "smart", "litellm_params": {}, "model_info": info}


def facts(deployment_id: str | None, provider_id: str | None = "prov_1", credential_id: str | None = "cred_1") -> CallFacts:
    return CallFacts(deployment_id=deployment_id, provider_id=provider_id, credential_id=credential_id)


ALL = [deployment("dep_1"), deployment("dep_2"), deployment("dep_3", "prov_2"), deployment("dep_4", None)]


class DeploymentFilterTest(unittest.TestCase):
    def ids(self, chosen: CallFacts | None, deployments: list[dict[str, Any]] = ALL) -> list[str]:
        return [entry["model_info"]["id"] for entry in keep_chosen(deployments, chosen)]

    def test_keeps_exactly_the_chosen_one(self) -> None:
        for id_ in ("dep_1", "dep_2", "dep_3", "dep_4"):
            self.assertEqual(self.ids(facts(id_)), [id_])

    def test_takes_the_same_provider_if_the_chosen_one_is_of_another_release(self) -> None:
        self.assertEqual(self.ids(facts("dep_new")), ["dep_1", "dep_2"])
        self.assertEqual(self.ids(facts("dep_new", "prov_2")), ["dep_3"])

    def test_never_takes_another_provider(self) -> None:
        for provider_id in ("prov_9", None):
            with self.subTest(provider_id), self.assertRaises(CallRefused) as caught:
                self.ids(facts("dep_new", provider_id))
            self.assertEqual((caught.exception.type, caught.exception.status_code), (DEPLOYMENT_UNAVAILABLE, 503))

    def test_leaves_it_to_litellm_without_a_choice(self) -> None:
        for chosen in (None, facts(None)):
            self.assertEqual(len(self.ids(chosen)), len(ALL))

    def test_a_deployment_named_by_its_id_is_judged_again(self) -> None:
        info = ALL[0]["model_info"]
        self.assertTrue(is_chosen(info, facts("dep_1", None)))
        self.assertTrue(is_chosen(info, facts("dep_new")))
        self.assertFalse(is_chosen(info, facts("dep_3", "prov_2")))
        self.assertFalse(is_chosen({}, facts("dep_1")))

    def test_a_credential_without_a_deployment_is_for_none(self) -> None:
        self.assertFalse(is_chosen(ALL[0]["model_info"], facts(None)))
        self.assertTrue(is_chosen(ALL[0]["model_info"], facts(None, None, None)))


if __name__ == "__main__":
    unittest.main()

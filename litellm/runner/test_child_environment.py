import unittest
from pathlib import Path

from runner.child_environment import build_child_environment, secret_values
from runner.prisma_engine import EngineChoice

GIVEN = {
    "PATH": "/bin",
    "LITELLM_MASTER_KEY": "sk-master",
    "SIGNALBOX_INTERNAL_TOKEN": "internal-token",
    "SIGNALBOX_ENCRYPTION_KEYS": "k:ring",
    "SIGNALBOX_BROKER_URL": "http://127.0.0.1:4018",
    "SIGNALBOX_BROKER_TOKEN": "broker-token",
    "SIGNALBOX_EGRESS_URL": "http://10.0.0.7:4019",
    "SIGNALBOX_SECRET_MAX_STALE_SECONDS": "600",
}


def child(**more: str) -> dict[str, str]:
    engine = EngineChoice("none", None, "")
    return build_child_environment(GIVEN | more, Path("/home/litellm"), engine, None)


class ChildEnvironmentTest(unittest.TestCase):
    def test_passes_on_what_the_delivery_of_provider_keys_needs(self) -> None:
        seen = child()
        for name in ("SIGNALBOX_BROKER_URL", "SIGNALBOX_BROKER_TOKEN", "SIGNALBOX_EGRESS_URL", "SIGNALBOX_SECRET_MAX_STALE_SECONDS"):
            self.assertEqual(seen[name], GIVEN[name])

    def test_passes_on_no_other_secret(self) -> None:
        for name in ("SIGNALBOX_INTERNAL_TOKEN", "SIGNALBOX_ENCRYPTION_KEYS"):
            self.assertNotIn(name, child())

    def test_the_brokers_token_is_taken_out_of_logs(self) -> None:
        self.assertIn("broker-token", secret_values(GIVEN))

    def test_no_proxy_stands_before_the_relay(self) -> None:
        self.assertNotIn("NO_PROXY", child())
        seen = child(HTTP_PROXY="http://proxy:3128", NO_PROXY="localhost")
        self.assertEqual((seen["NO_PROXY"], seen["no_proxy"]), ("localhost,10.0.0.7", "localhost,10.0.0.7"))


if __name__ == "__main__":
    unittest.main()

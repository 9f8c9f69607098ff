"""A runner that finds the LiteLLM of a killed one. The killed one is played by the parts that write its traces."""

import hashlib
import json
import sys
import unittest
from dataclasses import replace
from typing import Any

from runner.litellm_process import Instance, Launcher
from runner.prisma_engine import EngineChoice
from runner.processes import start_token
from runner.release_store import Release, ReleaseStore
from runner.settings import Settings
from runner.state_board import StateBoard
from runner.testing.rig import FAKE_LITELLM, VERSION, Rig, answers, wait_until

ENGINE = EngineChoice("none", None, "test")


class AdoptionTest(unittest.TestCase):
    def setUp(self) -> None:
        self.rig = Rig()
        self.addCleanup(self.rig.close)

    def leave_behind(self, config: dict[str, Any], ids: list[str], settings: Settings | None = None) -> tuple[Instance, int]:
        settings = settings or self.rig.settings
        text = json.dumps(config)
        release = Release("rel_1", 1, text, hashlib.sha256(text.encode()).hexdigest(), frozenset(ids))
        store = ReleaseStore(settings.data_dir)
        store.mark_good(release)
        launcher = Launcher(settings, ENGINE, [sys.executable, str(FAKE_LITELLM)])
        instance = launcher.start("blue", release, store.save(release), False)
        instance.litellm_version = VERSION
        board = StateBoard(settings.data_dir, settings.litellm_host, "none", 0)
        board.track(instance)
        board.update(instance, None)
        wait_until(lambda: answers(f"http://127.0.0.1:{instance.port}"), "the LiteLLM of the first runner answers")
        return instance, board.version

    def test_takes_over_a_healthy_one(self) -> None:
        instance, version = self.leave_behind({"ids": ["dep_1"]}, ["dep_1"])
        self.rig.start()
        # Its very first answer: an edge that heard of no active LiteLLM in between would refuse requests.
        active = self.rig.state()["active"]
        self.assertIsNotNone(active)
        self.assertEqual((active["pid"], active["slot"]), (instance.pid, "blue"))
        self.assertGreater(self.rig.state()["version"], version)

    def test_notices_the_death_of_one_that_is_not_its_own_child(self) -> None:
        instance, _ = self.leave_behind({"ids": ["dep_1"]}, ["dep_1"])
        self.rig.start()
        self.rig.wait_for_active("rel_1")
        self.rig.stop()
        self.assertIsNone(start_token(instance.pid))

    def test_replaces_one_that_was_started_with_other_settings(self) -> None:
        other = dict(self.rig.settings.environment) | {"SIGNALBOX_CONTEXT_SIGNING_KEYS": "k0:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}
        instance, _ = self.leave_behind({"ids": ["dep_1"]}, ["dep_1"], replace(self.rig.settings, environment=other))
        self.rig.start()
        self.rig.wait_for_active("rel_1", other_than_pid=instance.pid)
        wait_until(lambda: start_token(instance.pid) is None, "the old one has ended")

    def test_replaces_one_of_another_version(self) -> None:
        instance, _ = self.leave_behind({"ids": ["dep_1"], "version": "1.102.0"}, ["dep_1"])
        self.rig.api.offer("rel_2", {"ids": ["dep_1"]})
        self.rig.start()
        self.rig.wait_for_active("rel_2")
        wait_until(lambda: start_token(instance.pid) is None, "the old one has ended")

    def test_ends_one_that_is_not_what_was_released(self) -> None:
        instance, _ = self.leave_behind({"ids": ["dep_x"]}, ["dep_1"])
        self.rig.api.offer("rel_2", {"ids": ["dep_2"]})
        self.rig.start()
        self.rig.wait_for_active("rel_2")
        self.assertIsNone(start_token(instance.pid))


if __name__ == "__main__":
    unittest.main()

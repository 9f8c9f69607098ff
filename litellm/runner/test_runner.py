"""The runner as a whole, with a quick stand-in for LiteLLM."""

import json
import os
import signal
import unittest

from runner.database_migration import MigrationResult
from runner.http_json import RequestFailed, request_json
from runner.processes import start_token
from runner.testing.fake_api import TOKEN
from runner.testing.rig import Rig, answers, wait_until

UNREACHABLE = MigrationResult(False, True, "no server")


class RunnerTest(unittest.TestCase):
    def rig(self, **options: bool) -> Rig:
        rig = Rig(**options)
        self.addCleanup(rig.close)
        return rig

    def started(self, release_id: str = "rel_1", **options: bool) -> Rig:
        rig = self.rig(**options)
        rig.api.offer(release_id, {"ids": ["dep_1"]})
        rig.start()
        rig.wait_for_active(release_id)
        return rig

    def test_starts_the_release_that_the_api_names_and_reports_each_phase(self) -> None:
        rig = self.started()
        wait_until(lambda: rig.api.phases("rel_1") == ["starting", "verifying", "active"], "three reports")
        report = rig.api.reports[-1]
        self.assertEqual((report["deployment_ids"], report["litellm_version"]), (["dep_1"], "1.103.1"))
        self.assertGreater(report["duration_ms"], 0)

    def test_switches_without_ending_the_old_one_before_the_edges_know(self) -> None:
        rig = self.started()
        before = rig.state(subscriber="edge")
        rig.state(after=before["version"], subscriber="edge")
        rig.api.offer("rel_2", {"ids": ["dep_2"]})
        active = rig.wait_for_active("rel_2")
        self.assertNotEqual(active["slot"], before["active"]["slot"])
        self.assertTrue(answers(before["active"]["base_url"]), "the old one serves until the edge acknowledged")
        rig.state(after=rig.state()["version"], subscriber="edge")
        wait_until(lambda: start_token(before["active"]["pid"]) is None, "the old one has ended")

    def test_a_subscriber_that_says_nothing_holds_the_switch_up_only_for_a_while(self) -> None:
        rig = self.started()
        old = rig.state(subscriber="gone")["active"]
        rig.api.offer("rel_2", {"ids": ["dep_2"]})
        rig.wait_for_active("rel_2")
        wait_until(lambda: start_token(old["pid"]) is None, "the old one has ended")

    def test_other_deployment_ids_fail_the_candidate_and_leave_the_active_alone(self) -> None:
        rig = self.started()
        before = rig.state()["active"]
        rig.api.offer("rel_bad", {"ids": ["dep_1", "dep_x"]}, ["dep_1", "dep_2"])
        wait_until(lambda: "failed" in rig.api.phases("rel_bad"), "the failure is reported")
        detail = next(report["detail"] for report in rig.api.reports if report["phase"] == "failed")
        self.assertIn("missing dep_2; unexpected dep_x", detail)
        state = rig.wait_for_state(lambda state: state["candidate"] is None, "no candidate")
        self.assertEqual(state["active"], before)
        self.assertEqual(state["last_failure"]["release_id"], "rel_bad")

    def test_each_defect_of_a_candidate_is_found_and_named(self) -> None:
        rig = self.started()
        defects: dict[str, tuple[dict[str, object], str]] = {
            "rel_exit": ({"exit_at_start": True}, "the configuration makes no sense"),
            "rel_version": ({"version": "1.107.0"}, "LiteLLM 1.107.0 runs where 1.103.1 was checked"),
            "rel_open": ({"refuses": False}, "without a signed context"),
        }
        for release_id, (config, expected) in defects.items():
            with self.subTest(release_id):
                rig.api.offer(release_id, {"ids": ["dep_1"], **config})
                wait_until(lambda: "failed" in rig.api.phases(release_id), "the failure is reported")
                detail = next(report["detail"] for report in rig.api.reports if report["phase"] == "failed" and report["release_id"] == release_id)
                self.assertIn(expected, detail)
                self.assertNotIn("canary", detail)
        self.assertEqual(rig.state()["active"]["release_id"], "rel_1")

    def test_a_failed_release_is_tried_again_only_when_asked(self) -> None:
        rig = self.started()
        rig.api.offer("rel_bad", {"ids": ["dep_x"]}, ["dep_1"])
        wait_until(lambda: rig.api.phases("rel_bad").count("failed") == 1, "first failure")
        rig.api.offer("rel_1", {"ids": ["dep_1"]})
        wait_until(lambda: rig.api.phases("rel_1").count("active") >= 2, "the rollback is confirmed")
        self.assertEqual(rig.api.phases("rel_bad").count("starting"), 1)
        rig.api.offer("rel_bad", {"ids": ["dep_1"]})
        rig.wait_for_active("rel_bad")

    def test_a_wake_tries_the_failed_release_once_more(self) -> None:
        rig = self.started()
        rig.api.offer("rel_bad", {"ids": ["dep_x"]}, ["dep_1"])
        wait_until(lambda: rig.api.phases("rel_bad").count("failed") == 1, "first failure")
        self.assertEqual(request_json("POST", f"{rig.base_url}/wake", TOKEN, 5.0).status, 202)
        wait_until(lambda: rig.api.phases("rel_bad").count("failed") == 2, "second failure")

    def test_a_newer_release_replaces_one_in_the_making(self) -> None:
        rig = self.started()
        rig.api.offer("rel_slow", {"ids": ["dep_1"], "silent": True})
        slow = rig.wait_for_state(lambda state: state["candidate"] and state["candidate"]["pid"], "slow candidate")["candidate"]
        rig.api.offer("rel_3", {"ids": ["dep_3"]})
        rig.wait_for_active("rel_3")
        self.assertIsNone(start_token(slow["pid"]))
        self.assertNotIn("failed", rig.api.phases("rel_slow"))

    def test_a_killed_litellm_is_noticed_and_started_again_on_the_other_slot(self) -> None:
        rig = self.started()
        before = rig.state()
        os.kill(before["active"]["pid"], signal.SIGKILL)
        down = rig.wait_for_state(lambda state: state["active"] is None, "it is down")
        self.assertGreater(down["version"], before["version"])
        active = rig.wait_for_active("rel_1", other_than_pid=before["active"]["pid"])
        self.assertNotEqual(active["slot"], before["active"]["slot"])

    def test_a_litellm_that_keeps_dying_is_started_again_with_pauses(self) -> None:
        rig = self.started()
        for _ in range(3):
            pid = rig.wait_for_active("rel_1")["pid"]
            os.kill(pid, signal.SIGKILL)
            rig.wait_for_active("rel_1", other_than_pid=pid)

    def test_starts_from_the_last_good_release_while_the_api_is_down(self) -> None:
        rig = self.started()
        rig.stop()
        rig.api.close()
        rig.start()
        rig.wait_for_active("rel_1")

    def test_a_damaged_release_on_disk_is_not_started(self) -> None:
        rig = self.started()
        rig.stop()
        rig.api.close()
        config = rig.settings.data_dir / "releases" / "rel_1" / "config.yaml"
        config.write_text(json.dumps({"ids": ["dep_1"], "changed": True}))
        rig.start()
        self.assertIsNone(rig.state(wait_ms=1500, after=rig.state()["version"])["active"])

    def test_reports_until_the_api_hears(self) -> None:
        rig = self.rig()
        rig.api.refuse_reports = 4
        rig.api.offer("rel_1", {"ids": ["dep_1"]})
        rig.start()
        wait_until(lambda: rig.api.phases("rel_1") == ["starting", "verifying", "active"], "all reports, in order")

    def test_stopping_ends_litellm_and_leaves_nothing(self) -> None:
        rig = self.started()
        pid = rig.state()["active"]["pid"]
        rig.stop()
        self.assertIsNone(start_token(pid))
        with self.assertRaises(RequestFailed):
            rig.state()

    def test_stopping_ends_a_candidate_too(self) -> None:
        rig = self.rig()
        rig.api.offer("rel_slow", {"ids": ["dep_1"], "silent": True})
        rig.start()
        candidate = rig.wait_for_state(lambda state: state["candidate"] and state["candidate"]["pid"], "candidate")["candidate"]
        rig.stop()
        self.assertIsNone(start_token(candidate["pid"]))

    def test_the_child_sees_provider_keys_but_no_secret_of_signalbox(self) -> None:
        rig = self.started()
        names = request_json("GET", f"{rig.state()['active']['base_url']}/environment", None, 5.0).body
        self.assertIn("OPENAI_API_KEY", names)
        for name in ("SIGNALBOX_INTERNAL_TOKEN", "SIGNALBOX_ENCRYPTION_KEYS", "REDIS_URL", "DATABASE_URL"):
            self.assertNotIn(name, names)

    def test_the_log_file_holds_no_key(self) -> None:
        rig = self.started()
        wait_until(lambda: "fake litellm starts" in rig.logs(), "the output is written")
        self.assertNotIn("canary", rig.logs())

    def test_only_the_bearer_token_opens_the_interface(self) -> None:
        rig = self.started()
        for path, method in (("/state", "GET"), ("/health/readiness", "GET"), ("/wake", "POST")):
            for token in (None, "wrong"):
                self.assertEqual(request_json(method, f"{rig.base_url}{path}", token, 5.0).status, 401)
        self.assertEqual(request_json("GET", f"{rig.base_url}/health/liveliness", None, 5.0).status, 200)
        self.assertEqual(request_json("GET", f"{rig.base_url}/health/readiness", TOKEN, 5.0).status, 200)
        self.assertEqual(request_json("GET", f"{rig.base_url}/state?after=x", TOKEN, 5.0).status, 400)

    def test_files_are_private(self) -> None:
        rig = self.started()
        for path in [rig.settings.data_dir, *rig.settings.data_dir.rglob("*")]:
            if path.name != "runner.lock":
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)


class DatabaseTest(unittest.TestCase):
    def rig(self) -> Rig:
        rig = Rig(with_database=True)
        self.addCleanup(rig.close)
        return rig

    def test_runs_with_the_database_when_it_is_there(self) -> None:
        rig = self.rig()
        rig.api.offer("rel_1", {"ids": ["dep_1"]})
        rig.start()
        self.assertTrue(rig.wait_for_active("rel_1")["database_mode"])

    def test_starts_without_it_and_goes_back_when_it_returns(self) -> None:
        rig = self.rig()
        rig.database = UNREACHABLE
        rig.api.offer("rel_1", {"ids": ["dep_1"]})
        rig.start()
        active = rig.wait_for_active("rel_1")
        self.assertFalse(active["database_mode"])
        rig.database = MigrationResult(True, False, "up to date")
        self.assertTrue(rig.wait_for_active("rel_1", other_than_pid=active["pid"])["database_mode"])

    def test_a_lost_database_is_looked_after_and_litellm_replaced_if_it_stays_lost(self) -> None:
        rig = self.rig()
        rig.api.offer("rel_1", {"ids": ["dep_1"], "db": "disconnected"})
        rig.start()
        active = rig.wait_for_active("rel_1")
        self.assertTrue(rig.wait_for_active("rel_1", other_than_pid=active["pid"])["database_mode"])

    def test_a_server_that_is_down_is_no_reason_to_touch_litellm(self) -> None:
        rig = self.rig()
        rig.api.offer("rel_1", {"ids": ["dep_1"], "db": "disconnected"})
        rig.start()
        active = rig.wait_for_active("rel_1")
        rig.database = UNREACHABLE
        seen = rig.migrations
        wait_until(lambda: rig.migrations > seen + 8, "several looks at the database")
        self.assertEqual(rig.state()["active"]["pid"], active["pid"])

    def test_a_restart_does_without_the_database_rather_than_not_at_all(self) -> None:
        rig = self.rig()
        rig.database = UNREACHABLE
        rig.api.offer("rel_1", {"ids": ["dep_1"], "dies_with_database": True})
        rig.start()
        pid = rig.wait_for_active("rel_1")["pid"]
        rig.database = MigrationResult(True, False, "up to date")
        os.kill(pid, signal.SIGKILL)
        self.assertFalse(rig.wait_for_active("rel_1", other_than_pid=pid)["database_mode"])


if __name__ == "__main__":
    unittest.main()

"""The end of a process is noticed at once where the kernel tells it, and soon where it does not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import unittest
from unittest import mock

from runner import processes
from runner.processes import start_token, wait_until_gone


class WaitUntilGoneTest(unittest.TestCase):
    def setUp(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        self.token = start_token(self.process.pid)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)

    def seconds_to_notice(self) -> float:
        gone = threading.Event()
        waiting = threading.Event()

        def wait() -> None:
            waiting.set()
            if wait_until_gone(self.process.pid, self.token, 60.0):
                gone.set()

        threading.Thread(target=wait, daemon=True).start()
        waiting.wait()
        killed_at = time.monotonic()
        self.process.kill()
        self.assertTrue(gone.wait(20.0), "the end was not noticed")
        return time.monotonic() - killed_at

    @unittest.skipUnless(hasattr(os, "pidfd_open"), "this system has no pidfd")
    def test_the_kernel_tells_the_end(self) -> None:
        # Looking would come too late by far.
        with mock.patch.object(processes, "POLL_SECONDS", 30.0):
            self.assertLess(self.seconds_to_notice(), 10.0)

    def test_without_the_kernels_help_it_is_seen_by_looking(self) -> None:
        with mock.patch.object(processes, "open_pidfd", return_value=None):
            self.assertLess(self.seconds_to_notice(), 10.0)

    def test_a_process_that_lives_on_outlasts_the_time_limit(self) -> None:
        self.assertFalse(wait_until_gone(self.process.pid, self.token, 0.05))

    def test_one_that_is_gone_or_another_one_with_its_id_is_not_waited_for(self) -> None:
        self.assertTrue(wait_until_gone(self.process.pid, "0", 0.0))
        self.process.kill()
        self.process.wait()
        self.assertTrue(wait_until_gone(self.process.pid, self.token, 0.0))

    def test_no_descriptor_is_left_open(self) -> None:
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        for _ in range(20):
            wait_until_gone(self.process.pid, self.token, 0.0)
        after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        self.assertLessEqual(after, before + 2)


if __name__ == "__main__":
    unittest.main()

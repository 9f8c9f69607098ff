"""Brings up one LiteLLM process beside the active one, in a thread of its own, up to the verdict."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .database_migration import Migrate
from .events import CandidateFailed, CandidateLive, CandidateReady, CandidateStarted, EventQueue
from .litellm_process import Instance, Launcher, end_instance, wait_for_port
from .log import log
from .log_tail import read_log_tail
from .release_store import Release, ReleaseStore
from .settings import Settings
from .verification import VerificationFailed, is_live, verify

# Nobody was ever sent to a candidate, so there is nothing to drain.
ABORT_SECONDS = 3.0
LOG_SETTLE_SECONDS = 0.3

Purpose = Literal["release", "restart", "replace"]


class StartFailed(Exception):
    """Why LiteLLM did not come up."""


@dataclass
class CandidateRun:
    attempt: int
    slot: str
    release: Release
    purpose: Purpose
    settings: Settings
    launcher: Launcher
    store: ReleaseStore
    migrate: Migrate
    expected_version: str
    events: EventQueue
    _aborted: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _instance: Instance | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"candidate-{self.attempt}", daemon=True)
        self._thread.start()

    def abort(self) -> None:
        self._aborted.set()

    def join(self, timeout_seconds: float) -> None:
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        started = time.monotonic()
        try:
            instance = self._bring_up()
        except (StartFailed, VerificationFailed, OSError) as error:
            self._discard()
            self.events.put(CandidateFailed(self.attempt, self._explain(error), elapsed_ms(started)))
            return
        self.events.put(CandidateReady(self.attempt, instance, elapsed_ms(started)))

    def _bring_up(self) -> Instance:
        config = self.store.save(self.release)
        database_mode = self._prepare_database()
        try:
            instance = self._start_process(config, database_mode)
        except StartFailed:
            # With DATABASE_URL and no server LiteLLM exits at its start; it may have gone since it was asked.
            if not database_mode or self._aborted.is_set() or not self._may_do_without_database():
                raise
            self._discard()
            instance = self._start_process(config, False)
        self.events.put(CandidateLive(self.attempt))
        verify(self._base_url(), self.release, self.settings.master_key, self.expected_version)
        instance.litellm_version = self.expected_version
        self._check_aborted()
        return instance

    def _prepare_database(self) -> bool:
        if not self.launcher.can_use_database():
            return False
        result = self.migrate()
        if not result.ready:
            log("warn", "LiteLLM starts without its database", detail=result.detail)
        return result.ready

    def _may_do_without_database(self) -> bool:
        """To answer at all comes first where nothing else answers."""
        return self.purpose == "restart" or not self.migrate().ready

    def _start_process(self, config: Path, database_mode: bool) -> Instance:
        port = self.settings.slot_ports[self.slot]
        if not wait_for_port(self.settings.litellm_host, port, self.settings.timings.port_wait, self._aborted.is_set):
            self._check_aborted()
            raise StartFailed(f"port {port} is taken by another program")
        instance = self.launcher.start(self.slot, self.release, config, database_mode)
        self._instance = instance
        self.events.put(CandidateStarted(self.attempt, instance))
        self._wait_until_live(instance)
        return instance

    def _wait_until_live(self, instance: Instance) -> None:
        timings = self.settings.timings
        deadline = time.monotonic() + timings.start_timeout
        while not is_live(self._base_url()):
            self._check_aborted()
            if not instance.is_running():
                time.sleep(LOG_SETTLE_SECONDS)
                raise StartFailed(f"LiteLLM ended while starting: {read_log_tail(instance.log_path) or 'it wrote nothing'}")
            if time.monotonic() >= deadline:
                raise StartFailed(f"LiteLLM did not answer within {timings.start_timeout:.0f} s: {read_log_tail(instance.log_path)}")
            self._aborted.wait(timings.poll_live)

    def _explain(self, error: Exception) -> str:
        if not isinstance(error, VerificationFailed) or self._instance is None:
            return str(error)
        # LiteLLM skips a deployment that it cannot use and only writes why.
        tail = read_log_tail(self._instance.log_path)
        return f"{error}. It wrote: {tail}" if tail else str(error)

    def _check_aborted(self) -> None:
        if self._aborted.is_set():
            raise StartFailed("stopped for a newer release")

    def _discard(self) -> None:
        if self._instance is not None:
            end_instance(self._instance, ABORT_SECONDS)

    def _base_url(self) -> str:
        host = self.settings.litellm_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.settings.slot_ports[self.slot]}"


def elapsed_ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)

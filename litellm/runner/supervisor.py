"""The state machine: which LiteLLM serves, which one is being brought up, and what follows from every event.

One thread, one queue. Rules: the active process is never touched before its successor is verified; a failed release
is left alone until the API names another one or asks again; a dead LiteLLM is started again at once.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from .api_client import Reporter
from .candidate_run import ABORT_SECONDS, CandidateRun, Purpose
from .events import (
    CandidateFailed,
    CandidateLive,
    CandidateReady,
    CandidateStarted,
    Event,
    EventQueue,
    NoReleaseOffered,
    ProcessExited,
    ReleaseOffered,
    ReplaceActive,
    Stop,
)
from .litellm_process import Instance, end_instance
from .log import log
from .processes import wait_until_gone
from .release_store import Release, ReleaseStore
from .retirement import Retirement, end_together
from .settings import SLOTS, Settings
from .state_board import Candidate, StateBoard

RunFactory = Callable[[int, str, Release, Purpose], CandidateRun]


class Supervisor:
    def __init__(
        self,
        settings: Settings,
        store: ReleaseStore,
        board: StateBoard,
        reporter: Reporter,
        events: EventQueue,
        make_run: RunFactory,
        engine: str,
        failed: dict[str, str],
    ) -> None:
        self._settings = settings
        self._store = store
        self._board = board
        self._reporter = reporter
        self._events = events
        self._make_run = make_run
        self._engine = engine
        self._failed = failed
        self._active: Instance | None = None
        self._run: CandidateRun | None = None
        self._run_instance: Instance | None = None
        self._phase = "starting"
        self._attempts = 0
        self._crashes = 0
        self._active_since = 0.0
        self._restart_at: float | None = None
        self._last_slot = SLOTS[1]
        self._retirement = Retirement(board, settings.timings)

    @property
    def active(self) -> Instance | None:
        return self._active

    def adopt(self, instance: Instance) -> None:
        log("info", "took over the LiteLLM of an earlier runner", slot=instance.slot, pid=instance.pid)
        self._board.track(instance)
        self._watch(instance)
        self._activate(instance)

    def run(self) -> None:
        """Returns when stopped and everything has ended."""
        while True:
            event = self._next_event()
            if isinstance(event, Stop):
                self._shut_down(event.reason)
                return
            if event is None:
                self._restart_last_good()
            else:
                self._handle(event)

    def _next_event(self) -> Event | None:
        if self._restart_at is None:
            return self._events.get()
        try:
            return self._events.get(timeout=max(0.0, self._restart_at - time.monotonic()))
        except queue.Empty:
            return None

    def _handle(self, event: Event) -> None:
        if isinstance(event, ReleaseOffered):
            self._on_release(event)
        elif isinstance(event, NoReleaseOffered):
            self._restart_last_good()
        elif isinstance(event, ProcessExited):
            self._on_exit(event.instance)
        elif isinstance(event, ReplaceActive):
            self._on_replace(event)
        elif isinstance(event, (CandidateStarted, CandidateLive, CandidateReady, CandidateFailed)):
            self._on_candidate(event)

    # --- releases -------------------------------------------------------------------------------------------------

    def _on_release(self, event: ReleaseOffered) -> None:
        release = event.release
        self._forget_failures_but(release.release_id)
        if self._run is not None and self._run.release.release_id == release.release_id:
            return
        if self._active is not None and self._active.release.release_id == release.release_id:
            self._stop_candidate_of_other_release()
            self._report_active(self._active)
            return
        reason = self._failed.get(release.release_id)
        if reason is not None and not event.asked_again:
            self._reporter.report(release.release_id, "failed", detail=reason)
            self._restart_last_good()
            return
        self._stop_candidate()
        self._start(release, "release")

    def _forget_failures_but(self, release_id: str) -> None:
        kept = {known: reason for known, reason in self._failed.items() if known == release_id}
        if kept != self._failed:
            self._failed = kept
            self._board.set_failures(kept, None)

    def _start(self, release: Release, purpose: Purpose) -> None:
        self._restart_at = None
        self._attempts += 1
        self._run = self._make_run(self._attempts, self._free_slot(), release, purpose)
        self._run_instance = None
        self._phase = "starting"
        log("info", "starting LiteLLM", release_id=release.release_id, slot=self._run.slot, purpose=purpose)
        self._run.start()
        self._publish()
        if purpose == "release":
            self._reporter.report(release.release_id, "starting", engine=self._engine)

    def _free_slot(self) -> str:
        return SLOTS[1] if self._last_slot == SLOTS[0] else SLOTS[0]

    def _stop_candidate_of_other_release(self) -> None:
        if self._run is not None and self._active is not None:
            if self._run.release.release_id != self._active.release.release_id:
                self._stop_candidate()

    def _stop_candidate(self) -> None:
        if self._run is None:
            return
        log("info", "stopping the candidate", release_id=self._run.release.release_id)
        self._run.abort()
        # Its thread ends the process; the next one waits for the port.
        self._run = self._run_instance = None
        self._publish()

    # --- candidates -----------------------------------------------------------------------------------------------

    def _on_candidate(self, event: CandidateStarted | CandidateLive | CandidateReady | CandidateFailed) -> None:
        if isinstance(event, CandidateStarted):
            self._board.track(event.instance)
            self._watch(event.instance)
        run = self._run
        if run is None or run.attempt != event.attempt:
            self._end_if_stale(event)
            return
        if isinstance(event, CandidateStarted):
            self._run_instance = event.instance
            self._publish()
        elif isinstance(event, CandidateLive):
            self._on_live(run)
        elif isinstance(event, CandidateReady):
            self._on_ready(run, event)
        else:
            self._on_failed(run, event)

    def _end_if_stale(self, event: Event) -> None:
        """It was verified in the moment in which it was called off."""
        if isinstance(event, CandidateReady):
            threading.Thread(target=end_instance, args=(event.instance, ABORT_SECONDS), daemon=True).start()

    def _on_live(self, run: CandidateRun) -> None:
        self._phase = "verifying"
        self._publish()
        if run.purpose == "release":
            self._reporter.report(run.release.release_id, "verifying")

    def _on_ready(self, run: CandidateRun, event: CandidateReady) -> None:
        self._run = self._run_instance = None
        if not event.instance.is_running():
            self._on_failed(run, CandidateFailed(event.attempt, "LiteLLM ended right after its verification", event.duration_ms))
            return
        self._store.mark_good(run.release)
        previous = self._active
        version = self._activate(event.instance, event.duration_ms)
        if previous is not None:
            self._retirement.retire(previous, version)

    def _on_failed(self, run: CandidateRun, event: CandidateFailed) -> None:
        self._run = self._run_instance = None
        release_id = run.release.release_id
        log("error", "LiteLLM candidate failed", release_id=release_id, purpose=run.purpose, reason=event.reason)
        if run.purpose == "release":
            self._failed[release_id] = event.reason
            failure = {"release_id": release_id, "reason": event.reason}
            self._board.set_failures(self._failed, failure)
            self._reporter.report(release_id, "failed", detail=event.reason, duration_ms=event.duration_ms)
        self._publish()
        if self._active is None:
            self._restart_later(is_quick_crash=run.purpose != "release")

    def _activate(self, instance: Instance, duration_ms: int | None = None) -> int:
        self._active = instance
        self._last_slot = instance.slot
        self._active_since = time.monotonic()
        self._restart_at = None
        version = self._publish()
        log(
            "info",
            "LiteLLM serves",
            release_id=instance.release.release_id,
            slot=instance.slot,
            pid=instance.pid,
            database_mode=instance.database_mode,
            duration_ms=duration_ms,
        )
        self._report_active(instance, duration_ms)
        return version

    def _report_active(self, instance: Instance, duration_ms: int | None = None) -> None:
        self._reporter.report(
            instance.release.release_id,
            "active",
            deployment_ids=sorted(instance.release.deployment_ids),
            litellm_version=instance.litellm_version,
            engine=self._engine if instance.database_mode else "none",
            duration_ms=duration_ms,
        )

    # --- the end of processes -------------------------------------------------------------------------------------

    def _watch(self, instance: Instance) -> None:
        threading.Thread(target=self._wait_for_exit, args=(instance,), name=f"exit-{instance.pid}", daemon=True).start()

    def _wait_for_exit(self, instance: Instance) -> None:
        wait_until_gone(instance.pid, instance.token)
        self._events.put(ProcessExited(instance))

    def _on_exit(self, instance: Instance) -> None:
        self._board.untrack(instance)
        if self._active is None or self._active.pid != instance.pid:
            return
        log("error", "LiteLLM ended by itself", pid=instance.pid, release_id=instance.release.release_id)
        self._active = None
        self._publish()
        if self._run is None:
            served_seconds = time.monotonic() - self._active_since
            self._restart_later(is_quick_crash=served_seconds < self._settings.timings.quick_crash)

    def _restart_later(self, is_quick_crash: bool) -> None:
        """At once the first time; the pause grows only while it ends soon after each start."""
        timings = self._settings.timings
        self._crashes = self._crashes + 1 if is_quick_crash else 0
        delay = 0.0 if self._crashes <= 1 else min(timings.backoff_first * 2 ** (self._crashes - 2), timings.backoff_max)
        self._restart_at = time.monotonic() + delay

    def _restart_last_good(self) -> None:
        self._restart_at = None
        if self._active is not None or self._run is not None:
            return
        release = self._store.last_good()
        if release is None:
            log("info", "no release to run yet")
            return
        self._start(release, "restart")

    def _on_replace(self, event: ReplaceActive) -> None:
        active = self._active
        if active is None or active.pid != event.pid or self._run is not None:
            return
        log("info", "replacing LiteLLM", reason=event.reason, pid=active.pid)
        self._start(active.release, "replace")

    def _shut_down(self, reason: str) -> None:
        log("info", "stopping", reason=reason)
        run, active = self._run, self._active
        if run is not None:
            run.abort()
        instances = [*self._retirement.running(), *([active] if active is not None else [])]
        end_together(instances, self._settings.timings.shutdown_drain)
        if run is not None:
            run.join(ABORT_SECONDS + 7.0)
        for instance in instances:
            self._board.untrack(instance)
        self._active = self._run = None
        self._publish()

    def _publish(self) -> int:
        run = self._run
        candidate = None
        if run is not None:
            pid = self._run_instance.pid if self._run_instance else None
            candidate = Candidate(run.slot, run.release.release_id, run.release.number, self._phase, pid)
        return self._board.update(self._active, candidate)

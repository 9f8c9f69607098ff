"""What the runner shows the edges, the API and its own successor: one versioned document, also on disk."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .litellm_process import Instance
from .release_store import write_private

STATE_FILE = "state.json"


@dataclass(frozen=True)
class Candidate:
    slot: str
    release_id: str
    release_number: int
    phase: str
    pid: int | None = None


@dataclass
class Subscriber:
    seen_at: float
    acknowledged: int


@dataclass(frozen=True)
class SavedState:
    version: int = 0
    active: dict[str, Any] | None = None
    processes: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class StateBoard:
    def __init__(
        self, data_dir: Path, litellm_host: str, engine: str, saved_version: int, now: Callable[[], float] = time.time
    ) -> None:
        self._path = data_dir / STATE_FILE
        self._host = f"[{litellm_host}]" if ":" in litellm_host else litellm_host
        self._engine = engine
        self._now = now
        self._changed = threading.Condition()
        # Above everything that an earlier runner ever showed.
        self._version = max(saved_version + 1, int(now() * 1000))
        self._active: Instance | None = None
        self._candidate: Candidate | None = None
        self._status = "down"
        self._last_failure: dict[str, str] | None = None
        self._failed: dict[str, str] = {}
        self._processes: dict[int, Instance] = {}
        self._subscribers: dict[str, Subscriber] = {}

    @property
    def version(self) -> int:
        return self._version

    def update(self, active: Instance | None, candidate: Candidate | None) -> int:
        with self._changed:
            if active is not self._active or candidate != self._candidate:
                self._version += 1
            self._active, self._candidate = active, candidate
            self._status = "running" if active else "starting" if candidate else "down"
            self._save()
            self._changed.notify_all()
            return self._version

    def set_failures(self, failed: dict[str, str], last_failure: dict[str, str] | None) -> None:
        with self._changed:
            self._failed, self._last_failure = dict(failed), last_failure
            self._version += 1
            self._save()
            self._changed.notify_all()

    def track(self, instance: Instance) -> None:
        with self._changed:
            self._processes[instance.pid] = instance
            self._save()

    def untrack(self, instance: Instance) -> None:
        with self._changed:
            self._processes.pop(instance.pid, None)
            self._save()

    def document(self) -> dict[str, Any]:
        with self._changed:
            return self._document()

    def wait_for_change(self, after: int | None, wait_seconds: float, subscriber: str) -> dict[str, Any]:
        deadline = time.monotonic() + wait_seconds
        with self._changed:
            self._see(subscriber, after)
            while after == self._version:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    break
                self._changed.wait(remaining)
            self._see(subscriber, after)
            return self._document()

    def wait_for_acknowledgements(self, version: int, window_seconds: float, timeout_seconds: float) -> list[str]:
        """Returns who did not acknowledge in time."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            while True:
                late = self._late_subscribers(version, window_seconds)
                remaining = deadline - time.monotonic()
                if not late or remaining <= 0:
                    return late
                self._changed.wait(min(remaining, 0.5))

    def _late_subscribers(self, version: int, window_seconds: float) -> list[str]:
        oldest = time.monotonic() - window_seconds
        return [name for name, entry in self._subscribers.items() if entry.seen_at >= oldest and entry.acknowledged < version]

    def _see(self, subscriber: str, after: int | None) -> None:
        if not subscriber:
            return
        known = self._subscribers.get(subscriber)
        acknowledged = max(after or 0, known.acknowledged if known else 0)
        self._subscribers[subscriber] = Subscriber(time.monotonic(), acknowledged)
        if known is None or known.acknowledged != acknowledged:
            self._changed.notify_all()

    def _document(self) -> dict[str, Any]:
        return {
            "version": self._version,
            "active": self._describe_active(),
            "candidate": describe_candidate(self._candidate),
            "litellm_status": self._status,
            "engine": self._engine,
            "runner_pid": os.getpid(),
            "last_failure": self._last_failure,
        }

    def _describe_active(self) -> dict[str, Any] | None:
        active = self._active
        if active is None:
            return None
        return {
            "slot": active.slot,
            "base_url": f"http://{self._host}:{active.port}",
            "release_id": active.release.release_id,
            "release_number": active.release.number,
            "pid": active.pid,
            "database_mode": active.database_mode,
            "litellm_version": active.litellm_version,
            "started_at": active.started_at,
        }

    def _save(self) -> None:
        saved = {
            "version": self._version,
            "active": describe_process(self._active) if self._active else None,
            "processes": [describe_process(instance) for instance in self._processes.values()],
            "failed": self._failed,
        }
        try:
            write_private(self._path, json.dumps(saved))
        except OSError:
            # A full disk must not end the runner; its successor would start LiteLLM anew.
            return


def describe_candidate(candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    return {
        "slot": candidate.slot,
        "release_id": candidate.release_id,
        "release_number": candidate.release_number,
        "phase": candidate.phase,
        "pid": candidate.pid,
    }


def describe_process(instance: Instance) -> dict[str, Any]:
    return {
        "slot": instance.slot,
        "port": instance.port,
        "release_id": instance.release.release_id,
        "database_mode": instance.database_mode,
        "pid": instance.pid,
        "token": instance.token,
        "started_at": instance.started_at,
        "fingerprint": instance.fingerprint,
    }


def read_saved_state(data_dir: Path) -> SavedState:
    try:
        saved = json.loads((data_dir / STATE_FILE).read_text(encoding="utf-8"))
        return SavedState(int(saved["version"]), saved["active"], list(saved["processes"]), dict(saved["failed"]))
    except (OSError, ValueError, KeyError, TypeError):
        return SavedState()

"""Looks after the active LiteLLM: does it answer, and does it have its database?

A database that was dropped is made again; LiteLLM then reconnects by itself, or is replaced if it does not. A LiteLLM
that was started without its database is replaced as soon as the database is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .database_migration import Migrate
from .events import EventQueue, ReplaceActive
from .litellm_process import Instance
from .log import log
from .settings import Settings
from .verification import database_state, is_live

CONNECTED = "connected"


class HealthWatch:
    def __init__(
        self,
        settings: Settings,
        events: EventQueue,
        active: Callable[[], Instance | None],
        migrate: Migrate,
        can_use_database: bool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._events = events
        self._active = active
        self._migrate = migrate
        self._can_use_database = can_use_database
        self._now = now
        self._nudge = threading.Event()
        self._stopped = threading.Event()
        self._pid: int | None = None
        self._silent = 0
        self._lost_since: float | None = None
        self._next_schema_check = 0.0
        self._next_replace = 0.0
        self._last_detail = ""

    def start(self) -> None:
        threading.Thread(target=self._run, name="health", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._nudge.set()

    def nudge(self) -> None:
        """Look now: somebody has seen that something is wrong."""
        self._next_schema_check = 0.0
        self._nudge.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._nudge.wait(self._timings.health_check)
            self._nudge.clear()
            instance = self._active()
            if instance is not None and not self._stopped.is_set():
                self.check(instance)

    def check(self, instance: Instance) -> None:
        self._start_over_for(instance)
        base_url = f"http://{self._settings.litellm_host}:{instance.port}"
        if not self._check_liveliness(instance, base_url) or not self._can_use_database:
            return
        if instance.database_mode:
            self._check_database(instance, base_url)
        else:
            self._look_for_database(instance)

    def _start_over_for(self, instance: Instance) -> None:
        if instance.pid == self._pid:
            return
        self._pid = instance.pid
        self._silent = 0
        self._lost_since = None
        pause = self._timings.schema_check if instance.database_mode else self._timings.database_retry
        self._next_schema_check = self._now() + pause

    def _check_liveliness(self, instance: Instance, base_url: str) -> bool:
        if is_live(base_url, self._timings.health_timeout):
            self._silent = 0
            return True
        self._silent += 1
        if self._silent >= self._timings.hung_checks:
            self._replace(instance, f"it did not answer {self._silent} times in a row")
        return False

    def _check_database(self, instance: Instance, base_url: str) -> None:
        connected = database_state(base_url, self._timings.health_timeout) == CONNECTED
        now = self._now()
        if connected:
            self._lost_since = None
        elif self._lost_since is None:
            self._lost_since = now
        if connected and now < self._next_schema_check:
            return
        self._next_schema_check = now + self._timings.schema_check
        if not self._repair() or connected or self._lost_since is None:
            return
        if now - self._lost_since >= self._timings.reconnect_patience:
            self._replace(instance, "it does not find back to its database")

    def _look_for_database(self, instance: Instance) -> None:
        now = self._now()
        if now < self._next_schema_check:
            return
        self._next_schema_check = now + self._timings.database_retry
        if self._repair():
            self._replace(instance, "its database is there again")

    def _repair(self) -> bool:
        result = self._migrate()
        if result.detail != self._last_detail:
            self._last_detail = result.detail
            log("info" if result.ready else "warn", "LiteLLM's database was checked", detail=result.detail)
        return result.ready

    def _replace(self, instance: Instance, reason: str) -> None:
        now = self._now()
        if now < self._next_replace:
            return
        self._next_replace = now + self._timings.replace_pause
        self._events.put(ReplaceActive(instance.pid, reason))

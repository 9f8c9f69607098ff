"""The runner put together: the parts, their threads, and their order of starting and stopping."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import SimpleQueue

from .adoption import adopt_or_end
from .api_client import ReleasePoller, Reporter
from .candidate_run import CandidateRun, Purpose
from .database_migration import Migrate
from .events import EventQueue, ReplaceActive, Stop
from .health_watch import HealthWatch
from .http_api import create_server
from .litellm_process import Launcher
from .price_map import PriceMap
from .prisma_engine import EngineChoice
from .release_store import Release, ReleaseStore
from .settings import Settings
from .state_board import StateBoard, read_saved_state
from .supervisor import Supervisor
from .verification import is_live


class Runner:
    """`command` starts LiteLLM and `migrate` prepares its database; tests put stand-ins there."""

    def __init__(
        self,
        settings: Settings,
        engine: EngineChoice,
        litellm_version: str,
        migrate: Migrate,
        command: Sequence[str] | None = None,
    ) -> None:
        self._settings = settings
        self._version = litellm_version
        self._migrate = migrate
        self._saved = read_saved_state(settings.data_dir)
        self._events: EventQueue = SimpleQueue()
        self._store = ReleaseStore(settings.data_dir)
        self._launcher = Launcher(settings, engine, command)
        self._reporter = Reporter(settings)
        self._poller = ReleasePoller(settings, self._events)
        board = StateBoard(settings.data_dir, settings.litellm_host, engine.kind, self._saved.version)
        self._supervisor = Supervisor(
            settings, self._store, board, self._reporter, self._events, self._make_run, engine.kind, self._saved.failed
        )
        can_use_database = self._launcher.can_use_database()
        self._health = HealthWatch(settings, self._events, lambda: self._supervisor.active, migrate, can_use_database)
        # Binds the port, or raises OSError, before anything else happens.
        self._server = create_server(
            settings.host,
            settings.port,
            settings.internal_token,
            board,
            self._is_answering,
            self._on_wake,
            PriceMap(litellm_version),
        )

    def run(self) -> None:
        """Returns after stop(), when everything that it started has ended."""
        # First: an edge that asks meanwhile waits for its answer and goes on using the LiteLLM that it knows. "Nothing is
        # active" would make it refuse requests that this LiteLLM, whom nobody told, could answer.
        self._adopt()
        threading.Thread(target=self._server.serve_forever, name="http", daemon=True).start()
        self._reporter.start()
        self._poller.start()
        self._health.start()
        self._supervisor.run()
        for part in (self._poller, self._health, self._reporter):
            part.stop()
        self._server.shutdown()
        self._server.server_close()

    def stop(self, reason: str) -> None:
        self._events.put(Stop(reason))

    def _adopt(self) -> None:
        instance = adopt_or_end(self._settings, self._store, self._saved)
        if instance is None:
            return
        self._supervisor.adopt(instance)
        same_settings = instance.fingerprint == self._launcher.fingerprint(instance.database_mode)
        if instance.litellm_version != self._version or not same_settings:
            self._events.put(ReplaceActive(instance.pid, "it was started with other settings"))

    def _make_run(self, attempt: int, slot: str, release: Release, purpose: Purpose) -> CandidateRun:
        return CandidateRun(
            attempt, slot, release, purpose, self._settings, self._launcher, self._store, self._migrate, self._version, self._events
        )

    def _on_wake(self) -> None:
        self._poller.wake()
        self._health.nudge()

    def _is_answering(self) -> bool:
        active = self._supervisor.active
        return active is not None and is_live(f"http://{self._settings.litellm_host}:{active.port}")

"""A whole runner with stand-ins for LiteLLM, the API and the database, on free ports, with short times."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.database_migration import MigrationResult
from runner.http_json import RequestFailed, request_json
from runner.log import configure_log
from runner.prisma_engine import EngineChoice
from runner.runner import Runner
from runner.settings import Settings, Timings
from runner.testing.fake_api import TOKEN, FakeApi

FAKE_LITELLM = Path(__file__).resolve().parent / "fake_litellm.py"
VERSION = "1.103.1"
DEADLINE_SECONDS = 20.0
FAST = Timings(
    start_timeout=8.0,
    poll_live=0.02,
    acknowledgement_wait=1.0,
    drain=10.0,
    shutdown_drain=5.0,
    backoff_first=0.1,
    backoff_max=0.5,
    api_first_answer=0.5,
    api_wait=2.0,
    api_retry=0.05,
    report_retry=0.05,
    health_check=0.1,
    health_timeout=2.0,
    schema_check=0.1,
    database_retry=0.1,
    reconnect_patience=0.3,
    replace_pause=0.5,
    port_wait=5.0,
)


class Rig:
    def __init__(self, with_database: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="signalbox-runner-"))
        self.api = FakeApi()
        self.database = MigrationResult(True, False, "up to date")
        self.migrations = 0
        ports = free_ports(3)
        self.base_url = f"http://127.0.0.1:{ports[0]}"
        self.settings = Settings(
            host="127.0.0.1",
            port=ports[0],
            litellm_host="127.0.0.1",
            slot_ports={"blue": ports[1], "green": ports[2]},
            data_dir=self.folder / "data",
            internal_token=TOKEN,
            master_key="sk-master-key-of-the-test",
            api_url=self.api.url,
            database_url="postgresql://litellm:pw@127.0.0.1:9/litellm" if with_database else None,
            exit_with_parent=False,
            environment={
                "SIGNALBOX_INTERNAL_TOKEN": TOKEN,
                "SIGNALBOX_ENCRYPTION_KEYS": "k1:canary",
                "OPENAI_API_KEY": "sk-canary-provider",
                "SIGNALBOX_CONTEXT_SIGNING_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            },
            timings=FAST,
        )
        self._runner: Runner | None = None
        self._thread: threading.Thread | None = None
        configure_log("silent", str)

    def start(self) -> None:
        engine = EngineChoice("wasm", "/nonexistent", "test") if self.settings.database_url else EngineChoice("none", None, "test")
        self._runner = Runner(self.settings, engine, VERSION, self._migrate, [sys.executable, str(FAKE_LITELLM)])
        self._thread = threading.Thread(target=self._runner.run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._runner is not None and self._thread is not None:
            self._runner.stop("test")
            self._thread.join(DEADLINE_SECONDS)
        self._runner = self._thread = None

    def close(self) -> None:
        self.stop()
        self.api.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def state(self, after: int | None = None, wait_ms: int = 0, subscriber: str = "") -> dict[str, Any]:
        query = f"?wait_ms={wait_ms}&subscriber={subscriber}" + (f"&after={after}" if after is not None else "")
        document: dict[str, Any] = request_json("GET", f"{self.base_url}/state{query}", TOKEN, 30.0).body
        return document

    def wait_for_state(self, matches: Callable[[dict[str, Any]], Any], what: str) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_SECONDS
        state = self.state()
        while not matches(state):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise AssertionError(f"not reached: {what}; state: {json.dumps(state)}")
            state = self.state(after=state["version"], wait_ms=int(min(remaining, 1.0) * 1000))
        return state

    def wait_for_active(self, release_id: str, other_than_pid: int | None = None) -> dict[str, Any]:
        def matches(state: dict[str, Any]) -> bool:
            active = state["active"]
            return active is not None and active["release_id"] == release_id and active["pid"] != other_than_pid

        active: dict[str, Any] = self.wait_for_state(matches, f"{release_id} is active")["active"]
        return active

    def logs(self) -> str:
        return "".join(path.read_text(encoding="utf-8") for path in (self.settings.data_dir / "logs").glob("*.log"))

    def _migrate(self) -> MigrationResult:
        self.migrations += 1
        return self.database


def wait_until(matches: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not matches():
        if time.monotonic() >= deadline:
            raise AssertionError(f"not reached: {what}")
        time.sleep(0.02)


def answers(base_url: str) -> bool:
    try:
        return request_json("GET", f"{base_url}/health/liveliness", None, 2.0).status == 200
    except RequestFailed:
        return False


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for entry in sockets:
        entry.bind(("127.0.0.1", 0))
    ports = [entry.getsockname()[1] for entry in sockets]
    for entry in sockets:
        entry.close()
    return ports

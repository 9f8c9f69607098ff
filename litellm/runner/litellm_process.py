"""Starts and ends LiteLLM processes."""

from __future__ import annotations

import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from .child_environment import build_child_environment, secret_values
from .prisma_engine import EngineChoice
from .processes import is_same_process, kill_group, send, start_token, wait_until_gone
from .release_store import Release, make_private
from .settings import Settings

LOG_WRITER = Path(__file__).resolve().parent / "log_writer.py"
KEPT_LOGS = 12
PORT_POLL_SECONDS = 0.1
# Longer than the edge keeps an idle connection, so that the edge and never LiteLLM closes one.
KEEPALIVE_SECONDS = 75


@dataclass
class Instance:
    slot: str
    port: int
    release: Release
    database_mode: bool
    pid: int
    token: str | None
    started_at: str
    log_path: Path | None
    fingerprint: str
    """Of the environment it was started with: a successor sees whether its own settings are others."""
    litellm_version: str = ""

    def is_running(self) -> bool:
        return is_same_process(self.pid, self.token)


class Launcher:
    """`command` starts LiteLLM; tests put a stand-in there."""

    def __init__(self, settings: Settings, engine: EngineChoice, command: Sequence[str] | None = None) -> None:
        self._settings = settings
        self._engine = engine
        self._command = list(command or [sys.executable, "-m", "signalbox_litellm.launch"])
        self._logs = settings.data_dir / "logs"
        self._home = settings.data_dir / "litellm-home"
        make_private(self._logs)
        make_private(self._home)

    @property
    def engine(self) -> EngineChoice:
        return self._engine

    def can_use_database(self) -> bool:
        return self._settings.database_url is not None and self._engine.path is not None

    def start(self, slot: str, release: Release, config: Path, database_mode: bool) -> Instance:
        settings = self._settings
        port = settings.slot_ports[slot]
        env = self._child_environment(database_mode)
        arguments = ["--config", str(config), "--host", settings.litellm_host, "--port", str(port), "--num_workers", "1"]
        arguments += ["--keepalive_timeout", str(KEEPALIVE_SECONDS), "--telemetry", "False"]
        log_path = self._new_log(slot, release)
        process = subprocess.Popen(
            [*self._command, *arguments],
            env=env,
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C in a terminal goes to the whole group; LiteLLM must get its SIGTERM from the runner only.
            start_new_session=True,
        )
        self._attach_log(process, log_path)
        # Reaps the child, so that it does not count as running any more.
        threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()
        started_at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        token = start_token(process.pid)
        fingerprint = self.fingerprint(database_mode)
        return Instance(slot, port, release, database_mode, process.pid, token, started_at, log_path, fingerprint)

    def fingerprint(self, database_mode: bool) -> str:
        """Keyed, so that the hash on disk tells nothing about a weak secret."""
        text = json.dumps([sys.prefix, self._child_environment(database_mode)], sort_keys=True)
        return hmac.new(self._settings.internal_token.encode(), text.encode(), "sha256").hexdigest()

    def _child_environment(self, database_mode: bool) -> dict[str, str]:
        database_url = self._settings.database_url if database_mode else None
        return build_child_environment(self._settings.environment, self._home, self._engine, database_url)

    def _attach_log(self, process: subprocess.Popen[bytes], path: Path) -> None:
        assert process.stdout is not None
        env = {"PATH": os.defpath, "SIGNALBOX_REDACT": json.dumps(secret_values(self._settings.environment))}
        writer = subprocess.Popen(
            [sys.executable, "-S", "-E", str(LOG_WRITER), str(path)],
            env=env,
            stdin=process.stdout,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        process.stdout.close()
        threading.Thread(target=writer.wait, name=f"log-{process.pid}", daemon=True).start()

    def _new_log(self, slot: str, release: Release) -> Path:
        files = sorted(self._logs.glob("litellm-*.log"), key=lambda path: path.stat().st_mtime)
        for old in files[: max(0, len(files) - KEPT_LOGS + 1)]:
            for path in self._logs.glob(f"{old.name}*"):
                path.unlink(missing_ok=True)
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
        return self._logs / f"litellm-{stamp}-{slot}-{release.release_id}.log"


def wait_for_port(host: str, port: int, timeout_seconds: float, aborted: Callable[[], bool]) -> bool:
    """A draining LiteLLM has closed its listener, so its port is free again although it still answers old requests."""
    deadline = time.monotonic() + timeout_seconds
    while not aborted():
        if can_bind(host, port):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(PORT_POLL_SECONDS)
    return False


def can_bind(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Linux lets a second socket bind with SO_REUSEADDR, but not listen.
            probe.listen(1)
        except OSError:
            return False
    return True


def end_instance(instance: Instance, drain_seconds: float) -> bool:
    """SIGTERM drains. Returns False if it had to be killed."""
    send(instance.pid, instance.token, signal.SIGTERM)
    if wait_until_gone(instance.pid, instance.token, drain_seconds):
        return True
    kill_group(instance.pid, instance.token)
    wait_until_gone(instance.pid, instance.token, 5.0)
    return False

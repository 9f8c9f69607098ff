"""Processes by id, also ones that this runner did not start itself."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

POLL_SECONDS = 0.2


def start_token(pid: int) -> str | None:
    """Tells a process from a later one with the same id; None if there is none (a zombie counts as gone)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None if os.path.isdir("/proc/self") else start_token_by_ps(pid)
    fields = stat.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    return None if state == "Z" else started


def start_token_by_ps(pid: int) -> str | None:
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return done.stdout.strip() or None


def is_same_process(pid: int, token: str | None) -> bool:
    return token is not None and start_token(pid) == token


def wait_until_gone(pid: int, token: str | None, timeout_seconds: float | None = None) -> bool:
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    while is_same_process(pid, token):
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def send(pid: int, token: str | None, number: signal.Signals) -> None:
    if not is_same_process(pid, token):
        return
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def kill_group(pid: int, token: str | None) -> None:
    """LiteLLM leads its own group, in which its query engine lives too."""
    if not is_same_process(pid, token):
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        send(pid, token, signal.SIGKILL)

"""Processes by id, also ones that this runner did not start itself."""

from __future__ import annotations

import os
import select
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
    descriptor = open_pidfd(pid)
    try:
        while is_same_process(pid, token):
            remaining = POLL_SECONDS if deadline is None else min(POLL_SECONDS, deadline - time.monotonic())
            if remaining <= 0:
                return False
            wait_for_end(descriptor, remaining)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    return True


def open_pidfd(pid: int) -> int | None:
    """Linux tells the end of any process through such a descriptor in the moment in which it happens."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        # Gone already, or a kernel or sandbox without it: looking now and then must do.
        return None


def wait_for_end(descriptor: int | None, seconds: float) -> None:
    if descriptor is None:
        time.sleep(seconds)
        return
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    poller.poll(seconds * 1000)


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

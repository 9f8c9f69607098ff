"""The runner's own log: one JSON object a line on standard output."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timezone

LEVELS = ("debug", "info", "warn", "error", "silent")

_lock = threading.Lock()
_redact: Callable[[str], str] = str
_threshold = LEVELS.index("info")


def configure_log(level: str, redact: Callable[[str], str]) -> None:
    global _redact, _threshold
    _redact = redact
    # The TypeScript processes know more levels ("trace", "fatal"); an unknown one means the default.
    _threshold = LEVELS.index(level) if level in LEVELS else LEVELS.index("info")


def log(level: str, message: str, **fields: object) -> None:
    if LEVELS.index(level) < _threshold:
        return
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"time": now, "level": level, "process": "runner", "message": message, **fields}, default=str)
    with _lock:
        try:
            sys.stdout.write(_redact(line) + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            # Whoever read the log is gone; the runner goes on.
            return

"""The runner's own log: one JSON object a line on standard output."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timezone

_lock = threading.Lock()
_redact: Callable[[str], str] = str


def use_redactor(redact: Callable[[str], str]) -> None:
    global _redact
    _redact = redact


def log(level: str, message: str, **fields: object) -> None:
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"time": now, "level": level, "process": "runner", "message": message, **fields}, default=str)
    with _lock:
        try:
            sys.stdout.write(_redact(line) + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            # Whoever read the log is gone; the runner goes on.
            return

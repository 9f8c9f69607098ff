"""The lines at the end of LiteLLM's output that tell an operator why it did not come up."""

from __future__ import annotations

import re
from pathlib import Path

TAIL_BYTES = 64 * 1024
TAIL_LINES = 6
MAX_CHARS = 1500
# Frames of tracebacks are indented; the exception itself is not. Warnings are there at every start.
NOISE = re.compile(
    r"^\s|Traceback \(most recent|^\x1b\[32m|needed for UI|create_views|^During handling of|^The above exception|\bWARNING\b|^INFO\b|LiteLLM: Proxy initialized|^Requester IP"
)
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def read_log_tail(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return pick_lines(text)


def pick_lines(text: str) -> str:
    kept = (COLOUR.sub("", line).strip() for line in text.splitlines() if not NOISE.search(line))
    lines = [line for line in kept if any(char.isalnum() for char in line)]
    # Chained exceptions repeat each other.
    unique = list(dict.fromkeys(lines))
    return " | ".join(unique[-TAIL_LINES:])[-MAX_CHARS:]

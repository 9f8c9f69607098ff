"""Reads LiteLLM's output from standard input and writes it, redacted, to a file that is rotated by size.

A process of its own, so that LiteLLM outlives a killed runner: a pipe that nobody reads would end it.
Usage: python log_writer.py FILE      (the secrets to take out come as a JSON list in SIGNALBOX_REDACT)
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from redaction import Redactor  # noqa: E402

MAX_FILE_BYTES = 20 * 1024 * 1024
KEPT_FILES = 3
MAX_LINE_BYTES = 16 * 1024


class RotatingFile:
    def __init__(self, path: Path, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._open()

    def write(self, data: bytes) -> None:
        if self._size + len(data) > self._max_bytes:
            self._rotate()
        self._file.write(data)
        self._size += len(data)

    def _open(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "ab", buffering=0)
        self._size = os.fstat(descriptor).st_size

    def _rotate(self) -> None:
        self._file.close()
        for number in range(KEPT_FILES - 1, 0, -1):
            source = self._numbered(number - 1)
            if source.exists():
                source.replace(self._numbered(number))
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path if number == 0 else self._path.with_name(f"{self._path.name}.{number}")


def main() -> None:
    # Ctrl-C and the end of the runner are LiteLLM's business; this one ends when its input does.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    redact = Redactor(json.loads(os.environ.get("SIGNALBOX_REDACT", "[]")))
    file = RotatingFile(Path(sys.argv[1]))
    continued = False
    for raw in iter(lambda: sys.stdin.buffer.readline(MAX_LINE_BYTES), b""):
        # The rest of an over-long line is dropped: a secret could be cut in two at the border.
        if not continued:
            write_line(file, redact(raw.decode("utf-8", "replace")))
        continued = not raw.endswith(b"\n")


def write_line(file: RotatingFile, text: str) -> None:
    try:
        file.write((text if text.endswith("\n") else f"{text}\n").encode())
    except OSError:
        # A full disk must not stop LiteLLM; its output is read on and lost.
        return


if __name__ == "__main__":
    main()

"""LiteLLM's price map: the file that comes with the installed package, as the control plane reads it."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

FILE = "litellm/model_prices_and_context_window_backup.json"


class PriceMapError(Exception):
    """One sentence that says what is wrong with the file."""


def installed_file() -> Path:
    """Found through the package's metadata: importing litellm would already run it."""
    return Path(str(metadata.distribution("litellm").locate_file(FILE)))


def pack(content: bytes, version: str) -> bytes:
    """Gzipped JSON. Fractions become texts, as the file spells them: a price must not pass through a float."""
    try:
        entries = json.loads(content, parse_float=str)
    except ValueError as error:
        raise PriceMapError(f"LiteLLM {version}: {FILE} is no valid JSON") from error
    if not isinstance(entries, dict):
        raise PriceMapError(f"LiteLLM {version}: {FILE} is no JSON object")
    document = {"version": version, "sha256": hashlib.sha256(content).hexdigest(), "entries": entries}
    return gzip.compress(json.dumps(document, separators=(",", ":")).encode(), compresslevel=6, mtime=0)


class PriceMap:
    """Read and packed once, when somebody first asks: the package does not change while this process runs."""

    def __init__(self, version: str, locate: Callable[[], Path] = installed_file) -> None:
        self._version = version
        self._locate = locate
        self._lock = threading.Lock()
        self._packed: bytes | None = None

    def packed(self) -> bytes:
        with self._lock:
            if self._packed is None:
                self._packed = pack(self._read(), self._version)
            return self._packed

    def _read(self) -> bytes:
        try:
            return self._locate().read_bytes()
        except (OSError, metadata.PackageNotFoundError) as error:
            raise PriceMapError(f"LiteLLM {self._version}: {FILE} cannot be read") from error

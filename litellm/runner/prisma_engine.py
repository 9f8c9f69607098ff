"""Decides which engine answers LiteLLM's database client: Prisma's native one, or the WASM stand-in in ../engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ENGINE_RECORD_NAME = "signalbox-prisma.json"
WASM_ENGINE = Path(__file__).resolve().parent.parent / "engine" / "query-engine"
# Where Prisma's own CLI downloads its engines from; PRISMA_ENGINES_MIRROR is Prisma's name for another place.
DEFAULT_DOWNLOAD_URL = "https://binaries.prisma.sh"
PROBE_TIMEOUT_SECONDS = 3.0
VERSION_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class EngineChoice:
    kind: str
    """"native", "wasm" or "none" (LiteLLM can then only run without a database)."""
    path: str | None
    reason: str


def choose_engine(env: Mapping[str, str], prefix: Path) -> EngineChoice:
    wanted = env.get("SIGNALBOX_PRISMA_ENGINE", "auto")
    if wanted not in ("auto", "native", "wasm"):
        return EngineChoice("none", None, f'SIGNALBOX_PRISMA_ENGINE is "{wanted}"; use auto, native or wasm')
    if wanted == "wasm":
        return wasm_engine(env, "SIGNALBOX_PRISMA_ENGINE=wasm")
    native = find_native(env, prefix)
    if native is not None:
        return native
    if wanted == "native":
        return EngineChoice("none", None, "SIGNALBOX_PRISMA_ENGINE=native, but no native engine is installed")
    return wasm_engine(env, recorded_reason(prefix))


def find_native(env: Mapping[str, str], prefix: Path) -> EngineChoice | None:
    """The image names its engine by environment variable; an environment built here names it in its record."""
    named = env.get("PRISMA_QUERY_ENGINE_BINARY", "")
    if named and Path(named).resolve() != WASM_ENGINE and is_runnable(named):
        return EngineChoice("native", named, "PRISMA_QUERY_ENGINE_BINARY")
    record = read_record(prefix)
    recorded = record.get("path", "")
    if recorded and is_runnable(recorded):
        return EngineChoice("native", recorded, record.get("reason", "found by the set-up"))
    for folder in cache_folders(env):
        for candidate in sorted(folder.glob("**/*query-engine-*")):
            if is_runnable(str(candidate)):
                return EngineChoice("native", str(candidate), "found in Prisma's cache folder")
    return None


def cache_folders(env: Mapping[str, str]) -> list[Path]:
    """The upstream image bakes its engines into the folder of this variable."""
    named = env.get("PRISMA_BINARY_CACHE_DIR", "")
    return [Path(named)] if named else []


def wasm_engine(env: Mapping[str, str], reason: str) -> EngineChoice:
    if not WASM_ENGINE.is_file():
        return EngineChoice("none", None, f"{WASM_ENGINE.name} is missing from the checkout")
    if shutil.which("node", path=env.get("PATH", os.defpath)) is None:
        return EngineChoice("none", None, "the WASM engine needs Node.js, which is not on PATH")
    return EngineChoice("wasm", str(WASM_ENGINE), reason)


def recorded_reason(prefix: Path) -> str:
    return read_record(prefix).get("reason", "no native engine is installed")


def read_record(prefix: Path) -> dict[str, str]:
    try:
        record = json.loads((prefix / ENGINE_RECORD_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def is_runnable(path: str) -> bool:
    if not os.access(path, os.X_OK) or not os.path.isfile(path):
        return False
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=VERSION_TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.startswith(b"query-engine")


def download_host_answers(env: Mapping[str, str] = os.environ) -> tuple[bool, str]:
    """Any answer counts. In a thread, since a name lookup knows no time limit: a closed network must cost seconds."""
    url = env.get("PRISMA_ENGINES_MIRROR") or DEFAULT_DOWNLOAD_URL
    host = urlsplit(url).hostname or url
    outcome: list[str] = []
    probe = threading.Thread(target=lambda: outcome.append(probe_url(url)), daemon=True)
    probe.start()
    probe.join(PROBE_TIMEOUT_SECONDS + 1.0)
    failure = outcome[0] if outcome else "no answer in time"
    return (False, f"Prisma's download host {host} cannot be reached: {failure}") if failure else (True, f"{host} answers")


def probe_url(url: str) -> str:
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PROBE_TIMEOUT_SECONDS).close()
    except urllib.error.HTTPError:
        return ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return ""

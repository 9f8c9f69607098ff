"""Runs ../engine/migrate.mjs: LiteLLM's database exists, has the installed version's tables, and its server answers."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

MIGRATE = Path(__file__).resolve().parent.parent / "engine" / "migrate.mjs"
TIMEOUT_SECONDS = 180.0
CONNECT_TIMEOUT_SECONDS = 3.0
UNREACHABLE = 3


@dataclass(frozen=True)
class MigrationResult:
    """ready: LiteLLM can use the database. unreachable: nothing answers, so wait. Else a person must look at `detail`."""

    ready: bool
    unreachable: bool
    detail: str


Migrate = Callable[[], MigrationResult]


def migrate_database(database_url: str, env: Mapping[str, str] = os.environ) -> MigrationResult:
    if not server_listens(database_url):
        return MigrationResult(False, True, "no PostgreSQL server listens")
    packages = find_packages()
    if packages is None:
        return MigrationResult(False, False, "litellm_proxy_extras is not installed in this Python environment")
    child_env = {"PATH": env.get("PATH", os.defpath), "LITELLM_DATABASE_URL": database_url}
    try:
        done = subprocess.run(
            ["node", str(MIGRATE), "--packages", str(packages)],
            env=child_env,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
    except FileNotFoundError:
        return MigrationResult(False, False, "Node.js is not on PATH")
    except subprocess.TimeoutExpired:
        return MigrationResult(False, True, f"the migration did not end within {TIMEOUT_SECONDS:.0f} s")
    detail = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return MigrationResult(done.returncode == 0, done.returncode == UNREACHABLE, detail[-1] if detail else "")


def server_listens(database_url: str) -> bool:
    """Spares a Node process for every look at a server that is down."""
    parts = urlsplit(database_url)
    if not parts.hostname:
        return True
    try:
        socket.create_connection((parts.hostname, parts.port or 5432), timeout=CONNECT_TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True


def find_packages() -> Path | None:
    found = importlib.util.find_spec("litellm_proxy_extras")
    locations = found.submodule_search_locations if found else None
    return Path(next(iter(locations))).parent if locations else None

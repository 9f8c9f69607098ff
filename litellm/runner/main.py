"""python litellm/runner/main.py [run | migrate | check]

run      keeps LiteLLM running with the released configuration (default)
migrate  makes LiteLLM's database and its tables, and ends
check    says whether the installed LiteLLM may run, and with which database engine
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
from pathlib import Path
from typing import IO

# This folder's parent, and not this folder: its modules are imported as `runner.*`.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from runner.child_environment import secret_values  # noqa: E402
from runner.database_migration import MigrationResult, migrate_database  # noqa: E402
from runner.log import configure_log, log  # noqa: E402
from runner.prisma_engine import choose_engine  # noqa: E402
from runner.redaction import Redactor  # noqa: E402
from runner.release_store import make_private  # noqa: E402
from runner.runner import Runner  # noqa: E402
from runner.settings import SettingsError, read_settings  # noqa: E402
from runner.version_guard import OVERRIDE, RefusedVersion, check_version, installed_version, load_versions  # noqa: E402


def main() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else "run"
    commands = {"run": run, "migrate": migrate, "check": check}
    if command not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    configure_log(os.environ.get("LOG_LEVEL", "info"), Redactor(secret_values(os.environ)))
    try:
        return commands[command]()
    except (SettingsError, RefusedVersion) as error:
        print(f"runner: {error}", file=sys.stderr)
        return 1


def check() -> int:
    version = guarded_version()
    engine = choose_engine(os.environ, Path(sys.prefix))
    print(f"LiteLLM {version}; database engine: {engine.kind} ({engine.reason})")
    return 0


def migrate() -> int:
    database_url = os.environ.get("LITELLM_DATABASE_URL")
    if not database_url:
        raise SettingsError("LITELLM_DATABASE_URL is not set")
    result = migrate_database(database_url)
    print(result.detail, file=sys.stdout if result.ready else sys.stderr)
    return 0 if result.ready else 1


def run() -> int:
    settings = read_settings(os.environ)
    version = guarded_version()
    make_private(settings.data_dir)
    lock = lock_data_dir(settings.data_dir)
    if lock is None:
        raise SettingsError(f"another runner uses {settings.data_dir}; stop it, or set SIGNALBOX_RUNNER_DATA_DIR")
    engine = choose_engine(settings.environment, Path(sys.prefix))
    log("info", "runner starts", litellm_version=version, engine=engine.kind, engine_reason=engine.reason)

    def migrate_own() -> MigrationResult:
        return migrate_database(settings.database_url or "", settings.environment)

    try:
        runner = Runner(settings, engine, version, migrate_own)
    except OSError as error:
        raise SettingsError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    stop_on_signals(runner)
    if settings.exit_with_parent:
        threading.Thread(target=stop_at_end_of_input, args=(runner,), name="parent", daemon=True).start()
    runner.run()
    return 0


def guarded_version() -> str:
    version = installed_version()
    check_version(version, os.environ.get(OVERRIDE, ""), load_versions())
    return version


def lock_data_dir(data_dir: Path) -> IO[str] | None:
    """Held until the process ends, however it ends."""
    lock = (data_dir / "runner.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    return lock


def stop_on_signals(runner: Runner) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: runner.stop(signal.Signals(received).name))


def stop_at_end_of_input(runner: Runner) -> None:
    """Whoever started the runner holds the other end of standard input; it closes when that one ends, however it ends."""
    while os.read(0, 4096):
        continue
    runner.stop("parent ended")


if __name__ == "__main__":
    sys.exit(main())

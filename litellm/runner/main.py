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
from queue import SimpleQueue
from typing import IO

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from runner.adoption import adopt_or_end  # noqa: E402
from runner.api_client import ReleasePoller, Reporter  # noqa: E402
from runner.candidate_run import CandidateRun, Purpose  # noqa: E402
from runner.child_environment import secret_values  # noqa: E402
from runner.database_migration import MigrationResult, migrate_database  # noqa: E402
from runner.events import EventQueue, ReplaceActive, Stop  # noqa: E402
from runner.health_watch import HealthWatch  # noqa: E402
from runner.http_api import create_server  # noqa: E402
from runner.litellm_process import Launcher  # noqa: E402
from runner.log import log, use_redactor  # noqa: E402
from runner.prisma_engine import choose_engine  # noqa: E402
from runner.redaction import Redactor  # noqa: E402
from runner.release_store import Release, ReleaseStore, make_private  # noqa: E402
from runner.settings import Settings, SettingsError, read_settings  # noqa: E402
from runner.state_board import StateBoard, read_saved_state  # noqa: E402
from runner.supervisor import Supervisor  # noqa: E402
from runner.verification import is_live  # noqa: E402
from runner.version_guard import OVERRIDE, RefusedVersion, check_version, installed_version, load_versions  # noqa: E402


def main() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else "run"
    commands = {"run": run, "migrate": migrate, "check": check}
    if command not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    use_redactor(Redactor(secret_values(os.environ)))
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
        print(f"runner: another runner uses {settings.data_dir}; stop it, or set SIGNALBOX_RUNNER_DATA_DIR", file=sys.stderr)
        return 1
    engine = choose_engine(settings.environment, Path(sys.prefix))
    log("info", "runner starts", litellm_version=version, engine=engine.kind, engine_reason=engine.reason)
    events: EventQueue = SimpleQueue()
    saved = read_saved_state(settings.data_dir)
    store = ReleaseStore(settings.data_dir)
    board = StateBoard(settings.data_dir, settings.litellm_host, engine.kind, saved.version)
    launcher = Launcher(settings, engine)
    reporter = Reporter(settings)

    def migrate_own() -> MigrationResult:
        return migrate_database(settings.database_url or "", settings.environment)

    def make_run(attempt: int, slot: str, release: Release, purpose: Purpose) -> CandidateRun:
        return CandidateRun(attempt, slot, release, purpose, settings, launcher, store, migrate_own, version, events)

    supervisor = Supervisor(settings, store, board, reporter, events, make_run, engine.kind, saved.failed)
    health = HealthWatch(settings, events, lambda: supervisor.active, migrate_own, launcher.can_use_database())
    poller = ReleasePoller(settings, events)

    def on_wake() -> None:
        poller.wake()
        health.nudge()

    def is_answering() -> bool:
        active = supervisor.active
        return active is not None and is_live(f"http://{settings.litellm_host}:{active.port}")

    try:
        server = create_server(settings.host, settings.port, settings.internal_token, board, is_answering, on_wake)
    except OSError as error:
        print(f"runner: cannot listen on {settings.host}:{settings.port}: {error.strerror}", file=sys.stderr)
        return 1
    stop_on_signals(events, settings)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    adopted = adopt_or_end(settings, store, saved)
    if adopted is not None:
        supervisor.adopt(adopted)
        if adopted.litellm_version != version or adopted.fingerprint != launcher.fingerprint(adopted.database_mode):
            events.put(ReplaceActive(adopted.pid, "it was started with other settings"))
    reporter.start()
    poller.start()
    health.start()
    supervisor.run()
    for part in (poller, health, reporter):
        part.stop()
    server.shutdown()
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


def stop_on_signals(events: EventQueue, settings: Settings) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: events.put(Stop(signal.Signals(received).name)))
    if settings.exit_with_parent:
        threading.Thread(target=stop_at_end_of_input, args=(events,), name="parent", daemon=True).start()


def stop_at_end_of_input(events: EventQueue) -> None:
    """The supervisor holds the other end of standard input; it closes when that one ends, however it ends."""
    while os.read(0, 4096):
        continue
    events.put(Stop("parent ended"))


if __name__ == "__main__":
    sys.exit(main())

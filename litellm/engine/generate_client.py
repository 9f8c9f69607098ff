"""Generates LiteLLM's database client (prisma-client-py) into the Python environment that runs this file.

Run once while the environment is built:  ENVIRONMENT/bin/python litellm/engine/generate_client.py
It installs the pinned Prisma CLI from ./prisma-cli into the environment, fetches Prisma's native engine where that is
possible, generates the client and writes ENVIRONMENT/signalbox-prisma.json, which the runner reads.
"""

from __future__ import annotations

import compileall
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ENGINE_DIR = Path(__file__).resolve().parent
sys.path.insert(0, str(ENGINE_DIR.parent))

from runner.prisma_engine import ENGINE_RECORD_NAME, download_host_answers  # noqa: E402

WASM_ENGINE = ENGINE_DIR / "query-engine"
CLI_TIMEOUT_SECONDS = 300
BINARY_TARGETS = re.compile(r"binaryTargets\s*=\s*\[[^\]]*\]")


class GenerationError(Exception):
    """One line that says what failed and what to do."""


def main() -> int:
    prefix = Path(sys.prefix)
    try:
        schema = read_schema()
        record_path = prefix / ENGINE_RECORD_NAME
        if is_current(record_path, schema):
            print(f"prisma client: already generated in {prefix}")
            return 0
        cli = install_cli(prefix / "signalbox-prisma-cli")
        record = generate(cli, schema)
        compile_client()
        write_json(record_path, record)
    except GenerationError as error:
        print(f"prisma client: {error}", file=sys.stderr)
        return 1
    print(f"prisma client: generated; query engine: {record['engine']} ({record['reason']})")
    return 0


def read_schema() -> str:
    """Finds the schema without importing litellm, which takes seconds."""
    for folder in map(Path, sys.path):
        schema = folder / "litellm" / "proxy" / "schema.prisma"
        if schema.is_file():
            return schema.read_text(encoding="utf-8")
    raise GenerationError("litellm is not installed in this Python environment; install litellm/requirements.txt first")


def is_current(record_path: Path, schema: str) -> bool:
    if not client_folders():
        return False
    try:
        record = json.loads(record_path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(record.get("schema_sha256") == sha256(schema))


def compile_client() -> None:
    """Eight megabytes of generated types: LiteLLM's first start would spend seconds on compiling them."""
    for folder in client_folders():
        compileall.compile_dir(folder, quiet=2)


def client_folders() -> list[Path]:
    candidates = (Path(folder) / "prisma" for folder in sys.path)
    return [folder for folder in candidates if (folder / "client.py").is_file()]


def install_cli(folder: Path) -> Path:
    entrypoint = folder / "node_modules" / "prisma" / "build" / "index.js"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ENGINE_DIR / "prisma-cli" / name, folder / name)
    if not entrypoint.is_file():
        # --ignore-scripts: the install script would download engines before it is known whether it can.
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, dict(os.environ), "npm ci of the Prisma CLI")
    return entrypoint


def generate(cli: Path, schema: str) -> dict[str, str]:
    record = {"schema_sha256": sha256(schema)}
    if os.environ.get("SIGNALBOX_PRISMA_ENGINE", "auto") == "wasm":
        return record | generate_for_wasm(cli, schema, "SIGNALBOX_PRISMA_ENGINE=wasm")
    reachable, reason = download_host_answers()
    if not reachable:
        return record | generate_for_wasm(cli, schema, reason)
    try:
        return record | generate_for_native(cli, schema)
    except GenerationError as error:
        return record | generate_for_wasm(cli, schema, f"the native engine could not be fetched: {error}")


def generate_for_native(cli: Path, schema: str) -> dict[str, str]:
    """The CLI downloads its engines, checks their checksums and keeps them beside itself."""
    run_generate(cli, schema, {})
    engines = sorted(cli.parents[2].glob("**/query-engine-*"))
    executable = next((path for path in engines if path.is_file() and not path.name.endswith((".gz", ".sha256"))), None)
    if executable is None:
        raise GenerationError("the Prisma CLI left no query-engine binary")
    return {"engine": "native", "path": str(executable), "reason": "fetched by the Prisma CLI"}


def generate_for_wasm(cli: Path, schema: str, reason: str) -> dict[str, str]:
    # Generating needs no engine, but the CLI downloads whatever these two do not name.
    engines = {
        "PRISMA_QUERY_ENGINE_BINARY": str(WASM_ENGINE),
        "PRISMA_SCHEMA_ENGINE_BINARY": str(WASM_ENGINE),
        "PRISMA_ENGINES_CHECKSUM_IGNORE_MISSING": "1",
    }
    run_generate(cli, schema, engines)
    return {"engine": "wasm", "reason": reason}


def run_generate(cli: Path, schema: str, engines: dict[str, str]) -> None:
    env = os.environ | engines
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
    env["PRISMA_CLI_QUERY_ENGINE_TYPE"] = "binary"
    env["PRISMA_USE_GLOBAL_NODE"] = "true"
    env["PRISMA_HIDE_UPDATE_MESSAGE"] = "true"
    env["CHECKPOINT_DISABLE"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "schema.prisma"
        # Other targets than this machine's would be downloaded.
        copy.write_text(BINARY_TARGETS.sub('binaryTargets = ["native"]', schema), encoding="utf-8")
        run(["node", str(cli), "generate", "--schema", str(copy)], Path(folder), env, "prisma generate")


def run(command: list[str], cwd: Path, env: dict[str, str], what: str) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=CLI_TIMEOUT_SECONDS)
    except FileNotFoundError as error:
        raise GenerationError(f"{command[0]} was not found; install Node.js 20.19 or newer") from error
    except subprocess.TimeoutExpired as error:
        raise GenerationError(f"{what} did not end within {CLI_TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise GenerationError(f"{what} failed: {' | '.join(lines[-3:])[:600]}")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_json(path: Path, document: dict[str, str]) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    sys.exit(main())

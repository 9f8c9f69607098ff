"""Run while the image is built: does the upstream image hold all that the runner and the migration need?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LITELLM_DIR = Path("litellm").resolve()
sys.path.insert(0, str(LITELLM_DIR))

from runner.database_migration import find_packages  # noqa: E402
from runner.prisma_engine import choose_engine  # noqa: E402
from runner.version_guard import RefusedVersion, check_version, installed_version, load_versions  # noqa: E402

OLDEST_NODE = (20, 19)


def main() -> None:
    version = installed_version()
    try:
        check_version(version, "", load_versions())
    except RefusedVersion as error:
        sys.exit(str(error))

    packages = find_packages()
    require(packages is not None, "litellm_proxy_extras is missing")
    require(any((packages / "litellm_proxy_extras/migrations").glob("*/migration.sql")), "it has no migrations")
    require((packages / "litellm/proxy/schema.prisma").is_file(), "litellm/proxy/schema.prisma is missing")

    engine = choose_engine(os.environ | {"SIGNALBOX_PRISMA_ENGINE": "native"}, Path(sys.prefix))
    require(engine.kind == "native", engine.reason)

    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    require(tuple(int(part) for part in node.removeprefix("v").split(".")[:2]) >= OLDEST_NODE, f"Node.js is {node}")
    print(f"LiteLLM {version}, query engine {engine.path} ({engine.reason}), Node.js {node}")


def require(is_there: bool, problem: str) -> None:
    if not is_there:
        sys.exit(f"This LiteLLM image cannot be used: {problem}.")


if __name__ == "__main__":
    main()

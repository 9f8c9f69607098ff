"""Which LiteLLM versions may be started. The list is data with reasons: ../versions.json."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

LIST_PATH = Path(__file__).resolve().parent.parent / "versions.json"
RELEASE = re.compile(r"^v?(\d+(?:\.\d+)*)")
OVERRIDE = "SIGNALBOX_ALLOW_LITELLM_VERSION"


class RefusedVersion(Exception):
    """One sentence that says why and what to do."""


@dataclass(frozen=True)
class RefusedRange:
    first: tuple[int, ...]
    last: tuple[int, ...] | None
    reason: str

    def contains(self, version: tuple[int, ...]) -> bool:
        return self.first <= version and (self.last is None or version <= self.last)


@dataclass(frozen=True)
class VersionList:
    reviewed: frozenset[str]
    refused: tuple[RefusedRange, ...]


def load_versions(path: Path = LIST_PATH) -> VersionList:
    document = json.loads(path.read_text(encoding="utf-8"))
    ranges = (
        RefusedRange(parse(entry["from"]), parse(entry["to"]) if entry["to"] else None, entry["reason"])
        for entry in document["refused"]
    )
    return VersionList(frozenset(document["reviewed"]), tuple(ranges))


def check_version(version: str, allowed: str, versions: VersionList) -> None:
    """`allowed` is the operator's word for one version that nobody reviewed. Nothing opens a refused one but the list."""
    parsed = parse(version)
    for entry in versions.refused:
        if entry.contains(parsed):
            raise RefusedVersion(f"LiteLLM {version} is refused: {entry.reason}. Install litellm/requirements.txt.")
    if version not in versions.reviewed and version != allowed:
        raise RefusedVersion(
            f"LiteLLM {version} has not been reviewed (litellm/versions.json). "
            f"Install litellm/requirements.txt, or set {OVERRIDE}={version} to run it all the same."
        )


def parse(version: str) -> tuple[int, ...]:
    found = RELEASE.match(version)
    if found is None:
        raise RefusedVersion(f'LiteLLM has the unreadable version "{version}". Install litellm/requirements.txt.')
    parts = tuple(int(part) for part in found.group(1).split("."))
    return parts + (0,) * (3 - len(parts))


def installed_version() -> str:
    """From the package's metadata: importing litellm would already run it."""
    try:
        return metadata.version("litellm")
    except metadata.PackageNotFoundError as error:
        raise RefusedVersion("LiteLLM is not installed in this Python environment. Install litellm/requirements.txt.") from error

"""Releases on disk: each in a private folder, with checksums, and a pointer to the last one that was verified."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEPT_RELEASES = 5
RELEASE_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
LAST_GOOD = "last-good.json"


class InvalidRelease(Exception):
    """What is wrong with a release, in one sentence."""


@dataclass(frozen=True)
class Release:
    release_id: str
    number: int
    config_yaml: str
    config_sha256: str
    deployment_ids: frozenset[str]


def parse_release(document: Any) -> Release:
    try:
        release = Release(
            release_id=document["release_id"],
            number=document["number"],
            config_yaml=document["config_yaml"],
            config_sha256=document["config_sha256"],
            deployment_ids=frozenset(document["deployment_ids"]),
        )
    except (KeyError, TypeError) as error:
        raise InvalidRelease(f"the release lacks a field: {error}") from error
    if not isinstance(release.release_id, str) or not RELEASE_ID.match(release.release_id):
        raise InvalidRelease("the release has no valid id")
    if sha256(release.config_yaml) != release.config_sha256:
        raise InvalidRelease(f"the configuration of {release.release_id} does not match its checksum")
    return release


class ReleaseStore:
    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "releases"
        self._pointer = data_dir / LAST_GOOD
        make_private(data_dir)
        make_private(self._folder)

    def save(self, release: Release) -> Path:
        """Returns the path of the config file for LiteLLM."""
        folder = self._folder / release.release_id
        make_private(folder)
        config = folder / "config.yaml"
        write_private(config, release.config_yaml)
        write_private(folder / "release.json", json.dumps(to_document(release)))
        os.utime(folder)
        self._remove_old(release.release_id)
        return config

    def mark_good(self, release: Release) -> None:
        self.save(release)
        write_private(self._pointer, json.dumps({"release_id": release.release_id, "config_sha256": release.config_sha256}))

    def last_good(self) -> Release | None:
        try:
            pointer = json.loads(self._pointer.read_text(encoding="utf-8"))
            release = self.load(pointer["release_id"])
        except (OSError, ValueError, KeyError, TypeError, InvalidRelease):
            return None
        return release if release.config_sha256 == pointer["config_sha256"] else None

    def load(self, release_id: str) -> Release:
        if not RELEASE_ID.match(release_id):
            raise InvalidRelease("the release has no valid id")
        folder = self._folder / release_id
        document = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        return parse_release(document | {"config_yaml": (folder / "config.yaml").read_text(encoding="utf-8")})

    def _remove_old(self, current: str) -> None:
        good = self._pointed_id()
        folders = sorted((entry for entry in self._folder.iterdir() if entry.is_dir()), key=lambda entry: entry.stat().st_mtime)
        for folder in folders[:-KEPT_RELEASES]:
            if folder.name not in (current, good):
                shutil.rmtree(folder, ignore_errors=True)

    def _pointed_id(self) -> str | None:
        try:
            return str(json.loads(self._pointer.read_text(encoding="utf-8"))["release_id"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


def to_document(release: Release) -> dict[str, Any]:
    return {
        "release_id": release.release_id,
        "number": release.number,
        "config_sha256": release.config_sha256,
        "deployment_ids": sorted(release.deployment_ids),
    }


def make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """All or nothing, also when the power fails in between."""
    temporary = path.with_name(f"{path.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

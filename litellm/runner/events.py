"""What the supervisor is told. Everything that happens elsewhere reaches it through one queue."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue
from typing import Union

from .litellm_process import Instance
from .release_store import Release


@dataclass(frozen=True)
class ReleaseOffered:
    release: Release
    role: str
    asked_again: bool
    """The API was asked on a /wake: a release that failed is then tried once more."""


@dataclass(frozen=True)
class NoReleaseOffered:
    """The API has none, or does not answer."""


@dataclass(frozen=True)
class CandidateStarted:
    attempt: int
    instance: Instance


@dataclass(frozen=True)
class CandidateLive:
    attempt: int


@dataclass(frozen=True)
class CandidateReady:
    attempt: int
    instance: Instance
    duration_ms: int


@dataclass(frozen=True)
class CandidateFailed:
    attempt: int
    reason: str
    duration_ms: int


@dataclass(frozen=True)
class ProcessExited:
    instance: Instance


@dataclass(frozen=True)
class ReplaceActive:
    """The active process should be replaced by a fresh one of the same release."""

    pid: int
    reason: str


@dataclass(frozen=True)
class Stop:
    reason: str


Event = Union[
    ReleaseOffered,
    NoReleaseOffered,
    CandidateStarted,
    CandidateLive,
    CandidateReady,
    CandidateFailed,
    ProcessExited,
    ReplaceActive,
    Stop,
]
EventQueue = SimpleQueue[Event]

"""Leases by credential and virtual key, and when the broker must be asked. No clock and no network in here.

- Fresh: used as it is. Stale: used, and asked for in the background.
- A change of what the lease rests on (its owner's credentials, the key, the workspace, the organization) drops it. But where
  the owner's credentials changed and this one is still among the usable ones, it may only have another value by now: then it
  is in doubt, and only for seconds: the old value may be retired soon (libs/domain rotations waits for 8 s at least).
- In doubt (everything changed, or messages may have been lost): the broker is asked first; if it is away, the last good
  one serves for as long as the lease may be used.
- While no messages arrive, whatever is older than 1.5 s is in doubt.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from .lease import Lease

LIMIT = 10_000
UNLINKED_SECONDS = 1.5
REFRESH_PAUSE_SECONDS = 1.0
# For a broker that is just being restarted. Shorter than the least time between a value's end as the current one and its retirement.
CHANGED_SECONDS = 5.0


class LeaseKey(NamedTuple):
    credential_id: str
    key_hash: str


class Subject(NamedTuple):
    """What a lease rests on: a kind of the projection and an id."""

    kind: str
    id: str


@dataclass(frozen=True)
class Decision:
    """lease: what may be used; None: there is nothing. must_ask: only if the broker cannot say. refresh: in the background."""

    lease: Lease | None
    must_ask: bool = False
    refresh: bool = False


@dataclass
class Entry:
    lease: Lease
    subjects: tuple[Subject, ...]
    received_at: float
    in_doubt: bool = False
    # After it, nothing but the broker's word counts.
    doubted_until: float = float("inf")
    refresh_after: float = 0.0


class CredentialCache:
    def __init__(self, limit: int = LIMIT, max_usable_seconds: float = float("inf")) -> None:
        self._limit = limit
        self._max_usable_seconds = max_usable_seconds
        self._entries: OrderedDict[LeaseKey, Entry] = OrderedDict()
        self._by_subject: dict[Subject, set[LeaseKey]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def decide(self, key: LeaseKey, now: float, is_linked: bool) -> Decision:
        entry = self._entries.get(key)
        if entry is None:
            return Decision(None, must_ask=True)
        self._entries.move_to_end(key)
        age = now - entry.received_at
        is_fresh = age < entry.lease.fresh_seconds
        if self._is_over(entry, now) or now >= entry.doubted_until:
            self.drop(key)
            return Decision(None, must_ask=True)
        if entry.in_doubt or (not is_linked and age >= UNLINKED_SECONDS):
            return Decision(entry.lease, must_ask=True)
        if is_fresh or now < entry.refresh_after:
            return Decision(entry.lease)
        entry.refresh_after = now + REFRESH_PAUSE_SECONDS
        return Decision(entry.lease, refresh=True)

    def store(self, key: LeaseKey, lease: Lease, subjects: tuple[Subject, ...], now: float) -> None:
        self.drop(key)
        self._entries[key] = Entry(lease, subjects, now)
        for subject in subjects:
            self._by_subject.setdefault(subject, set()).add(key)
        while len(self._entries) > self._limit:
            self.drop(next(iter(self._entries)))

    def drop(self, key: LeaseKey) -> None:
        entry = self._entries.pop(key, None)
        for subject in entry.subjects if entry else ():
            keys = self._by_subject[subject]
            keys.discard(key)
            if not keys:
                del self._by_subject[subject]

    def drop_subject(self, subject: Subject) -> None:
        for key in list(self._by_subject.get(subject, ())):
            self.drop(key)

    def doubt_owner(self, owner: Subject, usable_ids: frozenset[str], now: float) -> None:
        for key in list(self._by_subject.get(owner, ())):
            if key.credential_id not in usable_ids:
                self.drop(key)
                continue
            entry = self._entries[key]
            entry.in_doubt = True
            entry.doubted_until = min(entry.doubted_until, now + CHANGED_SECONDS)

    def drop_over(self, now: float) -> None:
        """Secrets that nobody asks for any more do not stay in memory."""
        for key in [key for key, entry in self._entries.items() if self._is_over(entry, now)]:
            self.drop(key)

    def doubt_all(self) -> None:
        for entry in self._entries.values():
            entry.in_doubt = True

    def _is_over(self, entry: Entry, now: float) -> bool:
        age = now - entry.received_at
        return age >= max(entry.lease.fresh_seconds, min(entry.lease.usable_seconds, self._max_usable_seconds))

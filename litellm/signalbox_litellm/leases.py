"""The lease for a call: from the cache, from the broker, or the last good one. One question at a time per credential and key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .broker_client import BrokerAway, BrokerGone, CredentialRefused
from .credential_cache import CredentialCache, LeaseKey, Subject
from .lease import Lease
from .refusal import credential_unavailable, credential_unusable

# While the broker is away, whoever has a last good lease does not wait for it again and again.
AWAY_SECONDS = 1.0
SWEEP_SECONDS = 60.0
# A restarted API is back within seconds: whoever has nothing to go on with waits for it, five seconds in all.
RESTART_PAUSES = (0.25,) * 20

logger = logging.getLogger("signalbox.credentials")


class Broker(Protocol):
    async def lease(self, credential_id: str, key_hash: str) -> Lease:
        """Raises CredentialRefused or BrokerAway."""


@dataclass
class Question:
    task: asyncio.Task[Lease]
    # Not the owner: that is the answer's to tell.
    subjects: frozenset[Subject]


class Leases:
    def __init__(
        self,
        broker: Broker,
        cache: CredentialCache,
        is_linked: Callable[[], bool],
        clock: Callable[[], float],
        pauses: Sequence[float] = RESTART_PAUSES,
    ) -> None:
        self._broker = broker
        self._pauses = pauses
        self._cache = cache
        self._is_linked = is_linked
        self._clock = clock
        self._questions: dict[LeaseKey, Question] = {}
        self._away_until = float("-inf")
        self._sweep_at = clock() + SWEEP_SECONDS

    async def get(self, key: LeaseKey, subjects: frozenset[Subject]) -> Lease:
        """`subjects`: the key, the workspace and the organization of the call."""
        self._sweep()
        decision = self._cache.decide(key, self._clock(), self._is_linked())
        if decision.lease is not None and not decision.must_ask:
            if decision.refresh:
                self._ask(key, subjects)
            return decision.lease
        if decision.lease is not None and self._clock() < self._away_until:
            return decision.lease
        pauses = self._pauses if decision.lease is None else ()
        try:
            return await self._answer(key, subjects, pauses)
        except CredentialRefused as error:
            raise credential_unusable(f"The chosen provider key may not be used ({error.code}).") from None
        except BrokerAway as error:
            if decision.lease is not None:
                return decision.lease
            logger.warning("no provider key: the broker is away (%s)", error)
            raise credential_unavailable("The provider key cannot be fetched now. Try again in a few seconds.") from None

    async def _answer(self, key: LeaseKey, subjects: frozenset[Subject], pauses: Sequence[float]) -> Lease:
        # Shielded: one caller that goes away must not end the question of the others.
        for pause in pauses:
            try:
                return await asyncio.shield(self._ask(key, subjects))
            except BrokerGone:
                await asyncio.sleep(pause)
        return await asyncio.shield(self._ask(key, subjects))

    def forget(self, subject: Subject) -> None:
        """Something that leases rest on has changed. Who asked before it may get the old answer, nobody after it."""
        self._cache.drop_subject(subject)
        self._forget_questions(subject)

    def note_credentials(self, owner_key: str, usable_ids: frozenset[str]) -> None:
        """An owner's credentials have changed; these are the ones that may still be used."""
        owner = Subject("credentials", owner_key)
        self._cache.doubt_owner(owner, usable_ids, self._clock())
        self._forget_questions(owner)

    def _forget_questions(self, subject: Subject) -> None:
        for key, question in list(self._questions.items()):
            if subject in question.subjects or subject.kind == "credentials":
                del self._questions[key]

    def doubt_all(self) -> None:
        self._cache.doubt_all()
        self._questions.clear()

    def _sweep(self) -> None:
        now = self._clock()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            self._cache.drop_over(now)

    def _ask(self, key: LeaseKey, subjects: frozenset[Subject]) -> asyncio.Task[Lease]:
        known = self._questions.get(key)
        if known is not None:
            return known.task
        task = asyncio.get_running_loop().create_task(self._fetch(key, subjects))
        # Nobody may be waiting (a refresh, or a caller that went away); then its failure is no news.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._questions[key] = Question(task, subjects)
        return task

    async def _fetch(self, key: LeaseKey, subjects: frozenset[Subject]) -> Lease:
        asked_at = self._clock()
        task = asyncio.current_task()
        try:
            lease = await self._broker.lease(key.credential_id, key.key_hash)
        except CredentialRefused:
            self._cache.drop(key)
            raise
        except BrokerAway:
            self._away_until = self._clock() + AWAY_SECONDS
            raise
        else:
            self._away_until = float("-inf")
            if self._is_current(key, task):
                # From when it was asked for: what changed since then is not in it.
                self._cache.store(key, lease, (*subjects, Subject("credentials", lease.owner_key)), asked_at)
            return lease
        finally:
            if self._is_current(key, task):
                del self._questions[key]

    def _is_current(self, key: LeaseKey, task: asyncio.Task[Lease] | None) -> bool:
        """False: a change came in the meantime, and the answer is of before it."""
        question = self._questions.get(key)
        return question is not None and question.task is task

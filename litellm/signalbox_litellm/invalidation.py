"""Listens to the changes of the projection, so that a lease that lost its ground is not used again.

Redis answers a PING in the order of the messages, so its PONG proves that everything that was published before has arrived. A
connection that dies in silence is noticed by its missing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from .credential_cache import UNLINKED_SECONDS, Subject
from .leases import Leases

CONNECT_SECONDS = 1.0
PING_SECONDS = 0.4
PONG_SECONDS = 1.0
RETRY_SECONDS = 0.2
POLL_SECONDS = 0.1
LOG_SECONDS = 30.0
KINDS = frozenset({"workspace", "key", "organization"})
# As in libs/gateway/src/credential-resolution.ts.
USABLE_STATES = frozenset({"pending", "verified", "unverified", "exhausted"})
IRRELEVANT_KINDS = frozenset({"catalogue"})

logger = logging.getLogger("signalbox.credentials")


def apply_change(leases: Leases, text: str | bytes) -> None:
    try:
        change = json.loads(text)
        kind, id_ = change["kind"], change.get("id")
    except (ValueError, TypeError, KeyError, AttributeError):
        kind, id_ = None, None
    if kind == "credentials" and isinstance(id_, str):
        leases.note_credentials(id_, usable_ids_of(change.get("document")))
    elif kind in KINDS and isinstance(id_, str):
        leases.forget(Subject(kind, id_))
    elif kind not in IRRELEVANT_KINDS:
        # `reload`, or something that is not understood: it may have been a revocation.
        leases.doubt_all()


def usable_ids_of(document: Any) -> frozenset[str]:
    """None, if the document is not what it should be: then no lease of this owner goes on."""
    try:
        return frozenset(each["id"] for each in document["credentials"] if each["state"] in USABLE_STATES)
    except (TypeError, KeyError):
        return frozenset()


class InvalidationLink:
    def __init__(self, redis_url: str, channel: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis_url = redis_url
        self._channel = channel
        self._clock = clock
        self._confirmed_at = float("-inf")
        self._task: asyncio.Task[None] | None = None
        self._logged_at = float("-inf")

    def is_linked(self) -> bool:
        """True: everything that was published up to 1.5 s ago has been heard."""
        return self._clock() - self._confirmed_at < UNLINKED_SECONDS

    def ensure_running(self, leases: Leases) -> None:
        """Called by each request: LiteLLM's event loop does not run yet when callbacks are made."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(leases))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, leases: Leases) -> None:
        while True:
            try:
                await self._listen(leases)
            except Exception as error:  # noqa: BLE001 - whatever Redis does, it is tried again
                self._log_loss(error)
            self._confirmed_at = float("-inf")
            leases.doubt_all()
            await asyncio.sleep(RETRY_SECONDS)

    def _log_loss(self, error: Exception) -> None:
        now = self._clock()
        if now - self._logged_at >= LOG_SECONDS:
            self._logged_at = now
            logger.warning("changes of credentials are not heard (%s); the broker is asked more often", type(error).__name__)

    async def _listen(self, leases: Leases) -> None:
        import redis.asyncio

        client = redis.asyncio.Redis.from_url(self._redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_keepalive=True)
        pubsub = client.pubsub()
        try:
            await asyncio.wait_for(pubsub.subscribe(self._channel), CONNECT_SECONDS)
            await self._follow(pubsub, leases)
        finally:
            # A dead peer must not hold up the next attempt.
            await asyncio.wait_for(asyncio.gather(pubsub.aclose(), client.aclose(), return_exceptions=True), CONNECT_SECONDS)

    async def _follow(self, pubsub: Any, leases: Leases) -> None:
        pinged_at: float | None = None
        next_ping_at = float("-inf")
        while True:
            now = self._clock()
            if pinged_at is not None and now - pinged_at > PONG_SECONDS:
                raise TimeoutError("no PONG")
            if pinged_at is None and now >= next_ping_at:
                await asyncio.wait_for(pubsub.ping(), PONG_SECONDS)
                pinged_at, next_ping_at = now, now + PING_SECONDS
            message = await pubsub.get_message(timeout=POLL_SECONDS)
            kind = message["type"] if message else None
            if kind == "message":
                apply_change(leases, message["data"])
            elif kind == "subscribe":
                # What was published before was not heard.
                leases.doubt_all()
            elif kind == "pong" and pinged_at is not None:
                self._confirmed_at, pinged_at = pinged_at, None

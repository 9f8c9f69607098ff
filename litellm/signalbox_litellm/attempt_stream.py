"""Writes events to a Redis stream from a thread of its own: a request never waits for Redis and never fails by it."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

QUEUE_LIMIT = 20_000
BATCH_LIMIT = 500
STREAM_LIMIT = 100_000
RETRY_SECONDS = 1.0
DROP_LOG_SECONDS = 30.0

logger = logging.getLogger("signalbox.attempts")


class StreamClient(Protocol):
    def write(self, entries: list[str]) -> None:
        """Appends all entries, or raises."""


class RedisStreamClient:
    def __init__(self, url: str, stream: str) -> None:
        # Part of LiteLLM's proxy requirements; imported here so that the rest works without it.
        import redis

        self._stream = stream
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)

    def write(self, entries: list[str]) -> None:
        with self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.xadd(self._stream, {"event": entry}, maxlen=STREAM_LIMIT, approximate=True)
            pipe.execute()


class AttemptStream:
    def __init__(self, connect: Callable[[], StreamClient], limit: int = QUEUE_LIMIT, retry_seconds: float = RETRY_SECONDS) -> None:
        self._connect = connect
        self._queue: queue.Queue[str] = queue.Queue(limit)
        self._retry_seconds = retry_seconds
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._logged_at = float("-inf")
        self.dropped = 0

    def add(self, event: dict[str, Any]) -> None:
        try:
            self._queue.put_nowait(json.dumps(event, separators=(",", ":")))
        except queue.Full:
            self._count_drop()
            return
        self._ensure_thread()

    def close(self, timeout_seconds: float) -> None:
        """Writes what is queued, within the time given."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    def _count_drop(self) -> None:
        self.dropped += 1
        now = time.monotonic()
        if now - self._logged_at >= DROP_LOG_SECONDS:
            self._logged_at = now
            logger.warning("%d attempt events dropped so far: Redis does not take them", self.dropped)

    def _ensure_thread(self) -> None:
        # Not at import: a server that forks workers would leave the thread in the parent.
        with self._start_lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="signalbox-attempts", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        client: StreamClient | None = None
        batch: list[str] = []
        while batch or not (self._closing.is_set() and self._queue.empty()):
            batch = batch or self._take_batch()
            if not batch:
                continue
            is_last_try = self._closing.is_set()
            try:
                client = client or self._connect()
                client.write(batch)
                batch = []
            except Exception as error:  # noqa: BLE001 - whatever Redis does, the thread goes on
                client = None
                if is_last_try:
                    self._give_up(batch, error)
                    return
                logger.warning("attempt events wait: %s", type(error).__name__)
                self._closing.wait(self._retry_seconds)

    def _give_up(self, batch: list[str], error: Exception) -> None:
        """The process is ending; it is not held up for a Redis that stays away."""
        self.dropped += len(batch) + self._queue.qsize()
        logger.warning("%d attempt events lost at the end: %s", self.dropped, type(error).__name__)

    def _take_batch(self) -> list[str]:
        try:
            batch = [self._queue.get(timeout=0.2)]
        except queue.Empty:
            return []
        while len(batch) < BATCH_LIMIT:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

"""Against a small server that speaks as much of Redis' protocol as a subscriber needs, and can fall silent."""

import asyncio
import json
import time
import unittest
from collections.abc import Awaitable, Callable

from signalbox_litellm.credential_cache import UNLINKED_SECONDS, Subject
from signalbox_litellm.invalidation import InvalidationLink, apply_change

CHANNEL = "sb:projection:changes"


class Recorder:
    def __init__(self) -> None:
        self.forgotten: list[Subject] = []
        self.usable: dict[str, frozenset[str]] = {}
        self.doubts = 0

    def forget(self, subject: Subject) -> None:
        self.forgotten.append(subject)

    def note_credentials(self, owner_key: str, usable_ids: frozenset[str]) -> None:
        self.usable[owner_key] = usable_ids

    def doubt_all(self) -> None:
        self.doubts += 1


class FakeRedis:
    def __init__(self) -> None:
        self.is_silent = False
        self.connections = 0
        self.subscribers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.url = ""

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self.subscribers:
            writer.close()
        self.subscribers.clear()

    def publish(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        for writer in self.subscribers:
            writer.write(array("message", CHANNEL, text))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                command = await read_command(reader)
                if not self.is_silent:
                    writer.write(self._answer(command, writer))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            writer.close()

    def _answer(self, command: list[str], writer: asyncio.StreamWriter) -> bytes:
        name = command[0].upper()
        if name == "SUBSCRIBE":
            self.subscribers.append(writer)
            return b"*3\r\n$9\r\nsubscribe\r\n" + bulk(command[1]) + b":1\r\n"
        if name == "PING":
            return array("pong", command[1] if len(command) > 1 else "")
        return b"+OK\r\n"


def bulk(text: str) -> bytes:
    data = text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def array(*texts: str) -> bytes:
    return b"*%d\r\n" % len(texts) + b"".join(bulk(text) for text in texts)


async def read_command(reader: asyncio.StreamReader) -> list[str]:
    count = int((await reader.readuntil(b"\r\n"))[1:])
    words = []
    for _ in range(count):
        length = int((await reader.readuntil(b"\r\n"))[1:])
        words.append((await reader.readexactly(length + 2))[:-2].decode())
    return words


class ApplyChangeTest(unittest.TestCase):
    def test_a_change_of_a_ground_is_forgotten(self) -> None:
        for kind in ("workspace", "key", "organization"):
            recorder = Recorder()
            apply_change(recorder, json.dumps({"epoch": "e", "seq": 1, "kind": kind, "id": "x", "document": {}}))  # type: ignore[arg-type]
            self.assertEqual((recorder.forgotten, recorder.doubts), ([Subject(kind, "x")], 0))

    def test_of_an_owners_credentials_only_the_usable_ones_go_on(self) -> None:
        states = ("pending", "verified", "unverified", "exhausted", "invalid", "expired", "unreadable", "news")
        listed = {"credentials": [{"id": f"cred_{state}", "state": state} for state in states]}
        for document, usable in (
            (listed, {"cred_pending", "cred_verified", "cred_unverified", "cred_exhausted"}),
            ({"credentials": []}, set()),
            ({"credentials": [7]}, set()),
            ({}, set()),
            (None, set()),
        ):
            recorder = Recorder()
            apply_change(recorder, json.dumps({"kind": "credentials", "id": "ws_1", "document": document}))  # type: ignore[arg-type]
            self.assertEqual((recorder.usable, recorder.forgotten, recorder.doubts), ({"ws_1": usable}, [], 0))

    def test_what_is_not_understood_casts_doubt_on_everything(self) -> None:
        for text in ('{"kind":"reload","seq":1}', "nonsense", "[]", "7", "null", '{"kind":"key"}', '{"kind":"key","id":7}', '{"kind":"news"}', "{}"):
            recorder = Recorder()
            apply_change(recorder, text)  # type: ignore[arg-type]
            self.assertEqual((recorder.forgotten, recorder.doubts), ([], 1), text)

    def test_the_catalogue_changes_nothing(self) -> None:
        recorder = Recorder()
        apply_change(recorder, '{"kind":"catalogue","id":"current"}')  # type: ignore[arg-type]
        self.assertEqual((recorder.forgotten, recorder.doubts), ([], 0))


class World:
    def __init__(self, redis: FakeRedis) -> None:
        self.redis = redis
        self.recorder = Recorder()
        self.link = InvalidationLink(redis.url, CHANNEL)
        self.link.ensure_running(self.recorder)  # type: ignore[arg-type]

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("it did not happen in time")
            await asyncio.sleep(0.01)


class InvalidationLinkTest(unittest.TestCase):
    def run_in(self, story: Callable[[World], Awaitable[None]]) -> None:
        async def run() -> None:
            redis = FakeRedis()
            await redis.start()
            world = World(redis)
            try:
                await world.until(world.link.is_linked)
                await story(world)
            finally:
                await world.link.close()
                await redis.stop()

        asyncio.run(run())

    def test_hears_of_changes_at_once(self) -> None:
        async def story(world: World) -> None:
            self.assertEqual(world.recorder.doubts, 1)
            world.redis.publish({"epoch": "e", "seq": 1, "kind": "credentials", "id": "ws_1", "document": {}})
            await world.until(lambda: world.recorder.usable == {"ws_1": frozenset()}, 0.5)

        self.run_in(story)

    def test_a_connection_that_dies_in_silence_is_noticed(self) -> None:
        async def story(world: World) -> None:
            world.redis.is_silent = True
            silent_since = time.monotonic()
            await world.until(lambda: not world.link.is_linked())
            self.assertLess(time.monotonic() - silent_since, UNLINKED_SECONDS + 0.2)
            await world.until(lambda: world.redis.connections > 1)
            world.redis.is_silent = False
            await world.until(world.link.is_linked)

        self.run_in(story)

    def test_after_a_lost_connection_everything_is_in_doubt(self) -> None:
        async def story(world: World) -> None:
            doubts, port = world.recorder.doubts, world.redis.port
            await world.redis.stop()
            await world.until(lambda: not world.link.is_linked(), 1.0)
            self.assertGreater(world.recorder.doubts, doubts)
            doubts = world.recorder.doubts
            await world.redis.start(port)
            await world.until(world.link.is_linked)
            self.assertGreater(world.recorder.doubts, doubts)
            world.redis.publish({"kind": "key", "id": "ab"})
            await world.until(lambda: Subject("key", "ab") in world.recorder.forgotten, 0.5)

        self.run_in(story)

    def test_is_not_linked_before_redis_answered(self) -> None:
        async def run() -> None:
            redis = FakeRedis()
            await redis.start()
            redis.is_silent = True
            world = World(redis)
            await world.until(lambda: redis.connections > 0)
            self.assertFalse(world.link.is_linked())
            await world.link.close()
            await redis.stop()

        asyncio.run(run())


if __name__ == "__main__":
    unittest.main()

import json
import logging
import threading
import unittest

from signalbox_litellm.attempt_stream import AttemptStream

WAIT_SECONDS = 10.0


class FakeRedis:
    """Refuses until told otherwise."""

    def __init__(self, works: bool) -> None:
        self.works = works
        self.entries: list[str] = []
        self.refused = threading.Event()
        self.written = threading.Event()

    def write(self, entries: list[str]) -> None:
        if not self.works:
            self.refused.set()
            raise ConnectionError("refused")
        self.entries.extend(entries)
        self.written.set()

    def numbers(self) -> list[int]:
        return [json.loads(entry)["n"] for entry in self.entries]


class AttemptStreamTest(unittest.TestCase):
    def setUp(self) -> None:
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def test_writes_in_order(self) -> None:
        redis = FakeRedis(works=True)
        stream = AttemptStream(lambda: redis)
        for n in range(1200):
            stream.add({"n": n})
        stream.close(WAIT_SECONDS)
        self.assertEqual(redis.numbers(), list(range(1200)))

    def test_keeps_events_while_redis_is_away(self) -> None:
        redis = FakeRedis(works=False)
        stream = AttemptStream(lambda: redis, retry_seconds=0.01)
        stream.add({"n": 1})
        self.assertTrue(redis.refused.wait(WAIT_SECONDS))
        stream.add({"n": 2})
        redis.works = True
        stream.close(WAIT_SECONDS)
        self.assertEqual(redis.numbers(), [1, 2])
        self.assertEqual(stream.dropped, 0)

    def test_counts_what_does_not_fit_and_never_raises(self) -> None:
        redis = FakeRedis(works=False)
        stream = AttemptStream(lambda: redis, limit=10, retry_seconds=60.0)
        stream.add({"n": 0})
        self.assertTrue(redis.refused.wait(WAIT_SECONDS))
        for n in range(1, 31):
            stream.add({"n": n})
        self.assertEqual(stream.dropped, 20)
        redis.works = True
        stream.close(WAIT_SECONDS)
        self.assertEqual(redis.numbers()[0], 0)

    def test_a_closed_stream_gives_up_on_a_redis_that_stays_away(self) -> None:
        redis = FakeRedis(works=False)
        stream = AttemptStream(lambda: redis, retry_seconds=60.0)
        stream.add({"n": 1})
        self.assertTrue(redis.refused.wait(WAIT_SECONDS))
        stream.close(WAIT_SECONDS)
        self.assertEqual(stream.dropped, 1)


if __name__ == "__main__":
    unittest.main()

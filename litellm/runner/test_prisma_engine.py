import json
import os
import tempfile
import time
import unittest
from pathlib import Path

from runner.prisma_engine import ENGINE_RECORD_NAME, PROBE_TIMEOUT_SECONDS, WASM_ENGINE, choose_engine, download_host_answers

ENV = {"PATH": os.environ["PATH"]}


class EngineChoiceTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prefix = Path(folder.name)

    def native(self, name: str = "query-engine-debian", output: str = "query-engine abc", code: int = 0) -> str:
        path = self.prefix / name
        path.write_text(f"#!/bin/sh\necho '{output}'\nexit {code}\n")
        path.chmod(0o755)
        return str(path)

    def record(self, **fields: str) -> None:
        (self.prefix / ENGINE_RECORD_NAME).write_text(json.dumps(fields))

    def test_the_wasm_engine_stands_in_and_says_why(self) -> None:
        self.record(engine="wasm", reason="the host cannot be reached")
        choice = choose_engine(ENV, self.prefix)
        self.assertEqual((choice.kind, choice.path, choice.reason), ("wasm", str(WASM_ENGINE), "the host cannot be reached"))

    def test_a_native_engine_is_preferred_wherever_it_is_named(self) -> None:
        path = self.native()
        named = choose_engine(ENV | {"PRISMA_QUERY_ENGINE_BINARY": path}, self.prefix)
        cached = choose_engine(ENV | {"PRISMA_BINARY_CACHE_DIR": str(self.prefix)}, self.prefix)
        self.record(engine="native", path=path, reason="fetched")
        recorded = choose_engine(ENV, self.prefix)
        for choice in (named, cached, recorded):
            self.assertEqual((choice.kind, choice.path), ("native", path))

    def test_a_native_engine_that_does_not_run_is_passed_over(self) -> None:
        for path in (self.native(code=1), self.native("query-engine-other", output="hello"), str(self.prefix / "absent")):
            with self.subTest(path):
                self.assertEqual(choose_engine(ENV | {"PRISMA_QUERY_ENGINE_BINARY": path}, self.prefix).kind, "wasm")

    def test_the_operator_decides(self) -> None:
        self.record(engine="native", path=self.native(), reason="fetched")
        self.assertEqual(choose_engine(ENV | {"SIGNALBOX_PRISMA_ENGINE": "wasm"}, self.prefix).kind, "wasm")
        self.record(engine="wasm", reason="x")
        self.assertEqual(choose_engine(ENV | {"SIGNALBOX_PRISMA_ENGINE": "native"}, self.prefix).kind, "none")
        self.assertEqual(choose_engine(ENV | {"SIGNALBOX_PRISMA_ENGINE": "rust"}, self.prefix).kind, "none")

    def test_without_node_there_is_no_wasm_engine(self) -> None:
        choice = choose_engine({"PATH": str(self.prefix)}, self.prefix)
        self.assertEqual((choice.kind, choice.path), ("none", None))
        self.assertIn("Node.js", choice.reason)

    def test_the_probe_is_bounded(self) -> None:
        started = time.monotonic()
        # A port of the loopback address at which nothing listens.
        answers, reason = download_host_answers({"PRISMA_ENGINES_MIRROR": "http://127.0.0.1:9"})
        self.assertFalse(answers)
        self.assertIn("127.0.0.1", reason)
        self.assertLess(time.monotonic() - started, PROBE_TIMEOUT_SECONDS + 2)


if __name__ == "__main__":
    unittest.main()

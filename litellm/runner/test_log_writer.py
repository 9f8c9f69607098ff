import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from runner.litellm_process import LOG_WRITER
from runner.log_writer import KEPT_FILES, RotatingFile


class LogWriterTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "litellm.log"

    def write(self, data: bytes) -> str:
        env = {"SIGNALBOX_REDACT": json.dumps(["the-known-secret"])}
        subprocess.run([sys.executable, "-S", "-E", str(LOG_WRITER), str(self.path)], input=data, env=env, check=True, timeout=30)
        return self.path.read_text(encoding="utf-8")

    def test_redacts_line_by_line_into_a_private_file(self) -> None:
        text = self.write(b"one the-known-secret\ntwo sk-abcdefghijklmn\nno newline at the end")
        self.assertEqual(text, "one [redacted]\ntwo [redacted]\nno newline at the end\n")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_cuts_long_lines_and_drops_their_rest(self) -> None:
        secret = b"sk-" + b"a" * 40
        text = self.write(b"x" * (16 * 1024 - 20) + secret + b"\nnext\n")
        self.assertNotIn("aaaa" * 6, text)
        self.assertTrue(text.endswith("next\n"))

    def test_rotates_by_size_and_keeps_a_few(self) -> None:
        file = RotatingFile(self.path, max_bytes=100)
        for number in range(50):
            file.write(f"line {number:02d} {'x' * 20}\n".encode())
        files = sorted(self.path.parent.iterdir())
        self.assertEqual(len(files), KEPT_FILES)
        self.assertTrue(all(path.stat().st_size <= 100 for path in files))
        self.assertIn("line 49", self.path.read_text())


if __name__ == "__main__":
    unittest.main()

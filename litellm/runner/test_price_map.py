import gzip
import hashlib
import json
import tempfile
import threading
import unittest
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from runner.http_api import create_server
from runner.price_map import PriceMap, PriceMapError, installed_file, pack
from runner.state_board import StateBoard

CONTENT = b'{"gpt-x": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 0.0000000375, "max_tokens": 8192}}'
TOKEN = "internal-token-of-tests"


def unpacked(packed: bytes) -> dict[str, object]:
    document = json.loads(gzip.decompress(packed))
    assert isinstance(document, dict)
    return document


class PackTest(unittest.TestCase):
    def test_hands_prices_on_as_the_file_spells_them(self) -> None:
        document = unpacked(pack(CONTENT, "1.2.3"))
        self.assertEqual(document["version"], "1.2.3")
        self.assertEqual(document["sha256"], hashlib.sha256(CONTENT).hexdigest())
        prices = {"input_cost_per_token": "1.5e-07", "output_cost_per_token": "0.0000000375", "max_tokens": 8192}
        self.assertEqual(document["entries"], {"gpt-x": prices})

    def test_refuses_a_file_with_one_brace_too_few(self) -> None:
        with self.assertRaisesRegex(PriceMapError, "no valid JSON"):
            pack(CONTENT[:-1], "1.2.3")

    def test_refuses_what_is_no_object(self) -> None:
        with self.assertRaisesRegex(PriceMapError, "no JSON object"):
            pack(b"[]", "1.2.3")


class PriceMapTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "prices.json"

    def test_reads_the_file_once(self) -> None:
        self.path.write_bytes(CONTENT)
        prices = PriceMap("1.2.3", lambda: self.path)
        first = prices.packed()
        self.path.unlink()
        self.assertEqual(prices.packed(), first)

    def test_says_that_the_file_is_missing_and_finds_it_once_it_is_there(self) -> None:
        prices = PriceMap("1.2.3", lambda: self.path)
        with self.assertRaisesRegex(PriceMapError, "cannot be read"):
            prices.packed()
        self.path.write_bytes(CONTENT)
        self.assertIn("gpt-x", str(unpacked(prices.packed())["entries"]))

    def test_the_installed_package_has_the_file(self) -> None:
        entries = unpacked(pack(installed_file().read_bytes(), "installed"))["entries"]
        assert isinstance(entries, dict)
        self.assertGreater(len(entries), 2_000)
        self.assertIsInstance(entries["gpt-4o"]["input_cost_per_token"], str)


class PriceRouteTest(unittest.TestCase):
    def serve(self, content: bytes) -> str:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "prices.json"
        path.write_bytes(content)
        board = StateBoard(Path(folder.name), "127.0.0.1", "wasm", 0)
        prices = PriceMap("1.2.3", lambda: path)
        server = create_server("127.0.0.1", 0, TOKEN, board, lambda: True, lambda: None, prices)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}/litellm/prices"

    def ask(self, url: str, token: str) -> tuple[int, str | None, bytes]:
        request = Request(url, headers={"authorization": f"Bearer {token}", "accept-encoding": "gzip"})
        try:
            with urlopen(request, timeout=5) as answer:
                return answer.status, answer.headers["content-encoding"], answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.headers["content-encoding"], error.read()

    def test_gives_the_map_to_whoever_has_the_token(self) -> None:
        status, encoding, body = self.ask(self.serve(CONTENT), TOKEN)
        self.assertEqual((status, encoding), (200, "gzip"))
        self.assertEqual(unpacked(body)["version"], "1.2.3")

    def test_gives_nobody_else_anything(self) -> None:
        status, _, body = self.ask(self.serve(CONTENT), "another-token")
        self.assertEqual(status, 401)
        self.assertNotIn(b"gpt-x", body)

    def test_says_what_is_wrong_with_a_broken_file(self) -> None:
        status, _, body = self.ask(self.serve(CONTENT[:-1]), TOKEN)
        self.assertEqual(status, 500)
        self.assertIn(b"no valid JSON", body)


if __name__ == "__main__":
    unittest.main()

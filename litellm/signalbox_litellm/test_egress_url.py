import json
import unittest
from pathlib import Path

from signalbox_litellm.context_token import parse_key_ring
from signalbox_litellm.egress_url import EgressRelay

VECTORS = json.loads((Path(__file__).resolve().parent.parent / "egress-url-vectors.json").read_text(encoding="utf-8"))


class EgressUrlTest(unittest.TestCase):
    def test_signs_like_the_shared_vectors(self) -> None:
        relay = EgressRelay(VECTORS["relay_url"], parse_key_ring(VECTORS["keys"]))
        for vector in VECTORS["urls"]:
            with self.subTest(vector["base_url"]):
                url = relay.url_for(vector["base_url"])
                self.assertEqual(url, vector["url"])
                self.assertEqual(url, VECTORS["relay_url"] + vector["path"])

    def test_a_slash_at_the_end_of_the_relay_makes_no_difference(self) -> None:
        ring = parse_key_ring(VECTORS["keys"])
        self.assertEqual(EgressRelay("http://relay/", ring).url_for("http://a"), EgressRelay("http://relay", ring).url_for("http://a"))


if __name__ == "__main__":
    unittest.main()

import json
import unittest

from signalbox_litellm.llm_routes import TABLE_PATH, load_llm_routes

ROUTES = load_llm_routes()


class LlmRoutesTest(unittest.TestCase):
    def test_contains_what_the_table_lists(self) -> None:
        for route in json.loads(TABLE_PATH.read_text(encoding="utf-8"))["routes"]:
            path = route["path"].replace("{id}", "openai/gpt-4o")
            self.assertTrue(ROUTES.contains(route["method"], path), path)

    def test_contains_nothing_else(self) -> None:
        others = [
            ("GET", "/v1/chat/completions"),
            ("POST", "/v1/chat/completions/"),
            ("POST", "/V1/chat/completions"),
            ("POST", "/messages"),
            ("GET", "/v1/models/"),
            ("POST", "/v1/models/x"),
            ("DELETE", "/v1/models/x"),
            ("POST", "/key/generate"),
            ("POST", "/v1/batches"),
            ("POST", "/engines/x/chat/completions"),
            ("GET", "/model/info"),
            ("GET", "/v1/realtime"),
        ]
        for method, path in others:
            with self.subTest(path=path):
                self.assertFalse(ROUTES.contains(method, path))


if __name__ == "__main__":
    unittest.main()

import unittest

from runner.redaction import Redactor

SECRETS = [
    "sk-proj-abcdef0123456789",
    "sk-ant-api03-abcdef0123456789",
    "sk-sb-AAAAbbbbCCCC1111",
    "sbt_AAAAbbbbCCCC1111",
    "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "gsk_0123456789abcdefghij",
    "hf_0123456789abcdefghij",
    "fw_0123456789abcdefghij",
    "tgp_v1_0123456789abcdefghij",
    "AQ.Ab8RN6I0123456789abcdefghij",
    "AKIA0123456789ABCDEF",
    "ghp_0123456789abcdefghij",
    "sb1.k1.eyJpYXQiOjF9.c2lnbmF0dXJl",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
]


class RedactionTest(unittest.TestCase):
    def test_takes_out_the_shapes_of_keys(self) -> None:
        redact = Redactor()
        for secret in SECRETS:
            for text in (f"key {secret}", f'{{"api_key": "{secret}"}}', f"Authorization: Bearer {secret}", f"({secret})"):
                with self.subTest(text):
                    self.assertNotIn(secret, redact(text))

    def test_takes_out_known_values_wherever_they_are(self) -> None:
        redact = Redactor(["plainpassword", "plainpassword-and-longer", "short"])
        self.assertEqual(redact("x=plainpassword-and-longer&y"), "x=[redacted]&y")
        self.assertEqual(redact("short"), "short")

    def test_takes_out_passwords_in_urls_and_named_values(self) -> None:
        redact = Redactor()
        self.assertEqual(redact("postgresql://litellm:hunter2222@db:5432/x"), "postgresql://litellm:[redacted]@db:5432/x")
        self.assertEqual(redact("client_secret='abcdefgh1234'"), "client_secret='[redacted]'")

    def test_keeps_what_is_worth_reading(self) -> None:
        redact = Redactor(["", "another-secret"])
        for text in (
            "api_key: os.environ/OPENAI_API_KEY",
            "missing dep_01kq2; unexpected dep_x",
            "POST /v1/chat/completions 200",
            "max_tokens: 1000000000",
            "password: ",
            "task-based asks",
        ):
            with self.subTest(text):
                self.assertEqual(redact(text), text)


if __name__ == "__main__":
    unittest.main()

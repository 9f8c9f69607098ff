import unittest

import httpx
import openai

from signalbox_litellm.error_text import MASK, hide_secret_of
from signalbox_litellm.lease import CredentialUse
from signalbox_litellm.provider_keys import USE_FIELD

SECRET = "canary-key-0123456789"


def details(error: BaseException | None) -> dict[str, object]:
    return {USE_FIELD: CredentialUse("cred_1", "ab", SECRET), "exception": error}


class Wrapped(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ErrorTextTest(unittest.TestCase):
    def test_takes_the_key_out_of_an_error_and_of_what_caused_it(self) -> None:
        response = httpx.Response(401, request=httpx.Request("POST", "http://provider.test"))
        body = {"error": {"message": f"Incorrect API key provided: {SECRET}", "keys": [SECRET]}}
        cause = openai.AuthenticationError(f"Error code: 401 - {body}", response=response, body=body)
        try:
            raise Wrapped(f"litellm.AuthenticationError: {SECRET}") from cause
        except Wrapped as caught:
            error = caught
        hide_secret_of(details(error))
        for known in (error, cause):
            text = f"{known!r} {known} {known.message} {known.args}"
            self.assertNotIn(SECRET, text)
            self.assertIn(MASK, text)
        self.assertEqual(cause.body, {"error": {"message": f"Incorrect API key provided: {MASK}", "keys": [MASK]}})

    def test_what_other_callbacks_are_given_is_cleaned_too(self) -> None:
        payload = {"error_information": {"error_message": f"bad {SECRET}", "error_code": "401"}, "error_str": SECRET, "model": "m"}
        hide_secret_of(details(None) | {"standard_logging_object": payload})
        self.assertEqual(payload, {"error_information": {"error_message": f"bad {MASK}", "error_code": "401"}, "error_str": MASK, "model": "m"})

    def test_leaves_other_errors_alone(self) -> None:
        error = Wrapped("rate limit")
        hide_secret_of(details(error))
        self.assertEqual((error.message, error.args), ("rate limit", ("rate limit",)))

    def test_never_raises(self) -> None:
        class Stubborn(Exception):
            @property
            def message(self) -> str:
                return SECRET

        looped = Wrapped(SECRET)
        looped.__cause__ = looped
        for value in (None, 7, {}, details(None), details(looped), {"exception": Wrapped("x")}):
            hide_secret_of(value)
        self.assertEqual(looped.message, MASK)
        with self.assertLogs("signalbox.credentials") as logs:
            hide_secret_of(details(Stubborn(SECRET)))
        self.assertNotIn(SECRET, str(logs.output))


if __name__ == "__main__":
    unittest.main()

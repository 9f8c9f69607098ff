import asyncio
import json
import unittest
from collections.abc import Callable
from typing import Any

import httpx

from signalbox_litellm.broker_client import BrokerAway, BrokerClient, CredentialRefused
from signalbox_litellm.lease import Lease

TOKEN = "broker-token-of-the-test"
GOOD = {
    "credential_id": "cred_1",
    "owner_key": "ws_1",
    "fingerprint": "ab",
    "secret": "sk-canary-0123456789",
    "base_url": None,
    "base_url_is_trusted": False,
    "fresh_for_ms": 30000,
    "usable_for_ms": 1800000,
}

Answer = Callable[[httpx.Request], httpx.Response]


def ask(answer: Answer) -> Lease:
    async def run() -> Lease:
        client = BrokerClient("http://broker.test", TOKEN, httpx.MockTransport(answer))
        try:
            return await client.lease("cred_1", "ab" * 32)
        finally:
            await client.close()

    return asyncio.run(run())


def answering(status: int, body: Any) -> Answer:
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return lambda _request: httpx.Response(status, content=content)


class BrokerClientTest(unittest.TestCase):
    def test_asks_with_its_token_and_reads_the_lease(self) -> None:
        requests: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return httpx.Response(200, json=GOOD)

        lease = ask(answer)
        self.assertEqual((lease.secret, lease.fresh_seconds, lease.usable_seconds), ("sk-canary-0123456789", 30.0, 1800.0))
        (request,) = requests
        self.assertEqual((request.method, request.url.path), ("POST", "/v1/leases"))
        self.assertEqual(request.headers["authorization"], f"Bearer {TOKEN}")
        self.assertEqual(json.loads(request.content), {"credential_id": "cred_1", "key_hash": "ab" * 32})

    def test_the_secret_is_in_no_text_of_a_lease(self) -> None:
        self.assertNotIn("canary", repr(ask(answering(200, GOOD))))

    def test_an_environment_credential_has_a_variable_and_no_secret(self) -> None:
        lease = ask(answering(200, GOOD | {"secret": None, "environment_variable": "OPENAI_API_KEY"}))
        self.assertEqual((lease.secret, lease.environment_variable), (None, "OPENAI_API_KEY"))

    def test_only_the_broker_itself_can_refuse(self) -> None:
        for status, code in ((403, "credential_unusable"), (404, "credential_not_found")):
            with self.subTest(code), self.assertRaises(CredentialRefused) as caught:
                ask(answering(status, {"code": code, "message": "text"}))
            self.assertEqual(caught.exception.code, code)

    def test_anything_else_means_that_it_is_away(self) -> None:
        answers = {
            "wrong token": answering(401, {"code": "broker_token_invalid"}),
            "something else listens there": answering(404, "<html>"),
            "another 404": answering(404, {"code": "route_not_found"}),
            "503": answering(503, {"code": "secret_store_unavailable"}),
            "redirect": lambda _: httpx.Response(302, headers={"location": "http://elsewhere.test/"}),
            "no JSON": answering(200, "not json"),
            "a list": answering(200, [GOOD]),
            "cut": answering(200, json.dumps(GOOD)[:-5]),
            "too long": answering(200, json.dumps(GOOD | {"x": "x" * 70_000})),
        }
        for name, answer in answers.items():
            with self.subTest(name), self.assertRaises(BrokerAway) as caught:
                ask(answer)
            self.assertNotIn("canary", str(caught.exception))

    def test_no_malformed_lease_is_used(self) -> None:
        changes: list[dict[str, Any]] = [
            {"secret": None},
            {"secret": ""},
            {"secret": 7},
            {"secret": "sk-canary\r\nx-injected: 1"},
            {"secret": "sk-schlüssel"},
            {"secret": "sk-canary", "environment_variable": "OPENAI_API_KEY"},
            {"owner_key": None},
            {"fingerprint": 1},
            {"base_url": {}},
            {"fresh_for_ms": "30000"},
            {"fresh_for_ms": True},
            {"usable_for_ms": -1},
            {"usable_for_ms": None},
        ]
        for change in changes:
            with self.subTest(change), self.assertRaises(BrokerAway) as caught:
                ask(answering(200, GOOD | change))
            self.assertNotIn("canary", str(caught.exception))

    def test_faults_of_the_connection(self) -> None:
        for fault in (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout, httpx.ReadError):

            def answer(request: httpx.Request, fault: type[httpx.TransportError] = fault) -> httpx.Response:
                raise fault("canary", request=request)

            with self.subTest(fault.__name__), self.assertRaises(BrokerAway) as caught:
                ask(answer)
            self.assertEqual(str(caught.exception), fault.__name__)

    def test_a_connection_left_over_from_before_a_restart_is_tried_once_more(self) -> None:
        count = 0

        def answer(request: httpx.Request) -> httpx.Response:
            nonlocal count
            count += 1
            if count == 1:
                raise httpx.RemoteProtocolError("Server disconnected", request=request)
            return httpx.Response(200, json=GOOD)

        self.assertEqual(ask(answer).credential_id, "cred_1")
        self.assertEqual(count, 2)


if __name__ == "__main__":
    unittest.main()

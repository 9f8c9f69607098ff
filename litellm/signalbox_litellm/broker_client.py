"""Asks the API's broker for a lease. The broker's word is a lease or a refusal; anything else means that it is away."""

from __future__ import annotations

import asyncio
import logging

import httpx

from .lease import Lease, MalformedLease, parse_lease

CONNECT_SECONDS = 1.0
TOTAL_SECONDS = 3.0
MAX_CONNECTIONS = 20
MAX_BODY_BYTES = 65_536
# 404 alone could come from a wrong address.
REFUSALS = {(403, "credential_unusable"), (404, "credential_not_found")}

logger = logging.getLogger("signalbox.credentials")


class CredentialRefused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BrokerAway(Exception):
    """Safe to log: it names what happened and repeats nothing."""


class BrokerGone(BrokerAway):
    """Nobody listens, or the process ended with the question open: as while the API is restarted."""


class BrokerClient:
    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=60),
            # The broker is ours: no proxy of the environment, no redirect.
            trust_env=False,
            follow_redirects=False,
            transport=transport,
        )

    async def lease(self, credential_id: str, key_hash: str) -> Lease:
        body = {"credential_id": credential_id, "key_hash": key_hash}
        try:
            response = await asyncio.wait_for(self._post(body), TOTAL_SECONDS)
        except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError) as error:
            raise BrokerGone(type(error).__name__) from None
        except (httpx.HTTPError, asyncio.TimeoutError) as error:
            raise BrokerAway(type(error).__name__) from None
        return read_answer(response)

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, body: dict[str, str]) -> httpx.Response:
        try:
            return await self._client.post("/v1/leases", json=body)
        except httpx.RemoteProtocolError:
            # The API was restarted and this connection is left over from before.
            return await self._client.post("/v1/leases", json=body)


def read_answer(response: httpx.Response) -> Lease:
    if len(response.content) > MAX_BODY_BYTES:
        raise BrokerAway("its answer is too long")
    try:
        body = response.json()
    except ValueError:
        raise BrokerAway(f"status {response.status_code} without JSON") from None
    if response.status_code == 200:
        try:
            return parse_lease(body)
        except MalformedLease as error:
            raise BrokerAway(f"unusable lease: {error}") from None
    code = body.get("code") if isinstance(body, dict) else None
    if (response.status_code, code) in REFUSALS:
        raise CredentialRefused(str(code))
    if response.status_code in (400, 401):
        logger.error("the broker refuses this LiteLLM (status %d): compare SIGNALBOX_BROKER_TOKEN of API and runner", response.status_code)
    raise BrokerAway(f"status {response.status_code}")

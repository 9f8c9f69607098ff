"""Small HTTP client: JSON in, JSON out, always with a time limit."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MAX_ANSWER_BYTES = 32 * 1024 * 1024


class RequestFailed(Exception):
    """No usable answer; the text says of what kind."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any


def request_json(method: str, url: str, token: str | None, timeout_seconds: float, body: Any = None) -> Answer:
    parts = urlsplit(url)
    connection_type = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connection_type(parts.hostname or "", parts.port, timeout=timeout_seconds)
    headers = {"accept": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    payload = None
    if body is not None:
        headers["content-type"] = "application/json"
        payload = json.dumps(body)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, payload, headers)
        response = connection.getresponse()
        return Answer(response.status, parse(response.read(MAX_ANSWER_BYTES)))
    except (OSError, http.client.HTTPException) as error:
        raise RequestFailed(type(error).__name__) from error
    finally:
        connection.close()


def parse(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None

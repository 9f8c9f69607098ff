"""The runner's HTTP interface for the edges, the API and people."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .log import log
from .price_map import PriceMap, PriceMapError
from .state_board import StateBoard

MAX_WAIT_MS = 25_000
MAX_SUBSCRIBER_CHARS = 128
SOCKET_TIMEOUT_SECONDS = 60


class RunnerHttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def create_server(
    host: str,
    port: int,
    token: str,
    board: StateBoard,
    is_answering: Callable[[], bool],
    on_wake: Callable[[], None],
    prices: PriceMap,
) -> RunnerHttpServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = SOCKET_TIMEOUT_SECONDS
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/health/liveliness":
                self._send(200, {"status": "ok"})
            elif not self._is_allowed():
                self._send(401, {"error": "a bearer token is required"})
            elif url.path == "/health/readiness":
                self._send_readiness()
            elif url.path == "/state":
                self._send_state(parse_qs(url.query))
            elif url.path == "/litellm/prices":
                self._send_prices()
            else:
                self._send(404, {"error": "not found"})

        def do_POST(self) -> None:
            self._discard_body()
            if not self._is_allowed():
                self._send(401, {"error": "a bearer token is required"})
            elif urlsplit(self.path).path == "/wake":
                on_wake()
                self._send(202, {"accepted": True})
            else:
                self._send(404, {"error": "not found"})

        def _send_readiness(self) -> None:
            ready = is_answering()
            self._send(200 if ready else 503, {"ready": ready, "litellm_status": board.document()["litellm_status"]})

        def _send_state(self, query: dict[str, list[str]]) -> None:
            try:
                after = read_integer(query, "after")
                wait_ms = read_integer(query, "wait_ms") or 0
            except ValueError:
                self._send(400, {"error": "after and wait_ms must be whole numbers"})
                return
            subscriber = query.get("subscriber", [""])[0][:MAX_SUBSCRIBER_CHARS]
            wait_seconds = min(max(wait_ms, 0), MAX_WAIT_MS) / 1000
            self._send(200, board.wait_for_change(after, wait_seconds, subscriber))

        def _send_prices(self) -> None:
            try:
                self._send_bytes(200, prices.packed(), {"content-encoding": "gzip"})
            except PriceMapError as error:
                log("warn", "the price map is not usable", reason=str(error))
                self._send(500, {"error": str(error)})

        def _is_allowed(self) -> bool:
            given = self.headers.get("authorization", "")
            return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())

        def _discard_body(self) -> None:
            length = self.headers.get("content-length", "0")
            if length.isdigit() and int(length) <= 65536:
                self.rfile.read(int(length))
            else:
                self.close_connection = True

        def _send(self, status: int, body: Any) -> None:
            self._send_bytes(status, json.dumps(body).encode(), {})

        def _send_bytes(self, status: int, payload: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:
            """Polls are not worth a line."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                # The caller went away, or this process is ending.
                self.close_connection = True

    return RunnerHttpServer((host, port), Handler)


def read_integer(query: dict[str, list[str]], name: str) -> int | None:
    values = query.get(name)
    return int(values[0]) if values else None

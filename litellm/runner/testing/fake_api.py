"""The API's internal listener, as the runner uses it."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "internal-token-of-the-test"


class FakeApi:
    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.refuse_reports = 0
        self._changed = threading.Condition()
        self._release: dict[str, Any] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def offer(self, release_id: str, config: dict[str, Any], deployment_ids: list[str] | None = None) -> None:
        text = json.dumps(config)
        with self._changed:
            self._release = {
                "release_id": release_id,
                "number": 1,
                "role": "candidate",
                "config_yaml": text,
                "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
                "deployment_ids": config.get("ids", []) if deployment_ids is None else deployment_ids,
            }
            self._changed.notify_all()

    def phases(self, release_id: str) -> list[str]:
        with self._changed:
            return [report["phase"] for report in self.reports if report["release_id"] == release_id]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for_release(self, have: str, wait_seconds: float) -> dict[str, Any] | None:
        deadline = time.monotonic() + wait_seconds
        with self._changed:
            while self._release is None or self._release["release_id"] == have:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self._changed.wait(remaining):
                    return None
            return self._release

    def take_report(self, report: dict[str, Any]) -> bool:
        with self._changed:
            if self.refuse_reports > 0:
                self.refuse_reports -= 1
                return False
            self.reports.append(report)
            return True

    def _handler(api) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                have, wait_ms = query.get("have", [""])[0], int(query["wait_ms"][0])
                release = api.wait_for_release(have, wait_ms / 1000)
                self.send(200 if release else 204, release)

            def do_POST(self) -> None:
                report = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.send(200 if api.take_report(report) else 503, {"accepted": True})

            def send(self, status: int, body: Any) -> None:
                if self.headers["authorization"] != f"Bearer {TOKEN}":
                    status, body = 401, {}
                payload = json.dumps(body).encode() if body is not None else b""
                self.send_response(status)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        return Handler

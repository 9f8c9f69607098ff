"""Behaves like LiteLLM as far as the runner can see, and starts in a tenth of a second. Its "config" is JSON:

{"ids": [...], "version": "1.103.1", "refuses": true, "exit_at_start": false, "silent": false, "drain_seconds": 0,
 "dies_with_database": false}
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ARGUMENTS = dict(zip(sys.argv[1::2], sys.argv[2::2]))
CONFIG: dict[str, Any] = json.loads(Path(ARGUMENTS["--config"]).read_text(encoding="utf-8"))
HAS_DATABASE = "DATABASE_URL" in os.environ


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers: dict[str, Any] = {
            "/health/liveliness": "I'm alive!",
            "/health/readiness": {"status": "healthy", "db": CONFIG.get("db", "connected") if HAS_DATABASE else "Not connected"},
            "/health/readiness/details": {"litellm_version": CONFIG.get("version", "1.103.1")},
            "/model/info": {"data": [{"model_info": {"id": id_}} for id_ in CONFIG.get("ids", [])]},
            "/environment": sorted(os.environ),
        }
        self.send(200, answers[self.path])

    def do_POST(self) -> None:
        self.send(401 if CONFIG.get("refuses", True) else 200, {})

    def send(self, status: int, body: Any) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def main() -> None:
    print("fake litellm starts with key sk-canary-in-the-output", flush=True)
    if CONFIG.get("exit_at_start") or (CONFIG.get("dies_with_database") and HAS_DATABASE):
        print("ValueError: the configuration makes no sense", flush=True)
        sys.exit(3)
    if CONFIG.get("silent"):
        signal.pause()
    server = ThreadingHTTPServer((ARGUMENTS["--host"], int(ARGUMENTS["--port"])), Handler)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ended.wait()
    server.server_close()
    threading.Event().wait(CONFIG.get("drain_seconds", 0))


if __name__ == "__main__":
    main()

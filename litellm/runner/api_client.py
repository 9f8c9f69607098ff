"""Asks the API which release to run, and reports until it is heard."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any
from urllib.parse import urlencode

from .events import EventQueue, NoReleaseOffered, ReleaseOffered
from .http_json import RequestFailed, request_json
from .log import log
from .release_store import InvalidRelease, parse_release
from .settings import Settings

RELEASE_PATH = "/internal/v1/runner/release"
REPORTS_PATH = "/internal/v1/runner/reports"
MAX_WAITING_REPORTS = 100
MAX_DETAIL_CHARS = 4000
REPORT_TIMEOUT_SECONDS = 10.0


class ReleasePoller:
    """One thread holds the long poll; a /wake is asked by another one at once."""

    def __init__(self, settings: Settings, events: EventQueue) -> None:
        self._settings = settings
        self._events = events
        self._have = ""
        self._wake = threading.Event()
        self._stopped = threading.Event()

    def start(self) -> None:
        if self._settings.api_url is None:
            self._events.put(NoReleaseOffered())
            return
        threading.Thread(target=self._poll, name="release-poll", daemon=True).start()
        threading.Thread(target=self._answer_wakes, name="release-wake", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def _poll(self) -> None:
        timings = self._settings.timings
        self._ask_first()
        while not self._stopped.is_set():
            try:
                self._ask(self._have, timings.api_wait, timings.api_wait + 10, asked_again=False)
            except RequestFailed:
                self._stopped.wait(timings.api_retry)

    def _ask_first(self) -> None:
        """Quick: with nothing running, the last good release is started if the API has nothing to say."""
        try:
            offered = self._ask("", 0, self._settings.timings.api_first_answer, asked_again=False)
        except RequestFailed:
            offered = False
        if not offered:
            self._events.put(NoReleaseOffered())

    def _answer_wakes(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait()
            self._wake.clear()
            if not self._stopped.is_set():
                self._ask_quietly()

    def _ask_quietly(self) -> None:
        try:
            self._ask("", 0, REPORT_TIMEOUT_SECONDS, asked_again=True)
        except RequestFailed as error:
            log("warn", "the API did not answer after a wake", error=str(error))

    def _ask(self, have: str, wait_seconds: float, timeout_seconds: float, asked_again: bool) -> bool:
        query = urlencode({"have": have, "wait_ms": int(wait_seconds * 1000)} if have else {"wait_ms": int(wait_seconds * 1000)})
        url = f"{self._settings.api_url}{RELEASE_PATH}?{query}"
        answer = request_json("GET", url, self._settings.internal_token, timeout_seconds)
        if answer.status == 204:
            return False
        if answer.status != 200:
            raise RequestFailed(f"status {answer.status}")
        self._offer(answer.body, asked_again)
        return True

    def _offer(self, document: Any, asked_again: bool) -> None:
        try:
            release = parse_release(document)
        except InvalidRelease as error:
            log("error", "the API offered an unusable release", error=str(error))
            raise RequestFailed("unusable release") from error
        self._have = release.release_id
        self._events.put(ReleaseOffered(release, str(document.get("role", "candidate")), asked_again))


class Reporter:
    """Keeps reports in order and sends each again until the API has acknowledged it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MAX_WAITING_REPORTS)
        self._changed = threading.Condition()
        self._stopped = False

    def start(self) -> None:
        if self._settings.api_url is not None:
            threading.Thread(target=self._run, name="reports", daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def report(self, release_id: str, phase: str, **fields: object) -> None:
        document: dict[str, Any] = {"release_id": release_id, "phase": phase}
        document |= {name: value for name, value in fields.items() if value is not None}
        if isinstance(document.get("detail"), str):
            document["detail"] = document["detail"][:MAX_DETAIL_CHARS]
        with self._changed:
            if document not in self._waiting:
                self._waiting.append(document)
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._waiting)
                if self._stopped:
                    return
                document = self._waiting[0]
            if self._send(document):
                with self._changed:
                    if self._waiting and self._waiting[0] is document:
                        self._waiting.popleft()
            else:
                with self._changed:
                    self._changed.wait_for(lambda: self._stopped, self._settings.timings.report_retry)

    def _send(self, document: dict[str, Any]) -> bool:
        url = f"{self._settings.api_url}{REPORTS_PATH}"
        try:
            answer = request_json("POST", url, self._settings.internal_token, REPORT_TIMEOUT_SECONDS, document)
        except RequestFailed:
            return False
        if 400 <= answer.status < 500 and answer.status not in (401, 403, 408, 409, 425, 429):
            # It will never be accepted, and must not hold up the reports behind it.
            log("error", "the API refused a report", status=answer.status, release_id=document["release_id"])
            return True
        return 200 <= answer.status < 300

"""The old processes after a switch: nobody is sent to them any more, and what they still answer they may finish."""

from __future__ import annotations

import threading

from .litellm_process import Instance, end_instance
from .log import log
from .settings import Timings
from .state_board import StateBoard


class Retirement:
    def __init__(self, board: StateBoard, timings: Timings) -> None:
        self._board = board
        self._timings = timings
        self._instances: list[Instance] = []

    def retire(self, instance: Instance, version: int) -> None:
        """`version` is the state that shows the switch."""
        self._instances = [*self.running(), instance]
        thread = threading.Thread(target=self._drain, args=(instance, version), name=f"drain-{instance.pid}", daemon=True)
        thread.start()

    def running(self) -> list[Instance]:
        return [instance for instance in self._instances if instance.is_running()]

    def _drain(self, instance: Instance, version: int) -> None:
        timings = self._timings
        late = self._board.wait_for_acknowledgements(version, timings.subscriber_window, timings.acknowledgement_wait)
        if late:
            log("warn", "not everybody acknowledged the switch in time", subscribers=late)
        if end_instance(instance, timings.drain):
            log("info", "old LiteLLM ended", pid=instance.pid)
        else:
            log("warn", "old LiteLLM had to be killed", pid=instance.pid)


def end_together(instances: list[Instance], drain_seconds: float) -> None:
    threads = [threading.Thread(target=end_instance, args=(instance, drain_seconds), daemon=True) for instance in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

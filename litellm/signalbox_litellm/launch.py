"""Starts LiteLLM's own command line, quicker and with an orderly end.

Measured with 1.103.1 on two cores, database mode: 9.7 s to liveliness without this file, 5.3 s with it. The garbage
collector walks the millions of objects that importing LiteLLM creates, again and again; they live as long as the
process, so it is off while importing, and afterwards does not look at them any more.
"""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType


def main() -> None:
    # uvicorn drains on SIGTERM and then raises the signal again. The default action would skip the exit handlers,
    # and with them the last flush of the attempt reporter.
    signal.signal(signal.SIGTERM, exit_cleanly)
    gc.disable()
    import litellm.proxy.proxy_server  # noqa: F401
    from litellm.proxy.proxy_cli import run_server

    gc.freeze()
    gc.enable()
    run_server()


def exit_cleanly(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()

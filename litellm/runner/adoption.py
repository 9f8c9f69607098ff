"""A killed runner leaves its LiteLLM running; its successor goes on with it, and ends what is left over."""

from __future__ import annotations

import signal
import threading
from typing import Any

from .litellm_process import Instance
from .log import log
from .processes import is_same_process, kill_group, send, wait_until_gone
from .release_store import InvalidRelease, ReleaseStore
from .settings import Settings
from .state_board import SavedState
from .verification import VerificationFailed, is_live, running_version, verify_deployments, verify_refusal

LIVE_TIMEOUT_SECONDS = 10.0
UNFIT_DRAIN_SECONDS = 10.0


def adopt_or_end(settings: Settings, store: ReleaseStore, saved: SavedState) -> Instance | None:
    active = try_to_adopt(settings, store, saved.active) if saved.active else None
    for process in saved.processes:
        if active is None or process["pid"] != active.pid:
            # A candidate ends at once; one that is being drained goes on draining.
            send(process["pid"], process["token"], signal.SIGTERM)
    if active is None and saved.active:
        threading.Thread(target=end_unfit, args=(saved.active,), name="unfit", daemon=True).start()
    return active


def end_unfit(described: dict[str, Any]) -> None:
    """It may hang, and its port is needed."""
    if not wait_until_gone(described["pid"], described["token"], UNFIT_DRAIN_SECONDS):
        kill_group(described["pid"], described["token"])


def try_to_adopt(settings: Settings, store: ReleaseStore, described: dict[str, Any]) -> Instance | None:
    if not is_same_process(described["pid"], described["token"]):
        return None
    base_url = f"http://{settings.litellm_host}:{described['port']}"
    try:
        release = store.load(described["release_id"])
        if described["port"] != settings.slot_ports[described["slot"]] or not is_live(base_url, LIVE_TIMEOUT_SECONDS):
            return None
        verify_deployments(base_url, release.deployment_ids, settings.master_key)
        verify_refusal(base_url)
        version = running_version(base_url, settings.master_key)
    except (InvalidRelease, VerificationFailed, OSError, ValueError) as error:
        log("warn", "the LiteLLM of an earlier runner is not fit to go on", reason=str(error))
        return None
    return Instance(
        slot=described["slot"],
        port=described["port"],
        release=release,
        database_mode=described["database_mode"],
        pid=described["pid"],
        token=described["token"],
        started_at=described["started_at"],
        log_path=None,
        fingerprint=described["fingerprint"],
        litellm_version=version,
    )

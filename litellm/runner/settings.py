"""Everything that the environment says, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = "127.0.0.1"
SLOTS = ("blue", "green")


class SettingsError(Exception):
    """One sentence for the person who starts the runner."""


@dataclass(frozen=True)
class Timings:
    """Seconds. Tests make them short."""

    start_timeout: float = 150.0
    poll_live: float = 0.1
    subscriber_window: float = 30.0
    acknowledgement_wait: float = 10.0
    drain: float = 900.0
    shutdown_drain: float = 30.0
    quick_crash: float = 60.0
    backoff_first: float = 0.5
    backoff_max: float = 30.0
    api_first_answer: float = 2.0
    api_wait: float = 20.0
    api_retry: float = 1.0
    report_retry: float = 1.0
    health_check: float = 3.0
    health_timeout: float = 10.0
    hung_checks: int = 4
    schema_check: float = 30.0
    database_retry: float = 3.0
    reconnect_patience: float = 45.0
    replace_pause: float = 60.0
    port_wait: float = 15.0


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    litellm_host: str
    slot_ports: Mapping[str, int]
    data_dir: Path
    internal_token: str
    master_key: str
    api_url: str | None
    database_url: str | None
    exit_with_parent: bool
    environment: Mapping[str, str] = field(repr=False)
    timings: Timings = field(default_factory=Timings)


def read_settings(env: Mapping[str, str]) -> Settings:
    return Settings(
        host=env.get("SIGNALBOX_HOST") or LOOPBACK,
        port=read_port(env, "SIGNALBOX_RUNNER_PORT", 4012),
        litellm_host=env.get("SIGNALBOX_LITELLM_HOST") or LOOPBACK,
        slot_ports={
            "blue": read_port(env, "SIGNALBOX_LITELLM_BLUE_PORT", 4013),
            "green": read_port(env, "SIGNALBOX_LITELLM_GREEN_PORT", 4014),
        },
        data_dir=Path(required(env, "SIGNALBOX_RUNNER_DATA_DIR")).resolve(),
        internal_token=required(env, "SIGNALBOX_INTERNAL_TOKEN"),
        master_key=required(env, "LITELLM_MASTER_KEY"),
        api_url=(env.get("SIGNALBOX_API_INTERNAL_URL") or "").rstrip("/") or None,
        database_url=env.get("LITELLM_DATABASE_URL") or None,
        exit_with_parent=env.get("SIGNALBOX_EXIT_WITH_PARENT") == "1",
        environment=require_context_keys(env),
    )


def require_context_keys(env: Mapping[str, str]) -> Mapping[str, str]:
    required(env, "SIGNALBOX_CONTEXT_SIGNING_KEYS")
    return dict(env)


def required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def read_port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError(f"{name} is not a port number: {text}")
    return int(text)

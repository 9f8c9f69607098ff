"""A provider key, and for how long it may be used without and with doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lease:
    credential_id: str
    owner_key: str
    fingerprint: str
    secret: str | None = field(repr=False)
    environment_variable: str | None
    base_url: str | None
    base_url_is_trusted: bool
    fresh_seconds: float
    usable_seconds: float


@dataclass(frozen=True)
class CredentialUse:
    """With which key an attempt was made; the secret only to take it out of texts of the provider."""

    credential_id: str
    fingerprint: str
    secret: str = field(repr=False)


class MalformedLease(ValueError):
    """The message names a field and never repeats a value."""


def parse_lease(body: Any) -> Lease:
    if not isinstance(body, Mapping):
        raise MalformedLease("the body")
    secret, variable = optional_text(body, "secret"), optional_text(body, "environment_variable")
    if (secret is None) == (variable is None) or not is_header_safe(secret or ""):
        raise MalformedLease("secret")
    return Lease(
        credential_id=text(body, "credential_id"),
        owner_key=text(body, "owner_key"),
        fingerprint=text(body, "fingerprint"),
        secret=secret,
        environment_variable=variable,
        base_url=optional_text(body, "base_url"),
        base_url_is_trusted=body.get("base_url_is_trusted") is True,
        fresh_seconds=seconds(body, "fresh_for_ms"),
        usable_seconds=seconds(body, "usable_for_ms"),
    )


def is_header_safe(value: str) -> bool:
    return value.isascii() and value.isprintable()


def text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedLease(name)
    return value


def optional_text(body: Mapping[str, Any], name: str) -> str | None:
    return None if body.get(name) is None else text(body, name)


def seconds(body: Mapping[str, Any], name: str) -> float:
    value = body.get(name)
    if type(value) not in (int, float) or not 0 <= value < float("inf"):
        raise MalformedLease(name)
    return value / 1000

"""The signed context: `sb1.<kid>.<payload>.<mac>` with mac = HMAC-SHA256(key, "sb1.<kid>.<payload>"), all base64url.

The edge says with it who calls, and LiteLLM believes nothing else on LLM routes. No error text contains the token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

VERSION = "sb1"
KEY_BYTES = 32
MAX_TOKEN_CHARS = 4096
LIFETIME_SECONDS = 60
CLOCK_SKEW_SECONDS = 30

REQUIRED_TEXT = {"rid": "rid", "m": "method", "p": "path", "kh": "key_hash", "key": "key_id", "ws": "workspace_id", "org": "organization_id"}
OPTIONAL_TEXT = {"mdl": "model", "dep": "deployment_id", "cred": "credential_id", "prov": "provider_id"}


class ContextError(Exception):
    """Why a context was refused. `reason` is stable and safe to log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SignedContext:
    issued_at: int
    expires_at: int
    rid: str
    method: str
    path: str
    key_hash: str
    key_id: str
    workspace_id: str
    organization_id: str
    model: str | None
    deployment_id: str | None
    credential_id: str | None
    provider_id: str | None


KeyRing = Mapping[str, bytes]


def parse_key_ring(text: str) -> dict[str, bytes]:
    """`kid:base64url32,kid2:...`; the first one signs."""
    ring: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        kid, separator, encoded = entry.partition(":")
        key = decode_base64url(encoded)
        if not kid or not separator or key is None or len(key) != KEY_BYTES:
            raise ValueError("SIGNALBOX_CONTEXT_SIGNING_KEYS must be kid:base64url of 32 bytes, separated by commas")
        ring[kid] = key
    if not ring:
        raise ValueError("SIGNALBOX_CONTEXT_SIGNING_KEYS is empty")
    return ring


def sign_payload(payload: bytes, kid: str, key: bytes) -> str:
    head = f"{VERSION}.{kid}.{encode_base64url(payload)}"
    return f"{head}.{mac_of(head, key)}"


def verify_context(token: str, ring: KeyRing, method: str, path: str, now: float) -> SignedContext:
    claims = read_claims(token, ring)
    context = to_context(claims)
    if context.issued_at > now + CLOCK_SKEW_SECONDS:
        refuse("issued_in_future")
    if context.expires_at + CLOCK_SKEW_SECONDS < now:
        refuse("expired")
    if context.method != method:
        refuse("method_mismatch")
    if context.path != path:
        refuse("path_mismatch")
    return context


def read_claims(token: str, ring: KeyRing) -> dict[str, object]:
    parts = token.split(".")
    if len(token) > MAX_TOKEN_CHARS or len(parts) != 4 or parts[0] != VERSION or not token.isascii():
        refuse("malformed")
    _, kid, payload, mac = parts
    key = ring.get(kid)
    if key is None:
        refuse("unknown_key")
    if not hmac.compare_digest(mac_of(f"{VERSION}.{kid}.{payload}", key), mac):
        refuse("bad_signature")
    return parse_claims(payload)


def parse_claims(payload: str) -> dict[str, object]:
    decoded = decode_base64url(payload)
    try:
        claims = json.loads(decoded) if decoded is not None else None
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        refuse("malformed")
    return claims


def to_context(claims: Mapping[str, object]) -> SignedContext:
    issued_at, expires_at = to_seconds(claims.get("iat")), to_seconds(claims.get("exp"))
    if not 0 < expires_at - issued_at <= LIFETIME_SECONDS:
        refuse("malformed")
    required = {field: required_text(claims.get(name)) for name, field in REQUIRED_TEXT.items()}
    optional = {field: optional_text(claims.get(name)) for name, field in OPTIONAL_TEXT.items()}
    return SignedContext(issued_at=issued_at, expires_at=expires_at, **required, **optional)


def to_seconds(value: object) -> int:
    if type(value) is not int:
        refuse("malformed")
    return value


def required_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        refuse("malformed")
    return value


def optional_text(value: object) -> str | None:
    return None if value is None else required_text(value)


def mac_of(head: str, key: bytes) -> str:
    return encode_base64url(hmac.new(key, head.encode("ascii"), hashlib.sha256).digest())


def encode_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes | None:
    if "=" in text:
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def refuse(reason: str) -> NoReturn:
    raise ContextError(reason)

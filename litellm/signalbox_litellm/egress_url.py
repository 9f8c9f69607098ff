"""Addresses of the edge's relay: `<relay>/egress/<base64url(base URL)>.<kid>.<mac>`, mac = HMAC-SHA256(key, "egress1." + base64url(base URL)).

A base URL that a tenant chose is never called from here: the relay checks the address that it connects to, and the mac
lets it reach nothing that the broker did not name.
"""

from __future__ import annotations

import hashlib
import hmac

from .context_token import KeyRing, encode_base64url

PURPOSE = "egress1"


class EgressRelay:
    def __init__(self, relay_url: str, ring: KeyRing) -> None:
        self._relay_url = relay_url.rstrip("/")
        self._kid, self._key = next(iter(ring.items()))

    def url_for(self, base_url: str) -> str:
        encoded = encode_base64url(base_url.encode())
        mac = hmac.new(self._key, f"{PURPOSE}.{encoded}".encode("ascii"), hashlib.sha256).digest()
        return f"{self._relay_url}/egress/{encoded}.{self._kid}.{encode_base64url(mac)}"

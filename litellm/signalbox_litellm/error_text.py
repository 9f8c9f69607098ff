"""Takes the provider key out of what a provider answered: some quote the key that they refuse, and LiteLLM writes such a
text into its log and its tables. It changes the exception that is on its way through LiteLLM."""

from __future__ import annotations

import logging
from typing import Any

from .provider_keys import use_of

MASK = "[provider key]"
TEXT_FIELDS = ("message", "body", "litellm_debug_info", "text", "detail")
PAYLOAD_FIELDS = ("error_information", "error_str")
MAX_CHAIN = 8
# A shorter value would be found in ordinary words.
MIN_SECRET_CHARS = 8

logger = logging.getLogger("signalbox.credentials")


def hide_secret_of(details: Any) -> None:
    try:
        use = use_of(details)
        if use is not None and len(use.secret) >= MIN_SECRET_CHARS:
            hide_secret(details.get("exception"), use.secret)
            hide_in_payload(details.get("standard_logging_object"), use.secret)
    except Exception as error:  # noqa: BLE001 - the client gets the error in any case
        logger.warning("the text of an error was not looked through: %s", type(error).__name__)


def hide_secret(error: Any, secret: str) -> None:
    for _ in range(MAX_CHAIN):
        if not isinstance(error, BaseException):
            return
        error.args = tuple(without_secret(value, secret) for value in error.args)
        for name in TEXT_FIELDS:
            value = getattr(error, name, None)
            if contains(value, secret):
                setattr(error, name, without_secret(value, secret))
        error = error.__cause__ or error.__context__


def hide_in_payload(payload: Any, secret: str) -> None:
    """What other callbacks of LiteLLM would be given."""
    for name in PAYLOAD_FIELDS:
        if isinstance(payload, dict) and contains(payload.get(name), secret):
            payload[name] = without_secret(payload[name], secret)


def contains(value: Any, secret: str) -> bool:
    return isinstance(value, (str, dict, list)) and secret in str(value)


def without_secret(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, MASK)
    if isinstance(value, dict):
        return {name: without_secret(item, secret) for name, item in value.items()}
    if isinstance(value, list):
        return [without_secret(item, secret) for item in value]
    return value

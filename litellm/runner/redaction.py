"""Takes whatever looks like a secret out of a text before it reaches a file, a report or a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "[redacted]"
MIN_SECRET_CHARS = 8

PATTERNS = (
    # Signed contexts, before anything that could match a part of them.
    re.compile(r"sb1\.[\w-]+\.[\w-]+\.[\w-]+"),
    re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"),
    # OpenAI, Anthropic, OpenRouter, LiteLLM, ours; then Google, Groq, Hugging Face, xAI, Perplexity, AWS, GitHub; Fireworks, Together.
    re.compile(r"\b(?:sk|sbt)[-_][\w*-]{8,}"),
    re.compile(r"\bAIza[\w-]{30,}|\bgsk_\w{16,}|\bhf_\w{16,}|\bxai-\w{16,}|\bpplx-\w{16,}|\bAKIA\w{12,}|\bgh[pousr]_\w{16,}"),
    re.compile(r"\bAQ\.[\w-]{20,}|\bfw_\w{16,}|\btgp_v1_[\w-]{16,}"),
    re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"),
)
URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]*:)[^\s@]+(@)")
NAMED_VALUE = re.compile(
    r"(?i)(\b[\w-]*(?:api[-_]?key|secret|password|authorization|access[-_]?token|auth[-_]?token)\b[\"']?\s*[:=]\s*[\"']?)([^\s\"',;}&]{8,})"
)


class Redactor:
    """Knows the secrets of this installation by value, and the shapes of everybody's."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = URL_PASSWORD.sub(rf"\1{MASK}\2", text)
        for pattern in PATTERNS:
            text = pattern.sub(MASK, text)
        return NAMED_VALUE.sub(keep_name, text)


def keep_name(found: re.Match[str]) -> str:
    # `api_key: os.environ/NAME` names a variable and is worth reading.
    if found.group(2).startswith(("os.environ", MASK)):
        return found.group(0)
    return f"{found.group(1)}{MASK}"

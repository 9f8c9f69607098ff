"""The routes that the edge may call with a signed context. The table is ../llm-routes.json, shared with the edge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

TABLE_PATH = Path(__file__).resolve().parent.parent / "llm-routes.json"
ID_PLACEHOLDER = "{id}"


@dataclass(frozen=True)
class LlmRoutes:
    exact: frozenset[tuple[str, str]]
    prefixes: tuple[tuple[str, str], ...]

    def contains(self, method: str, path: str) -> bool:
        if (method, path) in self.exact:
            return True
        # Model ids contain slashes ("openai/gpt-4o"), so an id is everything after the prefix.
        return any(
            method == known and path.startswith(prefix) and len(path) > len(prefix) for known, prefix in self.prefixes
        )


def load_llm_routes(path: Path = TABLE_PATH) -> LlmRoutes:
    routes = json.loads(path.read_text(encoding="utf-8"))["routes"]
    exact: set[tuple[str, str]] = set()
    prefixes: list[tuple[str, str]] = []
    for route in routes:
        if route["path"].endswith(ID_PLACEHOLDER):
            prefixes.append((route["method"], route["path"][: -len(ID_PLACEHOLDER)]))
        else:
            exact.add((route["method"], route["path"]))
    return LlmRoutes(frozenset(exact), tuple(prefixes))

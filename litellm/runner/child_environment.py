"""What LiteLLM's process may see. An allow-list: it gets no secret of Signalbox that it does not need."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from .prisma_engine import EngineChoice

LITELLM_DIR = Path(__file__).resolve().parent.parent
# The stand-in for the `prisma` command; see the file.
SHIM_DIR = LITELLM_DIR / "engine" / "bin"

PROVIDER_KEYS = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "OPENROUTER_API_KEY",
    "GEMINI_API_KEY",
    "MISTRAL_API_KEY",
    "COHERE_API_KEY",
    "GROQ_API_KEY",
    "TOGETHERAI_API_KEY",
    "FIREWORKS_AI_API_KEY",
    "PERPLEXITYAI_API_KEY",
    "HUGGINGFACE_API_KEY",
)
OWN_SECRETS = ("LITELLM_MASTER_KEY", "LITELLM_SALT_KEY", "SIGNALBOX_CONTEXT_SIGNING_KEYS", "SIGNALBOX_BROKER_TOKEN")
# How the callback gets at the provider keys of tenants.
DELIVERY = ("SIGNALBOX_BROKER_URL", "SIGNALBOX_EGRESS_URL", "SIGNALBOX_SECRET_MAX_STALE_SECONDS")
URL_NAMES = ("REDIS_URL", "LITELLM_DATABASE_URL")
SYSTEM = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    # Set by the upstream image.
    "PRISMA_BINARY_CACHE_DIR",
    "PRISMA_OFFLINE_MODE",
    "XDG_CACHE_HOME",
    "LITELLM_NON_ROOT",
    "LITELLM_ASSETS_PATH",
)
FIXED = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "WARNING",
    "LITELLM_TELEMETRY": "False",
    "LITELLM_DONT_SHOW_FEEDBACK_BOX": "true",
    "NO_DOCS": "True",
    "NO_REDOC": "True",
    "DISABLE_ADMIN_UI": "True",
    # Nothing is fetched at start: prices and templates come with the package.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    # migrate.mjs owns the schema.
    "DISABLE_SCHEMA_UPDATE": "true",
    # The longest stream must be able to end; the runner bounds the drain itself.
    "GRACEFUL_SHUTDOWN_TIMEOUT": "900",
    "PYTHONUNBUFFERED": "1",
    "PRISMA_HEALTH_WATCHDOG_INTERVAL_SECONDS": "10",
}


def build_child_environment(
    env: Mapping[str, str], home: Path, engine: EngineChoice, database_url: str | None
) -> dict[str, str]:
    child = {name: env[name] for name in (*SYSTEM, *OWN_SECRETS, *PROVIDER_KEYS, *DELIVERY) if env.get(name)}
    child |= FIXED
    child["HOME"] = str(home)
    child["PATH"] = f"{SHIM_DIR}{os.pathsep}{env.get('PATH', os.defpath)}"
    # LiteLLM imports custom_auth and callbacks by name. This folder holds no package named litellm, its parent does.
    child["PYTHONPATH"] = str(LITELLM_DIR)
    # Not as REDIS_URL: LiteLLM would take that for its own cache.
    if env.get("REDIS_URL"):
        child["SIGNALBOX_REDIS_URL"] = env["REDIS_URL"]
    child["SIGNALBOX_REDIS_PREFIX"] = env.get("SIGNALBOX_REDIS_PREFIX") or "sb"
    child |= reach_directly(env.get("SIGNALBOX_EGRESS_URL", ""), child)
    if database_url is not None and engine.path is not None:
        child["DATABASE_URL"] = database_url
        child["PRISMA_QUERY_ENGINE_BINARY"] = engine.path
    return child


def reach_directly(url: str, child: Mapping[str, str]) -> dict[str, str]:
    """Own base URLs lead to the edge's relay, which a proxy of the environment must not stand in front of."""
    host = urlsplit(url).hostname
    if host is None or not any(child.get(name) for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")):
        return {}
    direct = ",".join(filter(None, (child.get("NO_PROXY"), child.get("no_proxy"), host)))
    return {"NO_PROXY": direct, "no_proxy": direct}


def secret_values(env: Mapping[str, str]) -> list[str]:
    """Every value that must never be printed, also the parts of lists and URLs."""
    names = (*OWN_SECRETS, *PROVIDER_KEYS, *URL_NAMES, "SIGNALBOX_INTERNAL_TOKEN")
    values = [env[name] for name in names if env.get(name)]
    values += [password for name in URL_NAMES if (password := urlsplit(env.get(name, "")).password)]
    values += [entry.partition(":")[2] for entry in env.get("SIGNALBOX_CONTEXT_SIGNING_KEYS", "").split(",")]
    return [value for value in values if value]

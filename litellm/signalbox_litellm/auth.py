"""LiteLLM's custom_auth. It believes the edge's signed context on LLM routes and the master key on admin routes.

LiteLLM checks no role after a custom auth function (without custom_auth_run_common_checks), so an identity that got
past here could create keys: every path that is not an LLM route is refused to a context by this module itself.
"""

from __future__ import annotations

import hmac
import logging
import os
import time
from typing import NoReturn

from fastapi import Request
from litellm.proxy._types import LitellmUserRoles, ProxyException, UserAPIKeyAuth
from litellm.proxy.auth.route_checks import RouteChecks

from .call_facts import METADATA_FIELD, facts_of_context
from .context_token import ContextError, SignedContext, parse_key_ring, verify_context
from .llm_routes import load_llm_routes

CONTEXT_HEADER = "x-signalbox-context"
ERROR_TYPE = "signalbox_context_error"
# What the control plane reads with the master key although LiteLLM counts it among the LLM routes.
MASTER_KEY_READS = frozenset({"/v1/models", "/models", "/model/info", "/v1/model/info"})

logger = logging.getLogger("signalbox.auth")

_ring = parse_key_ring(os.environ.get("SIGNALBOX_CONTEXT_SIGNING_KEYS", ""))
_routes = load_llm_routes()
_master_key = os.environ.get("LITELLM_MASTER_KEY", "").encode()


async def user_api_key_auth(request: Request, api_key: str | None) -> UserAPIKeyAuth:
    # LiteLLM hands over websockets as a request without a method; no context is ever signed for one.
    method = request.scope.get("method")
    path = request.scope["path"]
    token = request.headers.get(CONTEXT_HEADER)
    if method is None:
        refuse("websockets are not served", path)
    if token is not None:
        return identify(authenticate_context(token, method, path))
    if not is_master_key(api_key):
        refuse("a signed context is required", path)
    if not is_open_to_master_key(method, path):
        refuse("LLM routes are open to a signed context only", path)
    return UserAPIKeyAuth(
        api_key=api_key,
        user_role=LitellmUserRoles.PROXY_ADMIN,
        # LiteLLM's own name for whoever holds the master key (litellm_proxy_admin_name in proxy_server.py).
        user_id="default_user_id",
    )


def authenticate_context(token: str, method: str, path: str) -> SignedContext:
    if not _routes.contains(method, path):
        refuse("a context opens LLM routes only", path)
    try:
        return verify_context(token, _ring, method, path, time.time())
    except ContextError as error:
        refuse(f"the signed context was refused: {error.reason}", path)


def identify(context: SignedContext) -> UserAPIKeyAuth:
    """LiteLLM books spend and logs on this key hash and team, whether or not its database knows them."""
    return UserAPIKeyAuth(
        api_key=context.key_hash,
        token=context.key_hash,
        team_id=context.workspace_id,
        org_id=None,
        models=[],
        user_role=LitellmUserRoles.INTERNAL_USER,
        metadata={METADATA_FIELD: facts_of_context(context)},
    )


def is_master_key(api_key: str | None) -> bool:
    return bool(_master_key) and api_key is not None and hmac.compare_digest(api_key.encode(), _master_key)


def is_open_to_master_key(method: str, path: str) -> bool:
    if path.startswith("/health") or (method == "GET" and path in MASTER_KEY_READS):
        return True
    return not _routes.contains(method, path) and not RouteChecks.is_llm_api_route(route=path)


def refuse(message: str, path: str) -> NoReturn:
    logger.info("refused %s: %s", path, message)
    raise ProxyException(message=message, type=ERROR_TYPE, param=None, code=401)

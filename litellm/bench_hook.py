"""What the callback adds to a call whose lease is warm: both of its methods, one after the other, as LiteLLM calls them.

VENV/bin/python litellm/bench_hook.py [CALLS]  prints one JSON object; the times are in microseconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

from signalbox_litellm.call_facts import CallFacts  # noqa: E402
from signalbox_litellm.context_token import parse_key_ring  # noqa: E402
from signalbox_litellm.credential_cache import CredentialCache  # noqa: E402
from signalbox_litellm.egress_url import EgressRelay  # noqa: E402
from signalbox_litellm.hook import AttemptReporter  # noqa: E402
from signalbox_litellm.lease import Lease  # noqa: E402
from signalbox_litellm.leases import Leases  # noqa: E402
from signalbox_litellm.provider_keys import ProviderKeys  # noqa: E402

WARM_UP_CALLS = 500
CREDENTIALS = 1_000
DEPLOYMENTS = 5
RING = parse_key_ring("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")


class BenchBroker:
    """Every other credential has a base URL of its own, which is signed for each call."""

    async def lease(self, credential_id: str, key_hash: str) -> Lease:
        base_url = "https://llm.example.com/v1" if int(credential_id) % 2 else None
        return Lease(credential_id, "ws_1", "ab", "sk-bench", None, base_url, False, 3600, 3600)


class BenchLink:
    def is_linked(self) -> bool:
        return True

    def ensure_running(self, leases: Leases) -> None:
        pass


def make_call(number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    info = {"provider_id": "prov_1", "needs_key": True, "env": {}}
    deployments = [{"model_info": {"id": f"dep_{index}", "signalbox": info}} for index in range(DEPLOYMENTS)]
    facts = CallFacts(
        deployment_id="dep_3",
        provider_id="prov_1",
        credential_id=str(number % CREDENTIALS),
        key_hash="ab" * 32,
        workspace_id="ws_1",
        organization_id="org_1",
    )
    kwargs = {
        "metadata": {"user_api_key_metadata": {"signalbox": facts}},
        "api_key": "byok-credential-missing",
        "litellm_logging_obj": SimpleNamespace(model_call_details={}),
    }
    return kwargs, deployments


async def one_call(reporter: AttemptReporter, number: int) -> float:
    kwargs, deployments = make_call(number)
    started_at = time.perf_counter()
    kept = await reporter.async_filter_deployments("smart", deployments, None, kwargs)
    await reporter.async_pre_call_deployment_hook(kwargs | {"model_info": kept[0]["model_info"]}, None)
    return time.perf_counter() - started_at


async def measure(calls: int) -> list[float]:
    leases = Leases(BenchBroker(), CredentialCache(), lambda: True, time.monotonic)
    keys = ProviderKeys(leases, BenchLink(), EgressRelay("http://127.0.0.1:4019", RING), {})  # type: ignore[arg-type]
    reporter = AttemptReporter(None, keys)
    for number in range(CREDENTIALS + WARM_UP_CALLS):
        await one_call(reporter, number)
    return [await one_call(reporter, number) for number in range(calls)]


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    times = sorted(asyncio.run(measure(calls)))

    def percentile(share: float) -> float:
        return round(times[min(len(times) - 1, int(len(times) * share))] * 1_000_000, 1)

    print(json.dumps({"calls": calls, "p50_us": percentile(0.5), "p99_us": percentile(0.99), "max_us": percentile(1)}))


if __name__ == "__main__":
    main()

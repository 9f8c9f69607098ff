"""One day through LiteLLM's own Router, with its own strategy, retries and cooldowns: `python litellm_day.py FOLDER STRATEGY SEED`.

The clock is simulated: the event loop jumps to its next timer, and time.time and datetime.now follow it. The providers are simulated
where LiteLLM calls one: the coroutine that every provider's handler returns. All else is LiteLLM, unmodified. The day (requests,
outcomes of each attempt, prices) comes from day.ts as files in FOLDER; what came of each request goes to FOLDER/STRATEGY.json.
"""

from __future__ import annotations

import array
import asyncio
import datetime
import json
import logging
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

START = 1_800_000_000.0
KIND_STEP = 1_000_000


class SimulatedClock:
    # Since the start: beside a Unix time a float has no room for the timers' small parts, and one would never be due.
    elapsed = 0.0

    @classmethod
    def now(cls) -> float:
        return START + cls.elapsed


class SimulatedDatetime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> SimulatedDatetime:
        return cls.fromtimestamp(SimulatedClock.now(), tz)

    @classmethod
    def utcnow(cls) -> SimulatedDatetime:
        return cls.fromtimestamp(SimulatedClock.now(), datetime.timezone.utc).replace(tzinfo=None)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Never waits: when nothing is ready, the clock jumps to the next timer."""

    def time(self) -> float:
        return SimulatedClock.elapsed

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            when = self._scheduled[0]._when  # type: ignore[attr-defined]
            SimulatedClock.elapsed = max(SimulatedClock.elapsed, when)
        super()._run_once()  # type: ignore[misc]

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        # In a thread it would take real time, for which the clock would not wait.
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except BaseException as error:  # noqa: BLE001 - a future carries whatever was raised
            future.set_exception(error)
        return future


os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOG"] = "CRITICAL"
time.time = SimulatedClock.now
datetime.datetime = SimulatedDatetime  # type: ignore[misc]

import anyio.to_thread  # noqa: E402 - the clock must be in place first
import httpx  # noqa: E402
import litellm  # noqa: E402
import litellm.main  # noqa: E402
from litellm import Router  # noqa: E402
from litellm.litellm_core_utils.streaming_handler import CustomStreamWrapper  # noqa: E402
from litellm.types.utils import GenericStreamingChunk  # noqa: E402



async def run_at_once(func: Callable[..., Any], *args: Any, **_options: Any) -> Any:
    return func(*args)


# As run_in_executor of the loop: a thread takes real time.
anyio.to_thread.run_sync = run_at_once  # type: ignore[assignment]
litellm.suppress_debug_info = True
# The deployments have prices of their own. LiteLLM goes through all 4,000 entries of its map for each of them, at each call.
litellm.model_cost.clear()
for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
    logging.getLogger(name).setLevel(logging.CRITICAL)


class Day:
    def __init__(self, folder: Path) -> None:
        facts = json.loads((folder / "day.json").read_text())
        self.requests: list[list[int]] = facts["requests"]
        self.deployments: list[dict[str, Any]] = facts["deployments"]
        self.price_changes: list[dict[str, Any]] = facts["price_changes"]
        self.attempts_limit: int = facts["attempt_limit"]
        self.retry_after_ms: int = facts["retry_after_ms"]
        self.failures: list[str] = facts["failures"]
        self.places = {one["id"]: place for place, one in enumerate(self.deployments)}
        self.outcomes = array.array("i")
        with (folder / "outcomes.bin").open("rb") as file:
            self.outcomes.fromfile(file, len(self.requests) * len(self.deployments) * self.attempts_limit)

    def outcome(self, request: int, deployment: int, attempt: int) -> int:
        attempt = min(attempt, self.attempts_limit - 1)
        return self.outcomes[(request * len(self.deployments) + deployment) * self.attempts_limit + attempt]


class Providers:
    """What stands behind LiteLLM's handlers."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.tries: dict[tuple[int, int], int] = {}
        self.last: dict[int, int] = {}
        self.attempts: dict[int, int] = {}

    async def call(self, context: Any) -> CustomStreamWrapper:
        request = int(context.messages[0]["content"].split(" ", 1)[0])
        deployment = self.day.places[context.model]
        tried = self.tries.get((request, deployment), 0)
        self.tries[request, deployment] = tried + 1
        self.attempts[request] = self.attempts.get(request, 0) + 1
        self.last[request] = deployment
        outcome = self.day.outcome(request, deployment, tried)
        if outcome < 0:
            kind, after_ms = divmod(-outcome, KIND_STEP)
            await asyncio.sleep(after_ms / 1000)
            raise self.error(self.day.failures[kind - 1], context.model)
        await asyncio.sleep(outcome / 1000)
        answer_tokens = self.day.requests[request][2]
        return CustomStreamWrapper(
            completion_stream=stream(self.day.requests[request][1], answer_tokens),
            model=context.model,
            custom_llm_provider="simulated",
            logging_obj=context.logging,
        )

    def error(self, kind: str, model: str) -> Exception:
        fields = {"message": kind, "model": model, "llm_provider": "simulated"}
        if kind == "hang":
            return litellm.Timeout(**fields)
        if kind == "connect":
            return litellm.APIConnectionError(**fields)
        if kind == "rate":
            headers = {"retry-after": str(self.day.retry_after_ms // 1000)}
            request = httpx.Request("POST", "http://simulated")
            return litellm.RateLimitError(**fields, response=httpx.Response(429, headers=headers, request=request))
        return litellm.ServiceUnavailableError(**fields)


async def stream(prompt_tokens: int, answer_tokens: int):
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": answer_tokens,
        "total_tokens": prompt_tokens + answer_tokens,
    }
    yield GenericStreamingChunk(
        text="ok", is_finished=True, finish_reason="stop", index=0, tool_use=None, usage=usage  # type: ignore[typeddict-item]
    )


def router_of(day: Day, strategy: str) -> Router:
    models = [
        {
            "model_name": "all",
            "litellm_params": {
                "model": f"simulated/{one['id']}",
                "input_cost_per_token": one["input"] / 1e12,
                "output_cost_per_token": one["output"] / 1e12,
            },
            "model_info": {"id": one["id"]},
        }
        for one in day.deployments
    ]
    # Everything else as LiteLLM has it by default: cooldowns of 5 s after more than half of 5 calls a minute have failed, or a 429.
    return Router(model_list=models, routing_strategy=strategy, num_retries=day.attempts_limit - 1)  # type: ignore[arg-type]


async def reprice(day: Day, router: Router) -> None:
    for change in day.price_changes:
        await until(change["at_ms"])
        for deployment in router.model_list:
            if deployment["model_info"]["id"] == change["id"]:
                deployment["litellm_params"]["input_cost_per_token"] = change["input"] / 1e12
                deployment["litellm_params"]["output_cost_per_token"] = change["output"] / 1e12


async def until(at_ms: float) -> None:
    await asyncio.sleep(max(0.0, at_ms / 1000 - SimulatedClock.elapsed))


async def one_request(index: int, router: Router, providers: Providers, served: list[Any]) -> None:
    at_ms, prompt_tokens, _ = providers.day.requests[index]
    await until(at_ms)
    began = SimulatedClock.elapsed
    deployment: int | None = None
    total_ms = 0
    try:
        text = f"{index} question"
        answer = await router.acompletion(model="all", messages=[{"role": "user", "content": text}], stream=True)
        async for _chunk in answer:
            if deployment is None:
                total_ms = round((SimulatedClock.elapsed - began) * 1000)
                deployment = providers.last[index]
    except Exception:  # noqa: BLE001 - whatever it is, the client has no answer
        total_ms = round((SimulatedClock.elapsed - began) * 1000)
    served[index] = [deployment, total_ms, providers.attempts.get(index, 0)]


async def requests_of_day(day: Day, router: Router, providers: Providers) -> list[Any]:
    served: list[Any] = [None] * len(day.requests)
    running: set[asyncio.Task[None]] = set()
    for index, (at_ms, _, _) in enumerate(day.requests):
        await until(at_ms)
        task = asyncio.create_task(one_request(index, router, providers, served))
        running.add(task)
        task.add_done_callback(running.discard)
    while running:
        await asyncio.wait(running)
    return served


async def main(folder: Path, strategy: str) -> None:
    day = Day(folder)
    providers = Providers(day)
    litellm.custom_provider_map = [{"provider": "simulated", "custom_handler": None}]  # type: ignore[typeddict-item]
    litellm._custom_providers.append("simulated")  # noqa: SLF001
    # The place where LiteLLM hands over to a provider: every handler returns a coroutine there.
    litellm.main._complete_custom_providers = providers.call  # type: ignore[assignment]  # noqa: SLF001
    router = router_of(day, strategy)
    prices = asyncio.create_task(reprice(day, router))
    served = await requests_of_day(day, router, providers)
    prices.cancel()
    (folder / f"{strategy}.json").write_text(json.dumps(served))


if __name__ == "__main__":
    _, folder_name, strategy_name, seed = sys.argv
    random.seed(int(seed))
    loop = SimulatedLoop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(main(Path(folder_name), strategy_name))
    # Threads of LiteLLM's own would wait for work that never comes.
    os._exit(0)

import asyncio
import unittest
from collections.abc import Awaitable, Callable

from signalbox_litellm.broker_client import BrokerAway, BrokerGone, CredentialRefused
from signalbox_litellm.credential_cache import CredentialCache, LeaseKey, Subject
from signalbox_litellm.lease import Lease
from signalbox_litellm.leases import Leases
from signalbox_litellm.refusal import CREDENTIAL_UNAVAILABLE, CREDENTIAL_UNUSABLE, CallRefused

KEY = LeaseKey("cred_1", "hash_1")
SUBJECTS = frozenset({Subject("key", "hash_1"), Subject("workspace", "ws_1"), Subject("organization", "org_1")})
OWNER = Subject("credentials", "ws_1")


class FakeBroker:
    """Answers with sk-1, sk-2, ...; each answer waits for its gate if there is one."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: Exception | None = None
        self.gone_times = 0
        self.gates: dict[int, asyncio.Event] = {}

    async def lease(self, credential_id: str, key_hash: str) -> Lease:
        self.asked += 1
        number, failure = self.asked, self.failure
        if number in self.gates:
            await self.gates[number].wait()
        if failure is not None or number <= self.gone_times:
            raise failure or BrokerGone("ConnectError")
        return Lease(credential_id, "ws_1", "ab", f"sk-{number}", None, None, False, 30, 1800)


class World:
    def __init__(self) -> None:
        self.now = 1000.0
        self.is_linked = True
        self.broker = FakeBroker()
        self.leases = Leases(self.broker, CredentialCache(), lambda: self.is_linked, lambda: self.now, (0.0,) * 3)

    async def get(self) -> str | None:
        return (await self.leases.get(KEY, SUBJECTS)).secret

    async def refusal(self) -> str:
        try:
            await self.get()
        except CallRefused as error:
            return error.type
        return "none"


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class LeasesTest(unittest.TestCase):
    def run_in(self, story: Callable[[World], Awaitable[None]]) -> None:
        async def run() -> None:
            await story(World())

        asyncio.run(run())

    def test_calls_at_the_same_time_ask_once(self) -> None:
        async def story(world: World) -> None:
            self.assertEqual(await asyncio.gather(*[world.get() for _ in range(20)]), ["sk-1"] * 20)
            self.assertEqual(await world.get(), "sk-1")
            self.assertEqual(world.broker.asked, 1)

        self.run_in(story)

    def test_a_caller_that_goes_away_does_not_end_the_question_of_the_others(self) -> None:
        async def story(world: World) -> None:
            world.broker.gates[1] = asyncio.Event()
            first, second = asyncio.create_task(world.get()), asyncio.create_task(world.get())
            await settle()
            first.cancel()
            await settle()
            world.broker.gates[1].set()
            self.assertEqual(await second, "sk-1")

        self.run_in(story)

    def test_stale_is_used_at_once_and_refreshed_in_the_background(self) -> None:
        async def story(world: World) -> None:
            await world.get()
            world.now += 30
            self.assertEqual(await world.get(), "sk-1")
            await settle()
            self.assertEqual(await world.get(), "sk-2")

        self.run_in(story)

    def test_the_word_of_the_broker_ends_a_lease(self) -> None:
        async def story(world: World) -> None:
            await world.get()
            world.now += 30
            world.broker.failure = CredentialRefused("credential_unusable")
            await world.get()
            await settle()
            self.assertEqual(await world.refusal(), CREDENTIAL_UNUSABLE)
            self.assertEqual(world.broker.asked, 3)

        self.run_in(story)

    def test_while_the_broker_is_away_the_last_good_one_serves_until_it_may_not(self) -> None:
        async def story(world: World) -> None:
            await world.get()
            world.broker.failure = BrokerAway("503")
            for seconds in (30, 600, 1700):
                world.now = 1000.0 + seconds
                self.assertEqual(await world.get(), "sk-1")
                await settle()
            world.now = 1000.0 + 1800
            self.assertEqual(await world.refusal(), CREDENTIAL_UNAVAILABLE)
            world.broker.failure = None
            self.assertIsNotNone(await world.get())

        self.run_in(story)

    def test_after_a_change_of_its_owner_nothing_old_is_served_even_if_the_broker_is_away(self) -> None:
        async def story(world: World) -> None:
            for subject in (OWNER, *SUBJECTS):
                world.broker.failure = None
                await world.get()
                world.broker.failure = BrokerAway("ConnectError")
                world.leases.forget(subject)
                self.assertEqual(await world.refusal(), CREDENTIAL_UNAVAILABLE)

        self.run_in(story)

    def test_a_value_that_was_switched_serves_on_while_the_broker_is_away_and_a_disabled_one_does_not(self) -> None:
        async def story(world: World) -> None:
            await world.get()
            world.broker.failure = BrokerAway("ConnectError")
            world.leases.note_credentials("ws_1", frozenset({"cred_1"}))
            self.assertEqual(await world.get(), "sk-1")
            world.leases.note_credentials("ws_1", frozenset())
            self.assertEqual(await world.refusal(), CREDENTIAL_UNAVAILABLE)

        self.run_in(story)

    def test_a_switched_value_is_not_used_when_the_broker_answers(self) -> None:
        async def story(world: World) -> None:
            await world.get()
            world.leases.note_credentials("ws_1", frozenset({"cred_1"}))
            self.assertEqual(await world.get(), "sk-2")

        self.run_in(story)

    def test_who_has_nothing_to_go_on_with_waits_for_a_restarted_broker_and_not_for_one_that_answers_badly(self) -> None:
        async def story(world: World) -> None:
            world.broker.gone_times = 3
            self.assertEqual(await asyncio.gather(world.get(), world.get()), ["sk-4", "sk-4"])
            self.assertEqual(world.broker.asked, 4)
            world.leases.forget(OWNER)
            world.broker.failure = BrokerGone("ConnectError")
            self.assertEqual(await world.refusal(), CREDENTIAL_UNAVAILABLE)
            self.assertEqual(world.broker.asked, 8)
            world.broker.failure = BrokerAway("status 503")
            self.assertEqual(await world.refusal(), CREDENTIAL_UNAVAILABLE)
            self.assertEqual(world.broker.asked, 9)

        self.run_in(story)

    def test_in_doubt_it_asks_and_goes_on_with_the_last_good_one_if_the_broker_is_away(self) -> None:
        async def story(world: World) -> None:
            await world.get()
            world.leases.doubt_all()
            world.broker.failure = BrokerAway("ConnectTimeout")
            self.assertEqual([await world.get() for _ in range(5)], ["sk-1"] * 5)
            # Not each of them waited for a broker that is away.
            self.assertEqual(world.broker.asked, 2)
            world.broker.failure = None
            world.now += 1
            self.assertEqual(await world.get(), "sk-3")

        self.run_in(story)

    def test_while_nothing_is_heard_it_asks_every_second_and_a_half(self) -> None:
        async def story(world: World) -> None:
            world.is_linked = False
            await world.get()
            world.now += 1.4
            self.assertEqual(await world.get(), "sk-1")
            world.now += 0.1
            self.assertEqual(await world.get(), "sk-2")

        self.run_in(story)

    def test_who_asks_after_a_change_never_gets_an_answer_of_before_it(self) -> None:
        async def story(world: World) -> None:
            for change in (lambda: world.leases.forget(OWNER), lambda: world.leases.forget(Subject("key", "hash_1")), world.leases.doubt_all):
                gate = world.broker.gates[world.broker.asked + 1] = asyncio.Event()
                before = asyncio.create_task(world.get())
                await settle()
                change()
                after = asyncio.create_task(world.get())
                await settle()
                gate.set()
                old, new = await before, await after
                self.assertNotEqual(old, new)
                self.assertEqual(await world.get(), new)
                world.leases.forget(OWNER)

        self.run_in(story)

    def test_a_change_of_another_key_does_not_disturb_a_question(self) -> None:
        async def story(world: World) -> None:
            world.broker.gates[1] = asyncio.Event()
            waiting = asyncio.create_task(world.get())
            await settle()
            world.leases.forget(Subject("key", "hash_2"))
            world.leases.forget(Subject("workspace", "ws_2"))
            joined = asyncio.create_task(world.get())
            await settle()
            world.broker.gates[1].set()
            self.assertEqual((await waiting, await joined, world.broker.asked), ("sk-1", "sk-1", 1))

        self.run_in(story)

    def test_no_refusal_repeats_a_secret_or_the_ids(self) -> None:
        async def story(world: World) -> None:
            world.broker.failure = CredentialRefused("credential_not_found")
            with self.assertRaises(CallRefused) as caught:
                await world.get()
            self.assertEqual(caught.exception.status_code, 403)
            self.assertTrue(caught.exception.message.startswith(f"{CREDENTIAL_UNUSABLE}: "))
            self.assertNotIn("hash_1", str(caught.exception))

        self.run_in(story)


if __name__ == "__main__":
    unittest.main()

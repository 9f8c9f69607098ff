import random
import unittest

from signalbox_litellm.credential_cache import CHANGED_SECONDS, UNLINKED_SECONDS, CredentialCache, Decision, LeaseKey, Subject
from signalbox_litellm.lease import Lease

KEY = LeaseKey("cred_1", "hash_1")
WORKSPACE = Subject("workspace", "ws_1")
OWNER = Subject("credentials", "ws_1")


def lease(fresh: float = 30, usable: float = 1800, credential_id: str = "cred_1") -> Lease:
    return Lease(credential_id, "ws_1", "ab", "sk-secret", None, None, False, fresh, usable)


def filled(given: Lease, max_usable: float = float("inf")) -> CredentialCache:
    cache = CredentialCache(max_usable_seconds=max_usable)
    cache.store(KEY, given, (WORKSPACE, OWNER), 100.0)
    return cache


ASK = Decision(None, must_ask=True)


class CredentialCacheTest(unittest.TestCase):
    def test_fresh_is_used_as_it_is(self) -> None:
        given = lease()
        for now in (100.0, 129.9):
            self.assertEqual(filled(given).decide(KEY, now, True), Decision(given))

    def test_stale_is_used_and_refreshed_once_a_second(self) -> None:
        given = lease()
        cache = filled(given)
        decisions = [cache.decide(KEY, now, True) for now in (130.0, 130.5, 130.9, 131.0, 131.5)]
        self.assertEqual([decision.refresh for decision in decisions], [True, False, False, True, False])
        self.assertTrue(all(decision.lease is given and not decision.must_ask for decision in decisions))

    def test_too_old_is_gone_for_good(self) -> None:
        cache = filled(lease())
        self.assertEqual(cache.decide(KEY, 1900.0, True), ASK)
        self.assertEqual(len(cache), 0)

    def test_the_own_bound_counts_too(self) -> None:
        cache = filled(lease(), max_usable=60)
        self.assertIsNotNone(cache.decide(KEY, 159.9, True).lease)
        self.assertEqual(cache.decide(KEY, 160.0, True), ASK)

    def test_unknown_must_be_asked_for(self) -> None:
        self.assertEqual(filled(lease()).decide(LeaseKey("cred_1", "hash_2"), 100.0, True), ASK)
        self.assertEqual(filled(lease()).decide(LeaseKey("cred_2", "hash_1"), 100.0, True), ASK)

    def test_a_change_of_any_ground_drops_it(self) -> None:
        for subject in (WORKSPACE, OWNER):
            cache = filled(lease())
            cache.drop_subject(subject)
            self.assertEqual(cache.decide(KEY, 100.0, True), ASK)

    def test_a_change_of_something_else_does_not(self) -> None:
        cache = filled(lease())
        for subject in (Subject("workspace", "ws_2"), Subject("credentials", "ws_2"), Subject("key", "ws_1")):
            cache.drop_subject(subject)
        self.assertFalse(cache.decide(KEY, 100.0, True).must_ask)

    def test_in_doubt_the_broker_is_asked_first(self) -> None:
        given = lease()
        cache = filled(given)
        cache.doubt_all()
        self.assertEqual(cache.decide(KEY, 100.0, True), Decision(given, must_ask=True))
        cache.store(KEY, given, (WORKSPACE, OWNER), 101.0)
        self.assertEqual(cache.decide(KEY, 101.0, True), Decision(given))

    def test_a_change_of_its_owner_casts_doubt_on_what_is_still_usable_and_drops_the_rest(self) -> None:
        given = lease()
        cache = filled(given)
        cache.doubt_owner(OWNER, frozenset({"cred_1", "cred_2"}), 100.0)
        self.assertEqual(cache.decide(KEY, 100.0, True), Decision(given, must_ask=True))
        cache.doubt_owner(OWNER, frozenset({"cred_2"}), 100.0)
        self.assertEqual(cache.decide(KEY, 100.0, True), ASK)

    def test_a_doubt_about_the_value_does_not_last_until_the_old_one_is_retired(self) -> None:
        given = lease()
        cache = filled(given)
        cache.doubt_owner(OWNER, frozenset({"cred_1"}), 100.0)
        cache.doubt_owner(OWNER, frozenset({"cred_1"}), 103.0)
        self.assertEqual(cache.decide(KEY, 100.0 + CHANGED_SECONDS - 0.1, True), Decision(given, must_ask=True))
        self.assertEqual(cache.decide(KEY, 100.0 + CHANGED_SECONDS, True), ASK)
        self.assertLess(CHANGED_SECONDS, 8)

    def test_while_nothing_is_heard_the_old_is_in_doubt(self) -> None:
        given = lease()
        cache = filled(given)
        self.assertEqual(cache.decide(KEY, 100.0 + UNLINKED_SECONDS - 0.1, False), Decision(given))
        self.assertEqual(cache.decide(KEY, 100.0 + UNLINKED_SECONDS, False), Decision(given, must_ask=True))
        self.assertEqual(cache.decide(KEY, 100.0 + UNLINKED_SECONDS, True), Decision(given))

    def test_the_least_used_goes_first(self) -> None:
        cache = CredentialCache(limit=3)
        keys = [LeaseKey(f"cred_{number}", "hash_1") for number in range(4)]
        for key in keys[:3]:
            cache.store(key, lease(), (WORKSPACE,), 100.0)
        cache.decide(keys[0], 100.0, True)
        cache.store(keys[3], lease(), (WORKSPACE,), 100.0)
        known = [cache.decide(key, 100.0, True).lease is not None for key in keys]
        self.assertEqual((known, len(cache)), ([True, False, True, True], 3))

    def test_what_is_over_is_swept(self) -> None:
        cache = filled(lease())
        cache.store(LeaseKey("cred_2", "hash_1"), lease(usable=10), (OWNER,), 100.0)
        for now, left in ((129.9, 2), (130.0, 1), (1899.9, 1), (1900.0, 0)):
            cache.drop_over(now)
            self.assertEqual(len(cache), left, now)

    def test_any_order_of_events_leaves_no_dropped_lease_and_no_leftover(self) -> None:
        random.seed(7)
        for _ in range(200):
            cache, alive = CredentialCache(limit=50), {}
            for _ in range(40):
                key = LeaseKey(f"cred_{random.randrange(3)}", f"hash_{random.randrange(3)}")
                owner = Subject("credentials", f"ws_{random.randrange(3)}")
                if random.random() < 0.5:
                    cache.store(key, lease(), (owner, Subject("key", key.key_hash)), 0.0)
                    alive[key] = owner
                else:
                    cache.drop_subject(owner)
                    alive = {known: its for known, its in alive.items() if its != owner}
                self.assertEqual({k for k in ALL_KEYS if cache.decide(k, 0.0, True).lease is not None}, set(alive))
            for owner in [Subject("credentials", f"ws_{number}") for number in range(3)]:
                cache.drop_subject(owner)
            self.assertEqual((len(cache), cache._by_subject), (0, {}))

    def test_no_secret_in_its_texts(self) -> None:
        self.assertNotIn("sk-secret", repr(filled(lease()).decide(KEY, 100.0, True)))


ALL_KEYS = [LeaseKey(f"cred_{credential}", f"hash_{key}") for credential in range(3) for key in range(3)]

if __name__ == "__main__":
    unittest.main()

import hashlib
import tempfile
import unittest
from pathlib import Path

from runner.release_store import KEPT_RELEASES, InvalidRelease, Release, ReleaseStore, parse_release


def document(release_id: str = "rel_1", text: str = "model_list: []") -> dict[str, object]:
    return {
        "release_id": release_id,
        "number": 1,
        "config_yaml": text,
        "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "deployment_ids": ["dep_1"],
    }


class ReleaseStoreTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = ReleaseStore(self.folder)

    def test_gives_back_the_last_good_release(self) -> None:
        self.assertIsNone(self.store.last_good())
        release = parse_release(document())
        self.store.mark_good(release)
        self.assertEqual(ReleaseStore(self.folder).last_good(), release)

    def test_saving_a_candidate_does_not_make_it_good(self) -> None:
        self.store.mark_good(parse_release(document("rel_1")))
        self.store.save(parse_release(document("rel_2")))
        self.assertEqual(self.last_good_id(), "rel_1")

    def test_a_changed_file_is_not_trusted(self) -> None:
        self.store.mark_good(parse_release(document()))
        (self.folder / "releases" / "rel_1" / "config.yaml").write_text("model_list: [x]")
        self.assertIsNone(self.store.last_good())

    def test_keeps_a_few_and_always_the_good_one(self) -> None:
        self.store.mark_good(parse_release(document("rel_good")))
        for number in range(KEPT_RELEASES + 3):
            self.store.save(parse_release(document(f"rel_{number}")))
        kept = {path.name for path in (self.folder / "releases").iterdir()}
        self.assertLessEqual(len(kept), KEPT_RELEASES + 1)
        self.assertIn("rel_good", kept)

    def test_refuses_what_is_no_release(self) -> None:
        defects: list[object] = [
            None,
            [],
            {},
            document() | {"config_sha256": "0" * 64},
            document("../../etc"),
            document("a/b"),
            document("") | {"release_id": 5},
        ]
        for defect in defects:
            with self.subTest(str(defect)), self.assertRaises(InvalidRelease):
                parse_release(defect)

    def last_good_id(self) -> str | None:
        release: Release | None = self.store.last_good()
        return release.release_id if release else None


if __name__ == "__main__":
    unittest.main()

import tempfile
import threading
import unittest
from pathlib import Path

from runner.state_board import Candidate, StateBoard, read_saved_state

CANDIDATE = Candidate("blue", "rel_1", 1, "starting")


class StateBoardTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def board(self, saved_version: int = 0, now: float = 1000.0) -> StateBoard:
        return StateBoard(self.folder, "127.0.0.1", "wasm", saved_version, lambda: now)

    def test_versions_grow_over_restarts_and_clocks_that_go_back(self) -> None:
        first = self.board(now=2000.0)
        first.update(None, CANDIDATE)
        saved = read_saved_state(self.folder)
        self.assertEqual(saved.version, first.version)
        self.assertGreater(self.board(saved.version, now=1.0).version, first.version)

    def test_only_a_change_makes_a_new_version(self) -> None:
        board = self.board()
        version = board.update(None, CANDIDATE)
        self.assertEqual(board.update(None, Candidate("blue", "rel_1", 1, "starting")), version)
        self.assertGreater(board.update(None, None), version)

    def test_a_poll_waits_for_a_change_and_no_longer(self) -> None:
        board = self.board()
        answers: list[int] = []
        poll = threading.Thread(target=lambda: answers.append(board.wait_for_change(board.version, 20.0, "edge")["version"]))
        poll.start()
        changed = board.update(None, CANDIDATE)
        poll.join(10.0)
        self.assertEqual(answers, [changed])

    def test_acknowledgements_come_from_polls_after_the_switch(self) -> None:
        board = self.board()
        board.wait_for_change(board.version - 1, 0.0, "edge-1")
        board.wait_for_change(None, 0.0, "edge-2")
        switch = board.update(None, CANDIDATE)
        self.assertEqual(sorted(board.wait_for_acknowledgements(switch, 30.0, 0.0)), ["edge-1", "edge-2"])
        board.wait_for_change(switch, 0.0, "edge-1")
        self.assertEqual(board.wait_for_acknowledgements(switch, 30.0, 0.0), ["edge-2"])
        self.assertEqual(board.wait_for_acknowledgements(switch, -1.0, 0.0), [], "nobody was seen lately")

    def test_an_unreadable_file_is_an_empty_state(self) -> None:
        (self.folder / "state.json").write_text("{")
        self.assertEqual(read_saved_state(self.folder).version, 0)


if __name__ == "__main__":
    unittest.main()

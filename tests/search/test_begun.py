"""A trial that ends its process is tried once more, and then recorded as failed; no other trial suffers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amber.search import RunDirectory
from amber.search.begun import BegunTrials

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks searches")
SEGMENTATION_FAULT = -11


class Searches:
    """Runs searches that share what is loaded."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(Path(__file__).parent / "dying_search.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def run(self, path: Path, how: str) -> int:
        """Go on with the search and return how its process ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{path} {how}\n")
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()


@pytest.fixture(scope="module")
def searches() -> Iterator[Searches]:
    started = Searches()
    yield started
    started.close()


def trials(path: Path) -> list[Any]:
    return RunDirectory.open(path).trials()


def failed(path: Path) -> list[Any]:
    return [trial for trial in trials(path) if trial.status == "failed"]


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [("exit", 3), ("signal", SEGMENTATION_FAULT), ("epoch 3", 3)])
def test_trial_that_ends_its_process_twice_is_recorded_as_failed(
    searches: Searches, tmp_path: Path, how: str, code: int
) -> None:
    assert searches.run(tmp_path / "whole", "not") == 0
    path = tmp_path / "run"
    assert searches.run(path, how) == code
    assert searches.run(path, how) == code  # it may have been killed from outside: tried once more
    assert len(trials(path)) == 1
    assert searches.run(path, how) == 0
    (bad,) = failed(path)
    assert bad.number == 1
    assert bad.error.startswith("the process ended while this trial was trained (")
    assert bad.error.endswith(", 2 times")
    assert [each.score for each in trials(path) if each.number != 1] == [
        each.score for each in trials(tmp_path / "whole") if each.number != 1
    ]
    assert "Trial 1 is tried once more" in (path / "search.log").read_text()
    assert not (path / "begun.json").exists()
    assert searches.run(path, how) == 0  # and it is read again


@pytest.mark.slow
def test_layer_that_ends_the_process_while_it_is_planned_is_recorded_as_failed(
    searches: Searches, tmp_path: Path
) -> None:
    codes = [searches.run(tmp_path, "planning") for _ in range(4)]
    assert codes == [3, 3, 0, 0]
    (bad,) = failed(tmp_path)
    assert bad.error == "the process ended while this trial was planned (os._exit(3)), 2 times"


@pytest.mark.slow
def test_killed_in_one_trial_again_and_again_it_still_ends_as_undisturbed(searches: Searches, tmp_path: Path) -> None:
    assert searches.run(tmp_path / "whole", "not") == 0
    ways = ("killed", "killed", "killed after 2", "killed", "killed after 3", "killed", "not")
    codes = [searches.run(tmp_path / "run", how) for how in ways]
    assert codes == [-9] * 6 + [0]
    facts = [[(each.number, each.score, each.status) for each in trials(tmp_path / name)] for name in ("run", "whole")]
    assert facts[0] == facts[1]
    left = [sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("run", "whole")]
    assert left[0] == left[1]


@pytest.mark.slow
def test_trial_that_is_killed_again_and_again_without_progress_is_recorded_as_failed(
    searches: Searches, tmp_path: Path
) -> None:
    codes = [searches.run(tmp_path, "killed") for _ in range(6)]
    assert codes == [-9] * 5 + [0]
    assert [bad.error for bad in failed(tmp_path)] == ["the process ended while this trial was trained, 5 times"]


@pytest.mark.slow
def test_what_a_person_interrupted_is_not_counted(searches: Searches, tmp_path: Path) -> None:
    codes = [searches.run(tmp_path, how) for how in ("exit", "person", "exit", "person", "exit", "not")]
    assert codes == [3, 130, 3, 130, 3, 0]
    assert not failed(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b'{"a": {}}', b'{"1": {"tokens": 3}}', b"\xff" * 100, b"[" * 9999]
)
def test_damaged_note_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    (directory.path / "begun.json").write_bytes(content)
    begun = BegunTrials(directory)
    begun.read()
    assert begun.begin(1, (0, 1)).deaths == 0

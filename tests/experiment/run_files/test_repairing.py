"""A damaged journal is copied and repaired: what checksums vouch for is restored, the rest dropped or from a backup."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.search.test_mutated_journals import MUTATIONS, TRIALS, Mutation, changed_values

from amber.errors import StorageError
from amber.experiment.run_files.repairing import repair
from amber.search import RunDirectory, Trial
from amber.search.journal import journal_text
from amber.search.run_settings import settings_text


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory.create(tmp_path / "run")
    directory.write("search.json", settings_text({}))
    directory.write("trials.jsonl", journal_text(TRIALS))
    return directory


def numbers(run: RunDirectory) -> list[int]:
    return [trial.number for trial in run.trials()]


def test_one_changed_byte_anywhere_in_a_line_is_restored(run: RunDirectory) -> None:
    journal = run.path / "trials.jsonl"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    rng = random.Random(0)
    for place in sorted(rng.sample(range(len(lines[1]) - 1), 25)):
        for byte in (lines[1][place] ^ 1, 0, 0xFF):
            changed = bytearray(lines[1])
            changed[place] = byte
            journal.write_bytes(lines[0] + bytes(changed) + b"".join(lines[2:]))
            done = repair(run.path)
            assert [line for line, _ in done.restored] == [2] and not done.dropped and done.kept == 6
            assert done.copy is not None and done.copy.read_bytes()[len(lines[0]) :].startswith(bytes(changed))
            assert journal.read_bytes() == whole


@pytest.mark.parametrize("end", [b"", b"\x0b", b"\x00\x00\x00", b" "])
def test_lines_that_lost_their_end_are_restored(run: RunDirectory, end: bytes) -> None:
    journal = run.path / "trials.jsonl"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    for joined in (lines[0] + lines[1][:-1] + end + b"".join(lines[2:]), whole[:-1] + end):
        journal.write_bytes(joined)
        repair(run.path)
        assert run.trials() == TRIALS


def test_more_damage_than_that_is_dropped_and_comes_from_a_backup(run: RunDirectory, tmp_path: Path) -> None:
    journal, backup = run.path / "trials.jsonl", tmp_path / "backup.jsonl"
    backup.write_text(journal_text(TRIALS[:4]))
    lines = journal.read_bytes().splitlines(keepends=True)
    damaged = lines[0] + lines[1][:90] + b"????" + lines[1][94:] + b"".join(lines[2:4]) + lines[5]
    journal.write_bytes(damaged)
    dropped = repair(run.path)
    assert [line for line, _ in dropped.dropped] == [2] and not dropped.restored and numbers(run) == [0, 2, 3, 5]
    assert dropped.copy is not None and dropped.copy.read_bytes() == damaged
    again = repair(run.path, backup)
    assert again.from_backup == (1,) and numbers(run) == [0, 2, 3, 5, 1]
    assert [trial.to_dict() for trial in run.trials() if trial.number == 1] == [TRIALS[1].to_dict()]
    assert repair(run.path, backup).copy is None


def test_backup_of_another_search_is_refused(run: RunDirectory, tmp_path: Path) -> None:
    before, other = (run.path / "trials.jsonl").read_bytes(), tmp_path / "other.jsonl"
    other.write_text(journal_text([Trial(0, (2, 2), "else", "complete", 0.5)]))
    with pytest.raises(StorageError, match=r"other\.jsonl must be an earlier copy .*trial 0"):
        repair(run.path, other)
    with pytest.raises(StorageError, match="There is no file"):
        repair(run.path, tmp_path / "none")
    assert (run.path / "trials.jsonl").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("mutate", [each for each in MUTATIONS if each is not changed_values])
def test_any_damage_can_be_repaired_and_nothing_is_made_up(run: RunDirectory, mutate: Mutation) -> None:
    journal, known = run.path / "trials.jsonl", [trial.to_dict() for trial in TRIALS]
    content, rng = journal_text(TRIALS).encode(), random.Random(mutate.__name__)
    for _ in range(15):
        journal.write_bytes(mutate(rng, content))
        done = repair(run.path)
        found = [trial.to_dict() for trial in run.trials()]
        assert len(found) == done.kept and all(each in known for each in found)
        assert repair(run.path).copy is None
        for copy in run.path.glob("*.damaged-*"):
            copy.unlink()

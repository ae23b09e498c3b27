"""`amber repair`: a damaged journal is copied, its damaged lines are left out, and the search goes on as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Amber = Callable[..., Any]


def test_repaired_run_is_taken_up_and_ends_as_it_was(
    amber: Amber, finished_run: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    run, config = Path(shutil.copytree(finished_run, tmp_path / "run")), write_config()
    journal = run / "trials.jsonl"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    damaged = lines[0].replace(b'"complete"', b'"failed"') + b"".join(lines[1:]) + lines[1] + b"\x00" * 9 + b"\n"
    assert damaged != whole
    journal.write_bytes(damaged)
    for words in (("search", config, "-d", run, "--resume"), ("report", run), ("export", run)):
        refused = amber(*words)
        assert refused.exit_code != 0 and f"amber repair {run}" in refused.stderr
    assert journal.read_bytes() == damaged
    done = amber("repair", run)
    assert done.exit_code == 0, done.stderr
    assert "Line 1 is left out" in done.output and "checksum" in done.output
    assert f"Line {len(lines) + 1} is left out" in done.output and "already" in done.output
    assert (run / "trials.jsonl.damaged-1").read_bytes() == damaged
    assert journal.read_bytes() == b"".join(lines[1:])
    assert amber("search", config, "-d", run, "--resume", "-q").exit_code == 0
    numbers = [[json.loads(line)[key] for key in ("number", "tokens", "score")] for line in journal.open()]
    assert sorted(numbers) == [[json.loads(line)[key] for key in ("number", "tokens", "score")] for line in lines]


def test_repair_of_a_whole_run_changes_nothing(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(finished_run, tmp_path / "run"))
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    done = amber("repair", run)
    assert done.exit_code == 0 and "Nothing is wrong" in done.output
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} == before
    assert amber("repair", tmp_path).exit_code != 0


def test_lines_are_restored_and_lost_ones_come_from_a_backup(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(finished_run, tmp_path / "run"))
    journal, backup = run / "trials.jsonl", Path(shutil.copyfile(finished_run / "trials.jsonl", tmp_path / "backup"))
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0].replace(b'"number": 0', b'"number": 1') + b"".join(lines[2:]))
    done = amber("repair", run, "--backup", backup)
    assert done.exit_code == 0, done.stderr
    assert "Line 1 is restored" in done.output and "From the backup: trials 1" in done.output
    assert sorted(journal.read_bytes().splitlines(keepends=True)) == sorted(lines)


def test_backup_that_is_no_journal_is_refused(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(finished_run, tmp_path / "run"))
    (tmp_path / "other.csv").write_text("seq,label\nACGT,a\n")
    done = amber("repair", run, "--backup", tmp_path / "other.csv")
    assert done.exit_code == 2 and "Received: a file without a trial" in done.stderr

"""The journal is checked line by line: what was damaged or changed is never taken for a trial."""

from __future__ import annotations

import json
import logging
import math
import time
from pathlib import Path
from typing import Any

import pytest

from amber.errors import StorageError
from amber.search import RunDirectory, Trial
from amber.search.journal import read_journal
from amber.search.run_settings import settings_text

RUNS = Path(__file__).parent / "runs"
TRIALS = [
    Trial(0, (1, 0), "aa", "complete", 0.5, {"val_accuracy": 0.5, "other": math.nan}, 2000, 10, 1.25, 7, None, 2),
    Trial(1, (1, 1), "", "invalid", error="InvalidArchitectureError: no"),
    Trial(2, (0, 1), "bb", "complete", 0.75, {"val_accuracy": 0.75}, 1000, 20, 2.0, 8, None, 2),
]


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory.create(tmp_path / "run")
    directory.write("search.json", settings_text({}))
    for trial in TRIALS:
        directory.append_trial(trial)
    return directory


def lines(run: RunDirectory) -> list[bytes]:
    return (run.path / "trials.jsonl").read_bytes().splitlines(keepends=True)


def old_line(**changes: Any) -> bytes:
    """A line as earlier versions wrote it, without a checksum."""
    return json.dumps(TRIALS[2].to_dict() | changes).encode() + b"\n"


@pytest.mark.parametrize("position", [0, 1, 2])
def test_any_changed_byte_of_a_line_is_noticed(run: RunDirectory, position: int) -> None:
    whole = lines(run)
    for place in range(len(whole[position]) - 1):
        changed = bytearray(whole[position])
        changed[place] ^= 1
        (run.path / "trials.jsonl").write_bytes(
            b"".join([*whole[:position], bytes(changed), *whole[position + 1 :], whole[1]])
        )
        with pytest.raises(StorageError, match=rf"trials\.jsonl, line {position + 1} .*amber repair"):
            run.trials()


def test_any_changed_byte_of_the_last_line_is_noticed_too(run: RunDirectory) -> None:
    path, whole = run.path / "trials.jsonl", (run.path / "trials.jsonl").read_bytes()
    start = len(b"".join(lines(run)[:2]))
    for place in range(start, len(whole)):
        path.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
        with pytest.raises(StorageError, match=r"trials\.jsonl, line 3 .*amber repair"):
            run.trials()


def test_changed_score_in_the_last_line_is_noticed_too(run: RunDirectory) -> None:
    path = run.path / "trials.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"score": 0.75', b'"score": 0.95'))
    with pytest.raises(StorageError, match="line 3 .*checksum"):
        run.trials()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": 1_000_000_000}, "number"),
        ({"number": -1}, "number"),
        ({"number": 1.0}, "number"),
        ({"number": True}, "number"),
        ({"number": 10**30}, "64 bits"),
        ({"score": None}, "score"),
        ({"score": "high"}, "score"),
        ({"score": 10**400}, "64 bits"),
        ({"status": "finished"}, "status"),
        ({"status": ["complete"]}, "status"),
        ({"status": "failed"}, "score"),
        ({"tokens": [0, -1]}, "tokens"),
        ({"tokens": "01"}, "tokens"),
        ({"tokens": [0, 1.5]}, "tokens"),
        ({"seconds": -1.0}, "seconds"),
        ({"seconds": "1"}, "seconds"),
        ({"epochs": -3}, "epochs"),
        ({"metrics": {"a": "b"}}, "metrics"),
        ({"metrics": []}, "metrics"),
        ({"curve": [None, []]}, "curve"),
        ({"fingerprint": ""}, "fingerprint"),
        ({"more": 1}, "more"),
    ],
)
def test_line_with_a_wrong_value_is_named_with_the_way_out(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    run = RunDirectory.create(tmp_path)
    (tmp_path / "trials.jsonl").write_bytes(old_line(number=0) + old_line(**changes) + old_line(number=7))
    began = time.process_time()
    with pytest.raises(StorageError, match=rf"trials\.jsonl, line 2 .*{said}.*amber repair {tmp_path}"):
        run.trials()
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "line",
    [
        b'{"number": 1, "number": 2}\n',
        old_line().replace(b"0.75", b"Infinity"),
        old_line().replace(b"0.75", b"1e999"),
        b"\x00" * 40 + b"\n",
        b"[" * 100_000 + b"\n",
        b"null\n",
        b"\n",
        b" " * (5 << 20) + b"\n",
    ],
)
def test_line_that_is_not_a_trial_at_all(tmp_path: Path, line: bytes) -> None:
    run = RunDirectory.create(tmp_path)
    (tmp_path / "trials.jsonl").write_bytes(old_line(number=0) + line + old_line(number=1))
    with pytest.raises(StorageError, match="line 2"):
        run.trials()


def test_repeated_number_replaces_nothing(run: RunDirectory) -> None:
    run.append_trial(Trial(0, (0, 0), "cc", "complete", 0.99))
    with pytest.raises(StorageError, match="line 4 .*trial 0 is in line 1 already"):
        run.trials()


def test_line_without_a_checksum_in_a_search_of_this_version(run: RunDirectory) -> None:
    path = run.path / "trials.jsonl"
    path.write_bytes(path.read_bytes() + old_line(number=3))
    with pytest.raises(StorageError, match="line 4 .*no checksum"):
        run.trials()


def test_copy_made_on_windows_is_read(run: RunDirectory) -> None:
    path = run.path / "trials.jsonl"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert [each.number for each in run.trials()] == [0, 1, 2]


def test_sparse_file_of_many_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path)
    with (tmp_path / "trials.jsonl").open("wb") as file:
        file.truncate(20 << 30)
    with pytest.raises(StorageError, match="longer than"):
        run.trials()


@pytest.mark.parametrize("version", ["format_1", "format_2"])
def test_journal_of_an_earlier_version_is_read_and_rewritten_with_checksums(tmp_path: Path, version: str) -> None:
    for name in ("search.json", "trials.jsonl"):
        (tmp_path / name).write_bytes((RUNS / version / name).read_bytes())
    run = RunDirectory.open(tmp_path)
    before = run.trials()
    assert len(before) >= 2 and read_journal(tmp_path / "trials.jsonl").unchecked == len(before)
    settings = json.loads((tmp_path / "search.json").read_bytes())["settings"]
    assert run.begin(settings, resume=True) == before == run.trials()
    assert json.loads((tmp_path / "search.json").read_bytes())["format_version"] == 3
    assert read_journal(tmp_path / "trials.jsonl", checksums=True).unchecked == 0


def test_lone_surrogate_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path)
    line = old_line(number=0, status="failed", score=None, error="a\udc80b \U0001f600 \\ud800")
    (tmp_path / "trials.jsonl").write_bytes(line)
    assert run.trials()[0].error == "a\\udc80b \U0001f600 \\ud800"


@pytest.mark.parametrize("error", ["a\udc80\ud800b", "one\ntwo\x1b[31m\x00", "x" * 5_000_000, "\u202e<script>"])
def test_error_of_any_text_is_one_short_line_everywhere(run: RunDirectory, error: str) -> None:
    trial = Trial(3, (0, 0), "cc", "failed", error=error)
    run.append_trial(trial)
    run.log(f"trial 3 failed ({error[:100]})")
    assert run.trials()[-1] == trial
    assert trial.error is not None and len(trial.error) <= 2000 and trial.error.isprintable()
    trial.error.encode("utf-8")
    assert (run.path / "search.log").read_bytes().decode("utf-8")


def test_line_cut_short_is_cut_off_and_a_whole_one_without_its_end_kept(run: RunDirectory, caplog: Any) -> None:
    path, whole = run.path / "trials.jsonl", lines(run)
    for length in range(1, len(whole[2]) - 1):
        path.write_bytes(whole[0] + whole[1] + whole[2][:length])
        with caplog.at_level(logging.WARNING):
            assert [each.number for each in run.begin({}, resume=True)] == [0, 1]
        assert path.read_bytes() == whole[0] + whole[1]
    path.write_bytes(b"".join(whole)[:-1])
    assert len(run.begin({}, resume=True)) == 3 and path.read_bytes() == b"".join(whole)
    assert "line 3 is cut short" in caplog.text

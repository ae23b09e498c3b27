"""Files that a command writes: none that it reads, and none that a run keeps, is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from amber.cli.options import checked_output
from amber.errors import ConfigError, StorageError


def test_file_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    records, link = tmp_path / "records.csv", tmp_path / "link.csv"
    records.write_text("seq\nACGT\n")
    link.symlink_to(records)
    for output in (records, link, tmp_path / "." / "records.csv"):
        with pytest.raises(ConfigError, match="another file than the one that is read"):
            checked_output(output, (".csv",), (None, records))
    assert checked_output(tmp_path / "other.csv", (".csv",), (records,)) == tmp_path / "other.csv"


@pytest.mark.parametrize("source", ["d.csv", "{table: d.csv}", "{fasta: {a: a.fa, b: d.csv}}"])
def test_data_of_a_run_are_not_written_over(source: str, tmp_path: Path) -> None:
    run, data = tmp_path / "run", tmp_path / "d.csv"
    run.mkdir()
    data.write_text("seq,label\nACGT,1\n")
    text = source.replace("d.csv", str(data)).replace("a.fa", str(tmp_path / "a.fa"))
    space = "model_space: [[{Layer_type: dense, units: 2}]]"
    (run / "config.yaml").write_text(f"data: {{source: {text}}}\n{space}\n", encoding="utf-8")
    for named in (run, run / "best.keras"):
        with pytest.raises(ConfigError, match="another file than the one that is read"):
            checked_output(data, (".csv",), run=named)
    (tmp_path / "trials.csv").write_text("earlier")
    assert checked_output(tmp_path / "trials.csv", (".csv",), run=run) == tmp_path / "trials.csv"
    (run / "config.yaml").write_text("[", encoding="utf-8")
    assert checked_output(data, (".csv",), run=run) == data  # nothing says what it is


@pytest.mark.parametrize("name", ["best.json", "best.keras", "ranking.csv", "test.json"])
def test_file_that_a_run_keeps_is_not_written_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("kept")
    suffixes = (".json", ".keras", ".csv")
    assert checked_output(tmp_path / name, suffixes) == tmp_path / name  # no run
    (tmp_path / "trials.jsonl").write_text("")
    with pytest.raises(ConfigError, match=f"{name} belongs to the run in"):
        checked_output(tmp_path / name, suffixes)
    assert checked_output(tmp_path / f"my_{name}", suffixes).name == f"my_{name}"


def test_folder_that_takes_no_files_is_refused() -> None:
    with pytest.raises(StorageError, match=r"can be written. Received: /proc/x.csv"):
        checked_output(Path("/proc/x.csv"), (".csv",))

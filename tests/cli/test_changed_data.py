"""A search is taken up on the data it began with, wherever they lie; on others only with --allow-changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Amber = Callable[..., Any]
SETTINGS = "search.json"


def rows(seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    parts = ["train"] * 40 + ["val"] * 10 + ["test"] * 10
    drawn = ["".join(rng.choice(list("ACGT"), 12)) for _ in parts]
    pairs = enumerate(zip(drawn, parts, strict=True))
    return ["seq,label,gsplit", *(f"{seq},{'ab'[k % 2]},{part}" for k, (seq, part) in pairs)]


@pytest.fixture
def begun(amber: Amber, tiny: str, tmp_path: Path) -> Callable[..., Any]:
    """Searches d.csv for two trials, and returns what takes that search up for a third."""
    (tmp_path / "d.csv").write_text("\n".join(rows()) + "\n")
    text = tiny.replace("seed: 3\n", f"seed: 3\ndata:\n  source: {tmp_path / 'd.csv'}\n  split: gsplit\n")
    config = tmp_path / "c.yaml"
    config.write_text(text)
    done = amber("search", config, "-d", tmp_path / "run", "-q")
    assert done.exit_code == 0, done.stderr

    def resume(*more: object) -> Any:
        return amber("search", config, "-d", tmp_path / "run", "-q", "--resume", "--trials", 3, *more)

    return resume


def written(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n")


def other_sequences(lines: list[str]) -> list[str]:
    return rows(seed=1)


def other_label(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1].replace(",a,", ",c,").replace(",b,", ",a,")]


def other_split(lines: list[str]) -> list[str]:
    return [*lines[:30], lines[30].replace("train", "val"), *lines[31:]]


def one_test_example_less(lines: list[str]) -> list[str]:
    return lines[:-1]


@pytest.mark.slow
@pytest.mark.parametrize("change", [other_sequences, other_label, other_split, one_test_example_less])
def test_changed_data_are_refused(begun: Callable[..., Any], tmp_path: Path, change: Any) -> None:
    written(tmp_path / "d.csv", change(rows()))
    done = begun()
    assert done.exit_code == 2
    assert f"{tmp_path / 'c.yaml'}, line 4, key data.source" in done.stderr
    assert str(tmp_path / "d.csv") in done.stderr and "--allow-changes" in done.stderr
    assert done.stderr.count("Received: ") == 1
    assert begun("--allow-changes").exit_code == 0


@pytest.mark.slow
def test_what_changes_nothing_is_no_change(begun: Callable[..., Any], tmp_path: Path) -> None:
    lines = rows()
    written(tmp_path / "d.csv", [lines[0] + ",note", *(f"{line},x" for line in lines[1:])])
    assert begun().exit_code == 0


@pytest.mark.slow
def test_a_search_begun_before_there_were_fingerprints(begun: Callable[..., Any], tmp_path: Path) -> None:
    record = json.loads((tmp_path / "run" / SETTINGS).read_text())
    assert len(record["settings"].pop("data_fingerprint")) == 32
    (tmp_path / "run" / SETTINGS).write_text(json.dumps(record))
    assert begun().exit_code == 0


@pytest.mark.slow
def test_data_that_moved(begun: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "d.csv").rename(tmp_path / "e.csv")
    config = tmp_path / "c.yaml"
    config.write_text(config.read_text().replace("d.csv", "e.csv"))
    assert begun().exit_code == 0


@pytest.mark.slow
def test_another_seed_is_named_once(begun: Callable[..., Any]) -> None:
    done = begun("--seed", 4)
    assert done.exit_code == 2 and "key seed" in done.stderr and "data.source" not in done.stderr


@pytest.mark.slow
def test_evaluating_a_run_says_that_its_data_have_changed(
    begun: Callable[..., Any], amber: Amber, tmp_path: Path
) -> None:
    run, data = tmp_path / "run", tmp_path / "d.csv"
    same = amber("evaluate", run)
    assert same.exit_code == 0 and "other examples" not in same.stderr
    written(data, other_split(rows()))
    changed = amber("evaluate", run)
    assert changed.exit_code == 0
    assert "holds other examples, labels or parts than the search in" in changed.stderr

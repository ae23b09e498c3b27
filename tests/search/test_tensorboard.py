"""The TensorBoard callback writes event files that hold the search, and loads no TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amber.errors import ConfigError
from amber.search import Objective, SearchResult, TensorBoardCallback, Trial, run_search


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Reads event files: each record is its length (8 bytes), a checksum (4), the event, and a checksum (4)."""
    found: dict[str, dict[int, float]] = {}
    for path in sorted(folder.glob("events.*")):
        for event in events(path.read_bytes()):
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = value.simple_value
    return found


def events(data: bytes) -> Iterator:
    from tensorboardX.proto.event_pb2 import Event

    while data:
        length = int.from_bytes(data[:8], "little")
        yield Event.FromString(data[12 : 12 + length])
        data = data[12 + length + 4 :]


@pytest.mark.slow
def test_event_files_hold_the_search(make_objective: Callable[..., Objective], tmp_path: Path) -> None:
    objective = make_objective(metric="val_loss", direction="minimize")
    result = run_search(objective, trials=3, seed=0, callbacks=[TensorBoardCallback(tmp_path)])
    by_number = {trial.number: trial for trial in result.ranked}
    found = scalars(tmp_path / "search")
    assert found["search/val_loss"] == pytest.approx({number: trial.score for number, trial in by_number.items()})
    assert result.best is not None and min(found["search/best_val_loss"].values()) == pytest.approx(result.best.score)
    assert found["search/parameters"] == {number: trial.parameters for number, trial in by_number.items()}
    for number, trial in by_number.items():
        epochs = scalars(tmp_path / f"trial-{number}")["epoch/val_loss"]
        assert list(epochs) == list(range(1, trial.epochs + 1)) and epochs[trial.epochs] == pytest.approx(trial.score)


def test_each_rung_has_a_folder_as_its_numbers_begin_at_0(tmp_path: Path) -> None:
    listener = TensorBoardCallback(tmp_path)
    for rung, value in ((1, 0.5), (2, 0.7)):
        listener.on_rung_begin(rung, 2, rung)
        listener.on_search_begin(1, "val_auc", "maximize")
        listener.on_epoch_end(0, 1, 1, {"val_auc": value})
        listener.on_search_end(SearchResult((), "val_auc", "maximize", seed=0))
        found = scalars(tmp_path / f"rung-{rung}" / "trial-0")
        assert found == {"epoch/val_auc": {1: pytest.approx(value)}}
    assert not (tmp_path / "trial-0").exists()


def test_no_epoch_is_lost_where_trainings_are_fast_or_run_side_by_side(tmp_path: Path) -> None:
    listener = TensorBoardCallback(tmp_path)
    listener.on_search_begin(2, "val_auc", "maximize")
    for epoch in range(1, 6):
        for number in (0, 1):
            listener.on_epoch_end(number, epoch, 5, {"val_auc": epoch / 8 + number})
    listener.on_trial_end(Trial(0, (1,), "f", "complete", score=0.5))
    # The other is interrupted.
    listener.on_search_end(SearchResult((), "val_auc", "maximize", seed=0))
    for number in (0, 1):
        found = scalars(tmp_path / f"trial-{number}")
        assert found == {"epoch/val_auc": {epoch: epoch / 8 + number for epoch in range(1, 6)}}


@pytest.mark.slow
def test_no_tensorflow_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from amber.search.tensorboard import TensorBoardCallback as T\n"
        "t = T(sys.argv[1]); t.on_search_begin(1, 'm', 'maximize'); t.on_epoch_end(0, 1, 1, {'m': 1.0})\n"
        "sys.exit('tensorflow' in sys.modules or 'tensorboard' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path], check=False).returncode == 0


def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ConfigError, match=r"amber-nas\[tensorboard\]"):
        TensorBoardCallback(tmp_path)

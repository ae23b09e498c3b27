"""train_history.csv: written, read, drawn; also what the first AMBER itself wrote."""

from __future__ import annotations

import json
import math
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.architect import ModelSpace, TokenLayout
from amber.compat.history import read_rows, write_row
from amber.compat.run_statistics import ActionWeights, RunStatistics, mean_entropy, read_json
from amber.errors import ConfigError, DataError
from amber.plots import plot_stats2, plot_training_history, sma
from amber.utils import read_history

OLD = '0,"[0.71, 0.0, 0.53]",0.71,3,1,0\n1,"[0.65, 0.1, 0.61]",0.55,2,0,1\n'


def test_rows_make_a_round_trip(tmp_path: Path) -> None:
    file = tmp_path / "train_history.csv"
    write_row(file, 0, {"loss": 0.5, "acc": np.float64(0.25), "knowledge": 0}, np.float32(-0.5), np.array([1, 0, 2]))
    write_row(file, "1-3", {"loss": math.nan}, 2, (0, 0, 1))
    assert file.read_text().splitlines()[0] == '0,"[0.25, 0.0, 0.5]",-0.5,1,0,2'
    first, second = read_rows(file)
    assert (first.trial, first.metrics, first.reward, first.tokens) == ("0", [0.25, 0.0, 0.5], -0.5, [1, 0, 2])
    assert second.trial == "1-3" and math.isnan(second.metrics[0])


@pytest.mark.parametrize(
    "cell",
    [
        '"[0.71, 0.0, 0.53]"',
        '"[np.float64(0.71), 0.0, np.float64(0.53)]"',
        '"[[0.71], 0.0, array(0.53)]"',
        '"[0.71, None, 0.53]"',
    ],
)
def test_numbers_as_every_version_of_numpy_wrote_them(cell: str, tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text(f"0,{cell},[0.71],3,1\n")
    (row,) = read_rows(file)
    assert row.metrics[0] == 0.71 and row.metrics[2] == 0.53 and row.reward == 0.71


@pytest.mark.parametrize("pandas", [True, False])
def test_a_history_by_columns(pandas: bool, tmp_path: Path, monkeypatch: Any) -> None:
    if not pandas:
        monkeypatch.setitem(sys.modules, "pandas", None)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train_history.csv").write_text(OLD)
    files = [tmp_path / name / "train_history.csv" for name in ("a", "b")]
    history = read_history(files, metric_name_dict={"acc": 0, "loss": 2})
    assert list(history.columns) == ["ID", "acc", "loss", "L1", "L2", "L3", "dir"]
    assert len(history) == 4 and history.shape == (4, 7)
    assert list(history["acc"]) == [0.71, 0.65, 0.71, 0.65] and list(history["L3"]) == [0, 1, 0, 1]
    best = history.sort_values(by="acc", ascending=False).iloc[0]
    assert [best[f"L{layer}"] for layer in (1, 2, 3)] == [3, 1, 0] and best["dir"] == str(tmp_path / "a")
    assert list(history.tail(1)["ID"]) == [1] and list(history.head(1)["ID"]) == [0]
    assert len(history[history["acc"] > 0.7]) == 2 and list(history.acc[:2]) == [0.71, 0.65]
    assert list(best[["L1", "L2"]]) == [3, 1] and list(history.iloc[1, 3:6].values) == [2, 0, 1]
    assert history.iloc[0, 0] == 0 and history.iloc[:2, 1:2].shape == (2, 1) and history.values.shape == (4, 7)
    assert [row["L1"] for _, row in history.iterrows()] == [3, 2, 3, 2]
    assert next(iter(history.sort_values("dir", ascending=False)["dir"])) == str(tmp_path / "b")
    assert (type(history).__name__ == "DataFrame") is pandas
    with pytest.raises(AttributeError, match="auc"):
        _ = history.auc
    assert list(history[["acc", "dir"]].columns) == ["acc", "dir"]
    assert list(read_history(files[0]).columns) == ["ID", "acc", "knowledge", "loss", "L1", "L2", "L3", "dir"]
    with pytest.raises(DataError, match="metric_name_dict"):
        read_history(files, {"auc": 3})


def test_a_data_frame_where_pandas_is_installed(tmp_path: Path, monkeypatch: Any) -> None:
    stand_in = types.ModuleType("pandas")
    stand_in.DataFrame = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", stand_in)
    (tmp_path / "h.csv").write_text(OLD)
    found = read_history([tmp_path / "h.csv"])
    assert type(found) is dict and list(found["L1"]) == [3, 2]


def test_a_row_that_a_killed_search_left_half_written(tmp_path: Path, caplog: Any) -> None:
    file = tmp_path / "h.csv"
    file.write_text(OLD + '2,"[0.6')
    assert len(read_rows(file)) == 2 and "cut short" in caplog.text
    file.write_text('2,"[0.6"\n' + OLD)
    with pytest.raises(DataError, match="line 1"):
        read_rows(file)


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a,b,c,d\n", b"0,1\n"])
def test_what_is_not_a_history_is_named(text: bytes, tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_bytes(text)
    with pytest.raises(DataError, match="h.csv"):
        read_rows(file)
    with pytest.raises(DataError, match="no such file"):
        read_history([tmp_path / "none.csv"])


def test_moving_average() -> None:
    assert sma([1, 2, 3, 4], window=2).tolist() == [1.0, 1.5, 2.5, 3.5]
    assert len(sma([], 3)) == 0
    with pytest.raises(ConfigError, match="window"):
        sma([1], 0)


def test_statistics_by_episode(tmp_path: Path) -> None:
    statistics = RunStatistics()
    statistics.add({"loss": 1.0, "knowledge": 0.5})
    statistics.add({"loss": 3.0, "acc": math.nan})
    statistics.end_episode()
    path = tmp_path / "nas_training_stats.json"
    statistics.write(path)
    assert json.loads(path.read_text()) == {"Knowledge": [0.5], "Accuracy": [None], "Loss": [2.0]}
    statistics.write(path, append=True)
    assert read_json(path)["Loss"] == [2.0, 2.0]
    assert plot_stats2(tmp_path).stat().st_size > 5000


def test_weights_of_choices(tmp_path: Path) -> None:
    space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": n, "activation": "relu"} for n in (3, 5)]] * 2)
    layout = TokenLayout(space, num_inputs=2)
    decisions = [np.array([[0.25, 0.75]]), np.full((1, 2, 2), 0.5), np.array([[0.5, 0.5]]), np.full((1, 2, 2), 0.5)]
    record = [*decisions, np.array([[[0.1, 0.9]]])]
    found = ActionWeights(layout, space).of([record, record])
    assert found["L0"]["operation"] == {"dense_u3_relu": [[0.25, 0.25]], "dense_u5_relu": [[0.75, 0.75]]}
    assert sorted(found["L0"]["input_blocks"]) == ["input_0", "input_1"] and "skip_connection" not in found["L0"]
    assert found["L1"]["skip_connection"] == {"from_L0": [[0.9, pytest.approx(0.9)]]}
    assert mean_entropy([[np.array([[0.5, 0.5]])]]) == pytest.approx(math.log(2))


def test_a_training_history_is_drawn(tmp_path: Path) -> None:
    assert plot_training_history({"loss": [1, 0.5], "val_loss": [1, 0.7]}, tmp_path).stat().st_size > 5000

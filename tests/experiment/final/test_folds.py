"""Folds and both strands: what a search trains and records in the end."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import amber as amber_package
from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.one_hot import one_hot_complement
from amber.errors import ConfigError
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.data import folds_of, load_data
from amber.experiment.experiment import resolve
from amber.experiment.final.folds import _RANGES, _of_folds, interval_of_mean
from amber.experiment.options import RunOptions
from amber.metric_names import MEASURES

DATA = """\
data:
  split: {folds: 4}
  source:
    simulated: {records: 160, length: 30, tasks: {bound: {motifs: [gata]}}}
"""


def test_the_interval_is_students() -> None:
    from scipy import stats

    values = [0.7, 0.8, 0.75, 0.9]
    mean, low, high = interval_of_mean(values)
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (mean, low, high) == pytest.approx((np.mean(values), *expected))
    assert math.isnan(interval_of_mean([0.5, math.nan])[0])


@pytest.mark.parametrize("measure", list(MEASURES))
def test_an_interval_ends_where_its_measure_does(measure: str) -> None:
    least, greatest = _RANGES[measure]
    ends = [max(least, -5.0), min(greatest, 5.0)]
    of_extremes = _of_folds(measure, [ends[0], ends[1], ends[1]])
    assert least <= of_extremes["low"] and of_extremes["high"] <= greatest
    unknown = _of_folds(measure, [None, 0.5])
    assert unknown["mean"] is unknown["low"] is unknown["high"] is None


def test_each_example_is_tested_in_one_fold(tiny: str) -> None:
    loaded = config_from_text(tiny.replace("seed: 3\n", f"seed: 3\n{DATA}"), "x.yaml")
    assert folds_of(loaded) == 4
    parts = [load_data(loaded, fold) for fold in range(4)]
    assert all(each.sizes == {"train": 80, "validation": 40, "test": 40} for each in parts)
    assert parts[1].split_origin == "4 folds, stratified, seed 0"
    tested = np.concatenate([each.open_test().x.reshape(40, -1) for each in parts])
    assert len(np.unique(tested, axis=0)) == 160
    assert np.array_equal(parts[0].validation.x, load_data(loaded, 1).open_test().x)


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("{folds: 4}", "{folds: 2}", "data.split", "at least 3"),
        ("{folds: 4}", "{folds: 4, by: label}", "data.split", "random, grouped, similarity, chromosomes"),
        ("{folds: 4}", "{folds: 4, of: 3}", "data.split", "`by`"),
        ("{folds: 4}", "{folds: 4}\n  fractions: [0.5, 0.25, 0.25]", "data.fractions", "beside folds"),
        ("{folds: 4}", "{folds: 4, by: grouped}", "data.split", "column 'group'"),
        ("{folds: 4}", "{folds: 200}", "data.split", "at least as many examples"),
    ],
)
def test_folds_that_cannot_be(tiny: str, old: str, new: str, key: str, words: str) -> None:
    text = tiny.replace("seed: 3\n", f"seed: 3\n{DATA}").replace(old, new)
    with pytest.raises(ConfigError, match=rf"line \d+, key {key}.*{words}"):
        load_data(config_from_text(text, "x.yaml"))


def test_both_strands_need_sequences_that_have_them(tiny: str, tmp_path: Path) -> None:
    text = tiny.replace("seed: 3\n", "seed: 3\ndata: {source: t.csv, alphabet: protein}\n")
    text = text.replace("final:\n", "final:\n  both_strands: true\n")
    (tmp_path / "t.csv").write_text("seq,label\n" + "".join(f"ACDEFGHIKL,{'ab'[k % 2]}\n" for k in range(40)))
    with pytest.raises(ConfigError, match=r"key final.both_strands: .*DNA or RNA"):
        resolve(config_from_text(text, str(tmp_path / "c.yaml")), RunOptions(run_directory=tmp_path / "run"))


@pytest.mark.slow
def test_a_search_over_folds_with_both_strands(
    tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    text = tiny.replace("seed: 3\n", f"seed: 3\n{DATA}").replace("final:\n", "final:\n  both_strands: true\n")
    done = amber("search", write_config(text + f"run_directory: {tmp_path / 'run'}\n"))
    assert done.exit_code == 0, done.stderr
    assert "Test over all 4 folds" in (tmp_path / "run/results.txt").read_text()
    record = json.loads((tmp_path / "run/test.json").read_text())
    found = record["folds"]["outputs"][""]["model"]["accuracy"]
    assert record["folds"]["number"] == 4 and len(found["values"]) == 4
    assert found["values"][0] == record["model"]["accuracy"]
    assert found["mean"] == pytest.approx(np.mean(found["values"])) and found["low"] <= found["mean"] <= found["high"]
    assert record["both_strands"]
    model = amber_package.load(tmp_path / "run")
    x = np.eye(4, dtype=np.float32)[np.random.default_rng(0).integers(0, 4, (3, 30))]
    other = one_hot_complement(x, Alphabet.of("dna"))
    np.testing.assert_allclose(model.predict(x), model.predict(other), atol=1e-5)
    evaluated = amber("evaluate", tmp_path / "run")
    assert evaluated.exit_code == 0, evaluated.stderr
    reported = amber("report", tmp_path / "run", "-o", tmp_path / "page.html")
    assert reported.exit_code == 0, reported.stderr
    page = (tmp_path / "page.html").read_text()
    assert "Over all 4 folds, of which all but the first took part in the choice" in page and "both strands" in page


@pytest.mark.slow
def test_a_reference_network_is_trained_on_every_fold(
    tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    text = tiny.replace("seed: 3\n", f"seed: 3\n{DATA}").replace("trials: 2", "trials: 1\n  start_with: [deepbind]")
    done = amber("search", write_config(text + f"run_directory: {tmp_path / 'run'}\n"))
    assert done.exit_code == 0, done.stderr
    assert json.loads((tmp_path / "run/best.json").read_text())["reference"] == "deepbind"
    record = json.loads((tmp_path / "run/test.json").read_text())
    assert len(record["folds"]["outputs"][""]["model"]["accuracy"]["values"]) == 4

"""Simulated data named in a configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.errors import ConfigError
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.data import load_data

SOURCE = """\
data:
  source:
    simulated:
      records: 150
      length: 40
      motifs: {a: TGACTCA, b: CCCGGG}
      tasks:
        pair: {motifs: [a, b], spacing: [1, 4]}
        single: {motifs: [b]}
"""


def with_source(tiny: str, source: str = SOURCE) -> str:
    return tiny.replace("seed: 3\n", f"seed: 3\n{source}", 1)


@pytest.mark.slow
def test_a_search_on_simulated_data(
    tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    one = SOURCE.replace("        single: {motifs: [b]}\n", "")
    path = write_config(with_source(tiny, one) + f"run_directory: {tmp_path / 'run'}\n")
    done = amber("search", path)
    assert done.exit_code == 0, done.stderr
    assert json.loads((tmp_path / "run/test.json").read_text())["data"] == "simulated"
    scored = amber("evaluate", tmp_path / "run")
    assert scored.exit_code == 0, scored.stderr


def test_every_task_is_an_output(tiny: str) -> None:
    loaded = config_from_text(with_source(tiny), "x.yaml")
    assert list(loaded.config.data.outputs or {}) == ["pair", "single"]
    assert [target.name for target in load_data(loaded).targets] == ["pair", "single"]


def test_how_large_the_parts_are(tiny: str) -> None:
    text = with_source(tiny, SOURCE.replace("data:\n", "data:\n  fractions: [0.4, 0.4, 0.2]\n"))
    data = load_data(config_from_text(text, "x.yaml"))
    assert [len(data.train), len(data.validation)] == [60, 60]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "simulated:",
            "simulate:",
            4,
            "one of the keys anndata, arrays",
        ),
        ("length: 40", "lenght: 40", 7, "key data.source.simulated.lenght"),
        ("length: 40", "length: 12", 7, "at least 24"),
        ("a: TGACTCA", "a: TGAXTCA", 8, "Motif 'a'"),
        ("spacing: [1, 4]", "spacing: [4, 1]", 10, "key data.source.simulated.tasks.pair"),
        ("motifs: [b]}", "motifs: [d]}", 11, "key data.source.simulated.tasks.single"),
        ("data:\n", "data:\n  fractions: [0.5, 0.4, 0.2]\n", 4, "sum 1"),
        ("data:\n", "data:\n  fractions: [0.5, 0.5]\n", 4, "key data.fractions"),
        ("data:\n", "data:\n  sequence: seq\n", 4, "key data.sequence"),
    ],
)
def test_mistakes_name_the_line(tiny: str, old: str, new: str, line: int, words: str) -> None:
    text = with_source(tiny)
    assert old in text
    with pytest.raises(ConfigError) as raised:
        config_from_text(text.replace(old, new, 1), "x.yaml")
    assert f"x.yaml, line {line}," in str(raised.value) and words in str(raised.value), str(raised.value)
    assert "Received: " in str(raised.value)


def test_a_task_as_label_or_several_as_labels_of_one_output(tiny: str) -> None:
    one = with_source(tiny, SOURCE.replace("data:\n", "data:\n  label: single\n  class_weights: balanced\n"))
    data = load_data(config_from_text(one, "x.yaml"))
    assert [(target.name, target.classes) for target in data.targets] == [("output", ("negative", "positive"))]
    assert data.class_weight is not None
    several = with_source(tiny, SOURCE.replace("data:\n", "data:\n  labels: [pair, single]\n"))
    data = load_data(config_from_text(several, "x.yaml"))
    assert data.targets[0].labels is not None and data.targets[0].labels.names == ("pair", "single")
    assert data.train.y.shape == (len(data.train), 2)


def test_near_duplicates_of_simulated_data_can_be_kept_together(tiny: str) -> None:
    text = with_source(tiny, SOURCE.replace("data:\n", "data:\n  split: similarity\n"))
    assert load_data(config_from_text(text, "x.yaml")).split == "similarity"


def test_a_split_that_simulated_data_do_not_have(tiny: str) -> None:
    text = with_source(tiny, SOURCE.replace("data:\n", "data:\n  split: gsplit\n"))
    with pytest.raises(ConfigError, match=r"line 4, key data.split: .*column 'gsplit'.*Received: columns 'pair', 's"):
        load_data(config_from_text(text, "x.yaml"))

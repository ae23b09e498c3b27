"""Simulated sequences through the road of every source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.data import MotifTask, Simulation, load_simulated, simulate
from amber.data.from_examples import DatasetSpec, load
from amber.data.sources import SimulatedSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.splits.parts import random_split
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

TASKS = {"pair": MotifTask(["ap1", "gata"], [1, 4]), "single": MotifTask(["gata"])}
SIMULATION = Simulation(records=90, length=40, tasks=TASKS, seed=5)


def test_examples_are_the_drawn_sequences_and_labels() -> None:
    drawn = simulate(SIMULATION)
    examples = SimulatedSource(SIMULATION).examples(Wanted())
    (kind,) = examples.inputs.values()
    codes = examples.read(np.arange(90))["sequence"]
    assert ["".join("ACGT"[code] for code in row) for row in codes.tolist()] == drawn.sequences
    assert kind.length == 40
    for task, labels in drawn.labels.items():
        assert (examples.columns[task] == "positive").astype(int).tolist() == labels.tolist()
    assert examples.describe(3) == "example 3"


def test_settings_by_name_are_the_same_simulation() -> None:
    written = {
        "records": 90,
        "length": 40,
        "seed": 5,
        "tasks": {"pair": {"motifs": ["ap1", "gata"], "spacing": [1, 4]}, "single": {"motifs": ["gata"]}},
    }
    assert SimulatedSource(written).simulation == SIMULATION
    assert SimulatedSource().simulation == Simulation()


def test_the_parts_are_those_that_were_drawn_before_there_was_a_source() -> None:
    """The division shares out each combination of labels, by the seed of the simulation."""
    drawn = simulate(SIMULATION)
    combined = list(zip(drawn.labels["pair"].tolist(), drawn.labels["single"].tolist(), strict=True))
    rows = random_split(90, seed=5, stratify=combined)
    data = load_simulated(SIMULATION)
    codes = np.array([["ACGT".index(letter) for letter in text] for text in drawn.sequences], dtype=np.uint8)
    assert np.array_equal(data.train.x, np.eye(4, dtype=np.float32)[codes[rows.train]])
    assert data.train.y["pair"].tolist() == drawn.labels["pair"][rows.train].tolist()
    assert [target.name for target in data.targets] == ["pair", "single"]
    assert not any(target.guessed for target in data.targets)


def test_a_source_like_any_other() -> None:
    spec = DatasetSpec({"y": TargetSpec("single")}, SplitSpec("similarity"), one_input=True)
    data = load(SimulatedSource(SIMULATION), Wanted(), spec, "mine")
    assert data.name == "mine" and data.split == "similarity" and data.input_shape == (40, 4)


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"record": 3}, ("simulated",), "settings records, length"),
        ({"records": 0}, ("simulated", "records"), "positive integer"),
        ({"tasks": {"a": {"motif": ["ap1"]}}}, ("simulated", "tasks", "a"), "motifs"),
        ({"tasks": {"a": {"motifs": []}}}, ("simulated", "tasks", "a"), "at least one motif"),
        ({"tasks": {"a": {"motifs": ["nope"]}}}, ("simulated", "tasks", "a"), "nope"),
    ],
)
def test_mistakes_name_the_setting(settings: dict[str, Any], field: tuple[str, ...], words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        SimulatedSource(settings)
    assert raised.value.field == field

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.architect import Operation
from amber.errors import ModelSpaceError
from amber.graph.cost import measure
from amber.modeler.references import REFERENCES, reference_network

BINARY = Operation("dense", units=1, activation="sigmoid")
# Worked out by hand from the papers' tables, for their length of input and one output.
PARAMETERS = {
    # 24 * 4 * 16 + 16, 16 * 32 + 32, 33.
    ("deepbind", 101): 1552 + 544 + 33,
    # 1,000 bases leave 993, 248, 241, 60, 53 positions.
    ("deepsea", 1000): 8 * 4 * 320 + 320 + 8 * 320 * 480 + 480 + 8 * 480 * 960 + 960 + 53 * 960 * 925 + 925 + 926,
    # 600 bases leave 582, 194, 184, 46, 40, 10 positions; four numbers of each filter in a batch normalisation.
    ("basset", 600): (19 * 4 + 5) * 300 + (11 * 300 + 5) * 200 + (7 * 200 + 5) * 200 + 2001 * 1000 + 1001 * 1000 + 1001,
    # 75 positions of twice 320 units.
    ("danq", 1000): (26 * 4 + 1) * 320 + 2 * 4 * 320 * (320 + 320 + 1) + 75 * 640 * 925 + 925 + 926,
    ("cnnprom", 251): (21 * 4 + 1) * 200 + 115 * 200 * 128 + 128 + 129,
    ("dilated_cnn", 1000): (25 * 4 + 1) * 64 + 9 * (3 * 64 + 1) * 64 + 65,
}


@pytest.mark.parametrize(("name", "length"), PARAMETERS, ids=[name for name, _ in PARAMETERS])
def test_sizes_are_those_of_the_papers(name: str, length: int) -> None:
    graph = reference_network(name, Operation("input", shape=(length, 4)), BINARY)
    assert measure(graph).parameters == PARAMETERS[name, length]


@pytest.mark.parametrize("name", REFERENCES.names())
@pytest.mark.parametrize("length", [1, 7, 60, 251])
def test_any_length_and_task_can_be_built(name: str, length: int) -> None:
    ends = [Operation("dense", units=3, activation="softmax", name="kind"), Operation("dense", units=2, name="level")]
    model = reference_network(name, Operation("input", shape=(length, 4), name="dna"), ends, width=0.1).build()
    assert [tensor.name for tensor in model.inputs] == ["dna"]
    kind, level = model.predict(np.zeros((2, length, 4), "float32"), verbose=0)
    assert kind.shape == (2, 3) and level.shape == (2, 2)


def test_every_network_says_its_paper() -> None:
    for name in REFERENCES.names():
        assert any(year in str(REFERENCES.get(name).__doc__) for year in ("(2015)", "(2016)", "(2017)", "(2021)"))
    assert len(PARAMETERS) == len(REFERENCES.names())


def test_a_position_of_the_dilated_network_sees_the_whole_sequence() -> None:
    graph = reference_network("dilated_cnn", Operation("input", shape=(250, 4)), BINARY)
    rates = [node.operation.get("dilation_rate", 1) for node in graph.nodes if node.operation.Layer_type == "conv1d"]
    assert rates == [1, 2, 4, 8, 16, 32, 64, 128]


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"name": "deepbound"}, "deepbind"),
        ({"inputs": Operation("input", shape=(10,))}, "length, channels"),
        ({"inputs": Operation("dense", units=1)}, "length, channels"),
        ({"outputs": []}, "at least one output"),
        ({"width": 0}, "width=0"),
    ],
)
def test_what_cannot_be_planned_is_named(arguments: dict[str, Any], said: str) -> None:
    given = {"name": "deepbind", "inputs": Operation("input", shape=(60, 4)), "outputs": BINARY, **arguments}
    with pytest.raises(ModelSpaceError, match=said):
        reference_network(**given)

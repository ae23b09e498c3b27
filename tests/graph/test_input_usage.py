"""Which inputs a network uses, read off the graph."""

from __future__ import annotations

from tests.modeler.test_multi_io import ARC, make_builder

from amber.architect import ModelSpace, Operation
from amber.graph.input_usage import input_usage
from amber.modeler import DAGModelBuilder


def test_layers_and_outputs_of_each_input() -> None:
    use = input_usage(make_builder().plan(ARC))
    assert {name: (each.layers, each.outputs) for name, each in use.items()} == {
        "A": (("L0",), ("o1", "o2")),
        "B": (("L1",), ("o2",)),
    }
    assert [each.describe() for each in use.values()] == ["L0", "L1"]


def test_an_input_nobody_reads() -> None:
    use = input_usage(make_builder(2).plan([0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0]))
    assert use["A"].used
    assert not use["B"].used
    assert use["B"].describe() == "not read"


def test_inputs_squeezed_through_one_unit_are_not_used() -> None:
    inputs = [Operation("input", shape=(3,), name=name) for name in ("A", "B")]
    space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3, "activation": "relu"}]] * 2)
    builder = DAGModelBuilder(inputs, Operation("dense", units=1), space, None)
    use = input_usage(builder.plan([0, 1, 0, 0, 0, 0, 1]))
    assert use["A"].describe() == "L0"
    assert use["B"].squeezed and not use["B"].used
    assert use["B"].describe() == "one shared unit"

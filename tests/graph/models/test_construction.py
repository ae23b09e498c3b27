"""A child with intermediate outputs is made from its arguments in every order that is allowed."""

from __future__ import annotations

import itertools

import keras
import pytest

from amber.architect import Operation
from amber.graph.node import ComputationNode
from amber.modeler import DenseAddOutputChild

NODES = (ComputationNode(Operation("dense", units=3), "hidden", parents=("A",)),)
MAPPING = {("A", "B"): 1, ("A", "C"): None}


@pytest.fixture(scope="module")
def given() -> dict[str, object]:
    """Every argument by name, the last outputs first."""
    x = keras.Input((2,), name="A")
    hidden = keras.layers.Dense(3, name="hidden")(x)
    outputs = [keras.layers.Dense(1, name=name)(hidden) for name in ("y", "near")]
    return {"nodes": NODES, "block_loss_mapping": MAPPING, "inputs": x, "outputs": outputs, "name": "child"}


FIRST_AMBER = ("nodes", "block_loss_mapping", "inputs", "outputs", "name")
KERAS = ("inputs", "outputs", "name", "nodes", "block_loss_mapping")


@pytest.mark.parametrize(("order", "count"), [*itertools.product((FIRST_AMBER, KERAS), range(6))])
def test_any_number_by_position_and_the_others_by_name(
    given: dict[str, object], order: tuple[str, ...], count: int
) -> None:
    by_name = {name: given[name] for name in order[count:]}
    child = DenseAddOutputChild(*(given[name] for name in order[:count]), **by_name)
    assert (child.nodes, child.block_loss_mapping, child.name) == (list(NODES), MAPPING, "child")
    assert child.output_names == ["y", "near"] and child.aux_loss_weights == {"near": 0.1}
    child.nodes.clear()
    child.block_loss_mapping.clear()
    assert (child.nodes, child.block_loss_mapping) == (list(NODES), MAPPING)


@pytest.mark.parametrize("order", [FIRST_AMBER, KERAS])
def test_what_is_left_out_is_empty(given: dict[str, object], order: tuple[str, ...]) -> None:
    tensors = {name: given[name] for name in order if name in ("inputs", "outputs")}
    children = [DenseAddOutputChild(**tensors), DenseAddOutputChild(None, None, **tensors)]
    children += [DenseAddOutputChild(*tensors.values())]
    assert all(child.nodes == [] and child.block_loss_mapping == {} for child in children)
    one = DenseAddOutputChild(inputs=given["inputs"], outputs=[given["outputs"][0]])  # type: ignore[index]
    assert (one.aux_loss_weights, one.aux_loss_weight) == ({}, 0.0)


@pytest.mark.parametrize("order", [FIRST_AMBER, KERAS])
def test_too_many_and_the_same_twice_are_refused(given: dict[str, object], order: tuple[str, ...]) -> None:
    values = [given[name] for name in order]
    with pytest.raises(TypeError, match=rf"takes {', '.join(order)} once each. Received: 6 arguments"):
        DenseAddOutputChild(*values, 1)
    for count in (1, 4):
        with pytest.raises(TypeError, match=f"Received: {count} arguments"):
            DenseAddOutputChild(*values[:count], **{name: given[name] for name in order[count - 1 :]})


@pytest.mark.parametrize(
    ("weight", "each", "largest"),
    [(0, [0, 0], 0), (0.5, [0.5, 0.5], 0.5), ({"b": 0.3}, [0.1, 0.3], 0.3), ({"a": 0, "b": 0.05}, [0, 0.05], 0.05)],
)
def test_weights_of_intermediate_outputs(weight: object, each: list[float], largest: float) -> None:
    x = keras.Input((2,), name="A")
    outputs = [keras.layers.Dense(1, name=name)(x) for name in "yab"]
    child = DenseAddOutputChild(x, outputs, aux_loss_weight=weight)
    assert child.aux_loss_weights == dict(zip("ab", each, strict=True)) and child.aux_loss_weight == largest

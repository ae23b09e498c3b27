"""One node of a network as a value: its place, its text, and what may not be changed."""

from __future__ import annotations

import copy
import pickle
from itertools import product
from typing import get_args

import keras
import pytest

from amber.architect import Operation
from amber.architect.places import NodePlace, NodeRole
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.graph.node import ComputationNode, input_shape

DENSE = Operation("dense", units=3)
PLACES = [NodePlace(role, layer) for role, layer in product(get_args(NodeRole), (None, 0, 7))]


@pytest.mark.parametrize("place", PLACES, ids=repr)
def test_a_place_is_kept_as_data_and_as_text(place: NodePlace) -> None:
    node = ComputationNode(DENSE, "a", "add", ("b", "c"), place)
    assert (node.place, node.group) == (place, str(place))
    for same in (
        ComputationNode.from_dict(node.to_dict()),
        node.replace(),
        node.replace(node_name="x").replace(node_name="a"),
        copy.copy(node),
        pickle.loads(pickle.dumps(node)),
    ):
        assert same == node and hash(same) == hash(node) and same.place == place and same.group == node.group


@pytest.mark.parametrize("place", PLACES, ids=repr)
def test_only_a_place_with_a_layer_has_one(place: NodePlace) -> None:
    node = ComputationNode(DENSE, "a", group=place)
    if place.layer is None:
        with pytest.raises(ModelSpaceError, match="belongs to a layer of the model space. Received: 'a'"):
            _ = node.layer
    else:
        assert node.layer == place.layer


def test_a_group_as_text_is_no_place() -> None:
    node = ComputationNode(DENSE, "a", group="L3")
    assert (node.group, node.place, node.name) == ("L3", None, "a")
    with pytest.raises(ModelSpaceError, match="Received: 'a'"):
        _ = node.layer
    assert node != ComputationNode(DENSE, "a", group=NodePlace("layer", 3))
    assert ComputationNode.from_dict(node.to_dict()) == node


def test_nodes_differ_in_whatever_differs() -> None:
    node = ComputationNode(DENSE, "a", "add", ("b",), "g")
    changes = {
        "operation": DENSE.replace(units=4),
        "node_name": "b",
        "merge_op": "average",
        "parents": ("c",),
        "group": "h",
    }
    changed = [node.replace(**{name: value}) for name, value in changes.items()]
    assert len({node, *changed}) == 1 + len(changes)
    for name, other in zip(changes, changed, strict=True):
        assert getattr(other, name) == changes[name] != getattr(node, name)
        with pytest.raises(AttributeError, match="use replace"):
            setattr(node, name, changes[name])


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [((60, 4), (60, 4)), ([60, 4], (60, 4)), (5, (5,)), ((None, 4), (None, 4)), ((1,), (1,)), ((3.0, 2), (3, 2))],
)
def test_the_shape_of_an_input(shape: object, sizes: tuple[int | None, ...]) -> None:
    for _ in range(2):
        assert input_shape(Operation("input", shape=shape)) == sizes


@pytest.mark.parametrize("shape", [None, (), (0, 4), (-1,), (4, 0), "ab", (None, "x"), ((1, 2), 3)])
def test_what_is_no_shape_of_an_input(shape: object) -> None:
    for _ in range(2):
        with pytest.raises(ModelSpaceError, match="input"):
            input_shape(Operation("input", shape=shape))


def test_a_node_alone_is_built_on_tensors() -> None:
    tensors = [keras.KerasTensor((None, 5)) for _ in range(2)]
    assert ComputationNode(DENSE, "a", parents=("b",)).build(tensors[0]).shape == (None, 3)
    assert ComputationNode(Operation("identity"), "a", "concatenate").build(*tensors).shape == (None, 10)
    assert ComputationNode(Operation("identity"), "a", "add").build(*tensors).shape == (None, 5)
    assert ComputationNode(Operation("add"), "a").build(*tensors).shape == (None, 5)
    assert ComputationNode(Operation("input", shape=(6, 4)), "a").build().shape == (None, 6, 4)
    with pytest.raises(InvalidArchitectureError, match="'a' reads at least one tensor"):
        ComputationNode(DENSE, "a").build()


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_node_needs_an_operation_and_a_name(name: object) -> None:
    with pytest.raises(ModelSpaceError, match="non-empty name"):
        ComputationNode(DENSE, name)  # type: ignore[arg-type]
    with pytest.raises(ModelSpaceError, match="needs an Operation"):
        ComputationNode("dense", "a")  # type: ignore[arg-type]

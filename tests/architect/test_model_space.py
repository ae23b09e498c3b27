"""Model spaces: editing, holes, round trips, branches."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.architect.test_operation import OPERATIONS

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.architect.model_space import check_size
from amber.architect.residual_space import check_candidate
from amber.architect.shared_cnn_space import check_shared_candidate
from amber.errors import ModelSpaceError
from amber.files import limits

A, B, C = Operation("dense", units=1), Operation("dense", units=2), Operation("identity")
SPACES = st.lists(st.lists(OPERATIONS, min_size=1, max_size=3), min_size=1, max_size=4)


def make(*layers: list[Operation]) -> ModelSpace:
    return ModelSpace.from_dict(list(layers))


@given(SPACES)
@pytest.mark.slow
def test_round_trips(layers: list[list[Operation]]) -> None:
    space = ModelSpace.from_dict(layers)
    assert ModelSpace.from_json(space.to_json()) == space
    assert ModelSpace.from_yaml(space.to_yaml()) == space
    assert ModelSpace.from_dict(dict(enumerate(space.to_dict()))) == space


def test_worked_example() -> None:
    space = make([A, B], [C])
    assert (len(space), space.get_space_size(), space[-1]) == (2, 2, [C])
    assert str(space) == "StateSpace with 2 layers and 2 total combinations"
    assert [len(layer) for layer in space] == [2, 1]
    with pytest.raises(IndexError, match="layer_id out of range"):
        space[2]


def test_editing() -> None:
    space = ModelSpace()
    assert space.add_layer(0, [A])
    assert not space.add_layer(2, [C])
    with pytest.raises(ModelSpaceError, match="hole"):
        space.validate()
    assert space.add_layer(1, [B])
    space.add_state(1, C)
    assert space[1] == [B, C]
    space.delete_state(1, 0)
    assert space[1] == [C]
    assert space.delete_layer(0)
    assert space.layers == ((C,), (C,))
    for edit in (
        lambda: space[0].append(A),
        lambda: space[0].clear(),
        lambda: space[0].__setitem__(0, A),
        lambda: next(iter(space)).insert(0, A),
    ):
        with pytest.raises(ModelSpaceError, match=r"space.add_state\(0, op\).*Received"):
            edit()
    assert space[0] == [C] and isinstance(space[0], list)
    assert sorted(space[0], key=str) == [C] and space[0] + [A] == [C, A]
    assert pickle.loads(pickle.dumps(space[0])) == copy.deepcopy(space[0]) == [C]


def test_random_states_follow_the_seed() -> None:
    space = make([A, B, C], [A, B, C], [A, B, C])
    assert space.get_random_model_states(3) == space.get_random_model_states(np.random.default_rng(3))


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ("dense", "list of layers"),
        ([[{"units": 3}]], "Layer 0, candidate 0"),
        ([["dense"]], "Layer 0, candidate 0"),
        ([{"Layer_type": "dense"}], "Layer 0 must be a list"),
        ({"a": []}, "layer indices"),
    ],
)
def test_bad_descriptions(description: object, message: str) -> None:
    with pytest.raises(ModelSpaceError, match=message):
        ModelSpace.from_dict(description)  # type: ignore[arg-type]


@pytest.mark.parametrize("space", [ModelSpace(), make([A], [])])
def test_empty_spaces(space: ModelSpace) -> None:
    for refused in (space.validate, lambda: space.get_random_model_states(0)):
        with pytest.raises(ModelSpaceError, match="Received"):
            refused()


def test_branched_space() -> None:
    first, second, stem = make([A], [B]), make([C]), make([A, B], [C])
    space = BranchedModelSpace([[first, second], stem])
    assert space.layer_to_branch == {0: (0, 0), 1: (0, 0), 2: (0, 1), 3: (1, None), 4: (1, None)}
    assert space.branch_to_layer == {(0, 0): [0, 1], (0, 1): [2], (1, None): [3, 4]}
    assert space.get_space_size() == 2
    assert space.delete_layer(1)
    assert space.branch_to_layer == {(0, 0): [0], (0, 1): [1], (1, None): [2, 3]}
    assert len(first) == 2
    assert [branch.layers for branch in space.subspaces[0]] == [((A,),), ((C,),)]
    with pytest.raises(ModelSpaceError, match="only layer"):
        space.delete_layer(1)
    with pytest.raises(ModelSpaceError, match="which branch"):
        space.add_layer(9, [A])


@pytest.mark.parametrize(
    "subspaces", [[], [[make([A])]], [[ModelSpace()], make([A])], [[], make([A])], [["x"], make([A])]]
)
def test_bad_branches(subspaces: object) -> None:
    with pytest.raises(ModelSpaceError):
        BranchedModelSpace(subspaces)  # type: ignore[arg-type]


def test_as_many_layers_and_candidates_as_are_allowed() -> None:
    check_size(limits.LAYERS, limits.CANDIDATES)
    with pytest.raises(ModelSpaceError, match=f"at most {limits.LAYERS:,} layers"):
        check_size(limits.LAYERS + 1, 1)
    with pytest.raises(ModelSpaceError, match=f"at most {limits.CANDIDATES:,} candidates"):
        check_size(1, limits.CANDIDATES + 1)


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        (Operation("conv1d", filters=2, activation="relu"), None),
        (Operation("conv1d", filters=2, activation="None"), None),
        (Operation("conv1d", filters=2), None),
        (Operation("maxpool1d", filters=2), None),
        (Operation("conv1d", filters=2, activation="rleu"), ("activation",)),
        (Operation("dense", units=2), ()),
    ],
)
def test_candidates_of_a_residual_network(operation: Operation, field: tuple[str, ...] | None) -> None:
    if field is None:
        check_candidate(operation)
        return
    with pytest.raises(ModelSpaceError) as refused:
        check_candidate(operation)
    assert refused.value.field == field


@pytest.mark.parametrize("kernel_size", [0, "3", (3, 5), None, 2.0])
def test_a_convolution_with_shared_weights_needs_a_kernel(kernel_size: object) -> None:
    check_shared_candidate(Operation("conv1d", filters=4, kernel_size=(3,)))
    with pytest.raises(ModelSpaceError, match="must be positive integers"):
        check_shared_candidate(Operation("conv1d", filters=4, kernel_size=kernel_size))

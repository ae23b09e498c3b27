"""Spaces of residual CNNs with shared weights: at each rule, what it allows and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from amber.architect.model_space import ModelSpace
from amber.architect.operation import Operation
from amber.architect.residual_space import ACTIVATIONS, filters_of_layers
from amber.architect.shared_cnn_space import activation_of, check_shared_candidate, check_shared_space, size_of
from amber.errors import ModelSpaceError


def conv(**changes: Any) -> Operation:
    return Operation("conv1d", **({"filters": 4, "kernel_size": 3} | changes))


def pool(kind: str = "max", **changes: Any) -> Operation:
    return Operation(f"{kind}pool1d", **({"filters": 4, "pool_size": 2} | changes))


SAME = Operation("identity", filters=4)


def of_layers(layers: list[list[Operation]]) -> ModelSpace:
    space = ModelSpace()
    for number, candidates in enumerate(layers):
        space.add_layer(number, candidates)
    return space


def refused(layers: list[list[Operation]], *, with_skips: bool) -> tuple[object, ...] | None:
    """Return the place that is refused; None where the space is taken."""
    try:
        check_shared_space(of_layers(layers), with_skips=with_skips)
    except ModelSpaceError as error:
        return error.field
    return None


@pytest.mark.parametrize(
    ("layers", "with_skips", "field"),
    [
        # A stride needs a layer of pools alone.
        ([[pool(strides=2)]], True, None),
        ([[pool(strides=2), pool("avg", strides=2)]], True, None),
        ([[pool(strides=2), conv()]], True, (0,)),
        ([[pool(strides=2), SAME]], True, (0,)),
        ([[conv(), pool(strides=2), pool("avg", strides=2)]], False, (0,)),
        # One stride in a layer; what is not said is 1.
        ([[pool(strides=2), pool("avg", strides=3)]], False, (0,)),
        ([[pool(strides=2), pool("avg")]], False, (0,)),
        ([[pool(strides=1), pool("avg"), pool(strides=None), conv()]], True, None),
        ([[conv()], [pool(strides=1), pool("avg", strides=3)]], False, (1,)),
        # Beyond the first layer only without skip connections.
        ([[conv()], [pool(strides=2)]], True, (1,)),
        ([[conv()], [pool(strides=2)]], False, None),
        ([[conv()], [pool(strides=1)]], True, None),
        ([[pool(strides=2)], [pool(strides=2)]], True, (1,)),
        # Candidates by their place.
        ([[conv(), conv(kernel_size=5)], [SAME, pool(), conv()]], True, None),
        ([[conv()], [SAME, conv(strides=2)]], True, (1, 1, "strides")),
        ([[conv()], [conv(use_bias=False)]], True, (1, 0, "use_bias")),
        ([[conv(), Operation("dense", units=4)]], True, (0, 1)),
        ([[pool(pool_size=[2, 2])]], True, (0, 0)),
    ],
)
def test_which_spaces_can_share_weights(
    layers: list[list[Operation]], with_skips: bool, field: tuple[object, ...] | None
) -> None:
    assert refused(layers, with_skips=with_skips) == field


def test_skip_connections_are_expected_unless_it_is_said() -> None:
    space = of_layers([[conv()], [pool(strides=2)]])
    with pytest.raises(ModelSpaceError, match="with skip connections only the pools of layer 0"):
        check_shared_space(space)


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        *((conv(**{name: value}), None) for name in ("dilation", "dilation_rate") for value in (1, 2, [3])),
        *((conv(**{name: value}), ()) for name in ("dilation", "dilation_rate") for value in (-1, [0], [1, 1])),
        *((conv(kernel_size=value), None) for value in (1, 8, [3])),
        *((conv(strides=value), None) for value in (1, [1])),
        *((conv(strides=value), ("strides",)) for value in (2, [2])),
        *((conv(strides=value), ()) for value in (0, [1, 1])),
        (conv(padding="valid", name="mine"), None),
        *((pool(kind, pool_size=size), None) for kind in ("max", "avg") for size in (1, 7, [2])),
        *((pool(kind, pool_size=size), ()) for kind in ("max", "avg") for size in (0, [2, 2])),
        *((pool(strides=value), None) for value in (None, 1, 3, [2])),
        *((pool(strides=value), ()) for value in (-1, [1, 1])),
        (SAME, None),
    ],
    ids=str,
)
def test_which_candidates_can_share_weights(operation: Operation, field: tuple[str, ...] | None) -> None:
    if field is None:
        check_shared_candidate(operation)
        return
    with pytest.raises(ModelSpaceError) as found:
        check_shared_candidate(operation)
    assert found.value.field == field


@pytest.mark.parametrize("given", [*ACTIVATIONS, *map(str.upper, ACTIVATIONS), None, ""])
def test_activations_in_any_case(given: str | None) -> None:
    assert activation_of(conv(activation=given)) == (given or "linear").lower()
    assert activation_of(conv()) == "linear"


def test_sizes_are_positive_integers_or_lists_of_one() -> None:
    assert [size_of(value, SAME) for value in (1, 2, [3], (4,))] == [1, 2, 3, 4]
    for wrong in (0, -1, 1.0, True, "1", [], [1, 2], [0], None):
        with pytest.raises(ModelSpaceError, match="positive integers"):
            size_of(wrong, SAME)


@pytest.mark.parametrize("filters", [0, -1, 1.5, True, None, "4"])
def test_every_candidate_has_filters(filters: object) -> None:
    wrong = Operation("identity", **({} if filters is None else {"filters": filters}))
    with pytest.raises(ModelSpaceError, match="Layer 1, candidate 1: .*positive integer") as found:
        filters_of_layers(of_layers([[conv()], [SAME, wrong]]))
    assert found.value.field == (1, 1)


def test_filters_of_each_layer() -> None:
    space = of_layers([[conv(filters=1)], [SAME, pool()], [conv(filters=9), conv(filters=9)]])
    assert filters_of_layers(space) == [1, 4, 9]
    with pytest.raises(ModelSpaceError, match=r"same 'filters'. Received: \[3, 4\]") as found:
        filters_of_layers(of_layers([[conv()], [SAME, conv(filters=3)]]))
    assert found.value.field == (1,)

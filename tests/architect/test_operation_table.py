"""What is known of operations without Keras is what the registry says."""

from __future__ import annotations

import pytest

from amber.architect import Operation
from amber.architect.operation_table import BASE_ATTRIBUTES, RENAMED, check_operation, known_operations
from amber.errors import ModelSpaceError
from amber.operations import OPERATIONS

# Made by builders only, never written into a space.
_INTERNAL = {"callable", "bias_only"}


def test_table_is_that_of_the_registry() -> None:
    table = known_operations()
    own = {name for name in OPERATIONS if OPERATIONS.get(name).make.__module__.startswith(("keras", "amber."))}
    assert {known.name for known in table.values()} == own - _INTERNAL
    for name, known in table.items():
        spec = OPERATIONS.get(name)
        assert spec.name == known.name
        assert spec.required == known.needs, name
        assert spec.search_only == known.ignores, name
        assert spec.accepted == known.takes, name
        assert set(spec.renamed.items()) <= set(RENAMED.items()), name
        assert known.takes >= BASE_ATTRIBUTES


@pytest.mark.parametrize(
    ("operation", "key", "message"),
    [
        (Operation("conv1dd", filters=2), ("Layer_type",), "Did you mean 'conv1d'"),
        (Operation("conv1d", filter=2, kernel_size=3), ("filter",), "Did you mean 'filters'"),
        (Operation("conv1d", filters=2), (), "needs the attribute kernel_size"),
        (Operation("dense", units=10**9), ("units",), "from 1 to 1,000,000"),
        (Operation("dense", units=True), ("units",), "an integer"),
        (Operation("dense", units="9" * 100_000), ("units",), "an integer"),
        (Operation("dropout", rate=-0.1), ("rate",), "from 0 to 1"),
        (Operation("x" * 100_000), ("Layer_type",), "Unknown operation"),
        (Operation("dense", **{"units": 1, "y" * 100_000: 1}), ("y" * 100_000,), "does not take"),
    ],
)
def test_mistakes_are_named_shortly(operation: Operation, key: tuple[str, ...], message: str) -> None:
    with pytest.raises(ModelSpaceError, match=message) as caught:
        check_operation(operation)
    assert caught.value.field == key
    assert len(str(caught.value)) < 2_500


@pytest.mark.parametrize(
    "operation",
    [
        Operation("Conv1D", filters=2, kernel_size=3, dilation=2, units=4),
        Operation("max_pooling1d", pool_size=2, filters=8, activation="relu"),
        Operation("self_attention", num_heads=2, key_dim=None),
    ],
)
def test_what_the_registry_takes_is_taken(operation: Operation) -> None:
    check_operation(operation)

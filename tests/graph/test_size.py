"""A network whose weights no machine holds is refused before one is made."""

from __future__ import annotations

import pytest

from amber.architect import ModelSpace, Operation
from amber.errors import InvalidArchitectureError
from amber.files import limits
from amber.graph.cost import GraphCost, NodeCost, check_size
from amber.modeler import KerasModelBuilder


@pytest.mark.parametrize("units", [[10**9], [100_000, 100_000]])
def test_network_of_too_many_weights_is_refused_by_name(units: list[int]) -> None:
    space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": each}] for each in units])
    arguments = {"optimizer": "sgd", "loss": "mse"}
    builder = KerasModelBuilder(Operation("input", shape=(3,)), Operation("dense", units=1), arguments, space)
    with pytest.raises(InvalidArchitectureError, match=f"at most {limits.PARAMETERS:,} parameters") as caught:
        builder([0] * len(units))
    assert f"of which {max(4 * 10**9, 0) if len(units) == 1 else 100_000 * 100_001:,} in" in str(caught.value)


def test_the_limit_itself_is_allowed() -> None:
    nodes = {"out": NodeCost((1,), limits.PARAMETERS)}
    check_size(GraphCost(limits.PARAMETERS, limits.PARAMETERS, 0, nodes))
    with pytest.raises(InvalidArchitectureError, match=f"Received: {limits.PARAMETERS + 1:,}, of which .* in 'out'"):
        check_size(GraphCost(limits.PARAMETERS + 1, 0, 0, nodes))

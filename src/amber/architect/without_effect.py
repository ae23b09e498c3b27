"""Arguments of a builder that change nothing on a given space; known without loading Keras.

Builders warn of them, and a configuration's are said before a search begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from amber.architect.branched_model_space import BranchedModelSpace
from amber.architect.model_space import ModelSpace
from amber.architect.operation import Operation

# Layers that are normalised where a builder is asked to.
NORMALISED = frozenset({"conv1d", "conv2d", "dense"})
# What gives a vector whatever it reads.
_FLAT = frozenset({"flatten", "globalavgpool1d", "globalmaxpool1d", "globalavgpool2d", "globalmaxpool2d"})

_Rule = Callable[[ModelSpace, int], bool]


def _equal_filters(space: ModelSpace, inputs: int) -> bool:
    return len({operation.get("filters") for operation in _operations(space)}) == 1


def _no_pools(space: ModelSpace, inputs: int) -> bool:
    return not any(operation.Layer_type.endswith("pool1d") for operation in _operations(space))


def _no_widths(space: ModelSpace, inputs: int) -> bool:
    return all(operation.get("units") is None and operation.get("filters") is None for operation in _operations(space))


def _nothing_normalised(space: ModelSpace, inputs: int) -> bool:
    return not any(operation.Layer_type in NORMALISED for operation in _operations(space))


def _one_layer(space: ModelSpace, inputs: int) -> bool:
    return len(space.layers) == 1


def _one_input(space: ModelSpace, inputs: int) -> bool:
    return inputs == 1


def _flat_already(space: ModelSpace, inputs: int) -> bool:
    return all(operation.Layer_type in _FLAT for operation in space.layers[-1])


def _one_branch(space: ModelSpace, inputs: int) -> bool:
    return isinstance(space, BranchedModelSpace) and len(space.subspaces[0]) == 1


_RULES: dict[str, dict[str, tuple[_Rule, str]]] = {
    "residual_cnn": {
        "reduction_factor": (_equal_filters, "all layers have the same number of filters, so nothing is reduced"),
        "add_conv1_under_pool": (_no_pools, "no candidate is a pool"),
    },
    "multi_io": {"wsf": (_no_widths, "no candidate has units or filters")},
    "dag": {
        "with_skip_connection": (_one_layer, "there is one layer"),
        "dag_func": (_one_input, "there is one input, and intermediate outputs stand where two meet"),
    },
    "branch": {
        "with_bn": (_nothing_normalised, "no candidate is a dense layer or a convolution"),
        "merge": (_one_branch, "there is one branch"),
    },
    "sequential": {"flatten": (_flat_already, "the last layer gives a vector")},
}
# Values that ask for nothing.
_PLAIN: dict[str, frozenset[object]] = {
    "wsf": frozenset({1}),
    "with_skip_connection": frozenset({True}),
    "dag_func": frozenset({"DAG", "InputBlockDAG", None}),
    "with_bn": frozenset({False}),
    "flatten": frozenset({False, None}),
}


def without_effect(builder: str, space: ModelSpace, given: Mapping[str, object], *, inputs: int = 1) -> dict[str, str]:
    """Return the arguments that change nothing, each with the reason.

    Args:
        builder: `residual_cnn`, `multi_io`, `dag`, `branch` or `sequential`; others have no rules.
        space: what is searched.
        given: arguments that somebody gave, with their values.
        inputs: how many there are.
    """
    return {
        name: reason
        for name, (has_none, reason) in _RULES.get(builder, {}).items()
        if name in given and not _asks_nothing(name, given[name]) and has_none(space, inputs)
    }


def _asks_nothing(name: str, value: object) -> bool:
    return isinstance(value, (str, bool, int, float, type(None))) and value in _PLAIN.get(name, frozenset())


def sentence(owner: str, reasons: Mapping[str, str]) -> str:
    """Return one line that says which arguments have no effect, and why; empty where all have.

    Args:
        owner: what was given them.
        reasons: what `without_effect` returned.
    """
    said = [f"{name} has no effect on {owner}, as {reason}" for name, reason in reasons.items()]
    return "; ".join(said) + ". Take it out, or change the model space." if said else ""


def _operations(space: ModelSpace) -> Iterable[Operation]:
    return (operation for candidates in space.layers for operation in candidates)

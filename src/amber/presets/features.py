"""The preset for inputs other than one sequence: feature groups, and sequences beside other inputs."""

from __future__ import annotations

from typing import Any

from amber.errors import ModelSpaceError
from amber.presets.facts import DataFacts, Layer, PresetSpace
from amber.presets.layers import (
    IDENTITY,
    dropouts,
    first_convolution,
    further_convolution,
    head,
    pools,
)


def feature_groups(facts: DataFacts) -> PresetSpace:
    """Return the space and builder that suit the inputs.

    | inputs | networks |
    |---|---|
    | one group of features | dense layers in a chain |
    | several groups | dense layers, each of which chooses the groups and earlier layers it reads (`dag`) |
    | the same, several outputs | the same, and each output chooses its layers (`multi_io`) |
    | sequences or tracks among them | a branch for each input, joined, and a dense head (`branch`) |

    Raises:
        ModelSpaceError: sequences and several outputs, which no builder joins.
    """
    if facts.sequences:
        return _branches(facts)
    layers: list[Layer] = [_dense(facts)] * facts.by_examples(3, 4, 5)
    if facts.outputs > 1:
        return PresetSpace(layers, {"type": "multi_io", "dropout_rate": 0.2})
    if len(facts.inputs) > 1:
        return PresetSpace(layers, {"type": "dag"})
    dense = _dense(facts)
    return PresetSpace(
        [dropouts((0, 0.1, 0.3)), dense, dropouts((0, 0.2, 0.4)), [IDENTITY, *dense]], {"type": "sequential"}
    )


def _dense(facts: DataFacts) -> Layer:
    units = facts.by_examples((16, 32, 64), (32, 64, 128), (64, 128, 256))
    found: Layer = [{"Layer_type": "dense", "units": number, "activation": "relu"} for number in units]
    return [*found, {"Layer_type": "dense", "units": units[1], "activation": "tanh"}, dict(IDENTITY)]


def _branches(facts: DataFacts) -> PresetSpace:
    if facts.outputs > 1:
        raise ModelSpaceError(
            "The preset feature_groups has one output where an input is a sequence: write the layers under "
            f"model_space, with builder: {{type: multi_io}}. Received: {facts.outputs} outputs"
        )
    branches: dict[str, Any] = {}
    for name, shape in facts.inputs.items():
        branches[name] = _of_sequence(facts, shape[0]) if len(shape) == 2 else _of_numbers(facts)
    if len(branches) == 1:
        raise ModelSpaceError(
            "The preset feature_groups is for several inputs or for numbers; for one sequence write motif_cnn or auto. "
            f"Received: {', '.join(branches)}"
        )
    return PresetSpace(
        {"branches": branches, "stem": head(facts), "merge": "concatenate"}, {"type": "branch", "with_bn": True}
    )


def _of_sequence(facts: DataFacts, length: int) -> list[Layer]:
    return [
        first_convolution(facts, length),
        pools(length, (200, 100, 50)),
        dropouts((0, 0.1, 0.3)),
        further_convolution(facts),
        [{"Layer_type": "globalavgpool1d"}, {"Layer_type": "globalmaxpool1d"}],
    ]


def _of_numbers(facts: DataFacts) -> list[Layer]:
    units = facts.by_examples((8, 16), (16, 32), (32, 64))
    return [[IDENTITY, *({"Layer_type": "dense", "units": number, "activation": "relu"} for number in units)]]

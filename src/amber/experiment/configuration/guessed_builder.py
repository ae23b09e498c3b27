"""Choose a builder for a configuration that names none.

What may be changed here: what a guess goes by. A builder that is named is always the one that is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

# What a residual CNN is made of; see `amber.modeler.KerasResidualCnnBuilder`.
_RESIDUAL = {"conv1d", "maxpool1d", "avgpool1d", "identity"}
# What gives one vector for a whole sequence.
_FLAT = {"flatten", "globalmaxpool1d", "globalavgpool1d", "globalmaxpooling1d", "globalaveragepooling1d"}


def guessed_builder(model_space: Any, inputs: Mapping[str, Any] | None, outputs: int) -> dict[str, Any]:
    """Return the section `builder` for a space and data.

    | data and space | builder |
    |---|---|
    | a space of branches and a stem | `branch` |
    | several outputs | `multi_io` |
    | sequences, alone or with numbers; convolutions, pools, identities of one width a layer | `residual_cnn` |
    | blocks of features, or several inputs | `dag` |
    | sequences; all other layers | `sequential`, flattened before the output where no layer does it |

    Args:
        model_space: the section `model_space`, as it was read.
        inputs: the section `data.blocks`; None: sequences.
        outputs: how many there are.
    """
    if isinstance(model_space, dict):
        return {"type": "branch"}
    if outputs > 1:
        return {"type": "multi_io"}
    if (inputs is None or _sequences(inputs) == 1) and _suits_residual_cnn(model_space):
        return {"type": "residual_cnn"}
    if inputs is not None and not (len(inputs) == _sequences(inputs) == 1):
        return {"type": "dag"}
    flattens = any(kinds and kinds <= _FLAT for kinds in map(_kinds, model_space))
    return {"type": "sequential"} if flattens else {"type": "sequential", "flatten": True}


def _kinds(layer: keras.Layer) -> set[str]:
    """Return the types of a layer's candidates, without underscores; an empty set where it is not a layer."""
    candidates = layer.get("candidates") if isinstance(layer, Mapping) else layer
    if not isinstance(candidates, list) or not all(isinstance(each, Mapping) for each in candidates):
        return set()
    return {str(each.get("Layer_type", "")).lower().replace("_", "") for each in candidates}


def _sequences(inputs: Mapping[str, object]) -> int:
    return sum(isinstance(each, Mapping) and "sequence" in each for each in inputs.values())


def _suits_residual_cnn(layers: object) -> bool:
    """Say whether each layer has candidates of one width, of kinds that a residual CNN knows, and some convolve."""
    kinds = set()
    for layer in layers if isinstance(layers, list) else ():
        candidates = layer.get("candidates") if isinstance(layer, Mapping) else layer
        if not isinstance(candidates, list) or not all(isinstance(each, Mapping) for each in candidates):
            return False
        kinds |= {str(each.get("Layer_type", "")).lower() for each in candidates}
        if len({repr(each.get("filters")) for each in candidates}) != 1 or candidates[0].get("filters") is None:
            return False
    return "conv1d" in kinds and kinds <= _RESIDUAL

"""The presets by name, and the choice of one for data.

What may be changed here: `register_preset` adds another one, also from a plug-in.
"""

from __future__ import annotations

from amber.errors import ModelSpaceError
from amber.presets.facts import DataFacts, Preset, PresetSpace
from amber.presets.features import feature_groups
from amber.presets.residual import deep_residual_cnn, dilated_cnn
from amber.presets.sequences import cnn_attention, cnn_context, cnn_recurrent, motif_cnn
from amber.registry import Registry

AUTO = "auto"
# Above this length what belongs together may stand further apart than convolutions and a pool reach.
_LONG = 1_500

PRESETS: Registry[Preset] = Registry("preset", ModelSpaceError)


def register_preset(name: str, preset: Preset) -> None:
    """Make a preset known to configurations.

    Args:
        name: value of `model_space.preset`.
        preset: returns the space for the facts of a data set; raises ModelSpaceError where it does not suit them.

    Raises:
        ModelSpaceError: the name is taken.
    """
    PRESETS.register(name, preset)


def chosen_preset(facts: DataFacts, *, shares_weights: bool = False) -> str:
    """Return the name of the preset that suits data.

    | data | preset |
    |---|---|
    | several inputs, or numbers | `feature_groups` |
    | one sequence, for one-shot search | `deep_residual_cnn`; above 1,500 letters `dilated_cnn` |
    | one sequence | `motif_cnn`; above 1,500 letters `dilated_cnn` |

    Args:
        facts: of the data.
        shares_weights: whether a one-shot search will share weights, which needs a residual CNN.
    """
    if len(facts.inputs) > 1 or not facts.sequences:
        return "feature_groups"
    (shape,) = facts.inputs.values()
    if shape[0] > _LONG:
        return "dilated_cnn"
    return "deep_residual_cnn" if shares_weights else "motif_cnn"


def preset_space(name: str, facts: DataFacts) -> PresetSpace:
    """Return the model space and builder of a preset.

    Args:
        name: `motif_cnn`, `deep_residual_cnn`, `dilated_cnn`, `cnn_recurrent`, `cnn_attention`, `cnn_context`,
            `feature_groups`, one
            that was registered, or `auto`.
        facts: of the data.

    Raises:
        ModelSpaceError: an unknown name, or inputs and outputs that the preset does not suit.

    Example:
        >>> space = preset_space("motif_cnn", DataFacts({"input": (400, 4)}, examples=10_000))
        >>> len(space.model_space), space.builder
        (11, {'type': 'sequential'})
    """
    return PRESETS.get(chosen_preset(facts) if name == AUTO else name)(facts)


for _preset in (motif_cnn, deep_residual_cnn, dilated_cnn, cnn_recurrent, cnn_attention, cnn_context, feature_groups):
    register_preset(_preset.__name__, _preset)

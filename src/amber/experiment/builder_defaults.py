"""Choose options of the builder from the data where the configuration leaves them open.

`suited_options` is the rule, a pure function of the inputs; its number was chosen with the table of
docs/research/defaults.md.
The space of a configuration is never changed: these are options of what is put around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from amber.experiment.builders import ResidualCnnOptions
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_spec import TaskSpec, has_profile

# Sequences of at most so many positions are taken to be aligned: what matters is at known places of them.
_ALIGNED = 100


def suited_options(length: int, profile: bool = False) -> dict[str, object]:
    """Return options of a residual CNN for sequences of a length.

    In long sequences a feature may stand anywhere: its maximum along the sequence is looked at, where a dense layer
    over all positions would have to learn it at each of them. There is no dropout then: before a normalisation and a
    maximum it hid what was to be found. Short sequences are mostly cut around something, such as a splice site, so that
    places count: none is pooled away where the number of filters changes.

    Args:
        length: positions of a sequence.
        profile: whether a number is predicted of each part of the sequence, so that places count.
    """
    if length <= _ALIGNED or profile:
        return {"flatten_mode": "Flatten", "dropout_rate": 0.2, "reduction_factor": 1}
    return {"flatten_mode": "GMP", "dropout_rate": 0.0, "reduction_factor": 4}


def with_builder_defaults(
    loaded: Configuration, task: TaskSpec, begun_with: Mapping[str, object] | None = None
) -> tuple[Configuration, dict[str, object]]:
    """Fill in the options of the builder that a configuration leaves to the data.

    Args:
        loaded: the configuration.
        task: shapes of inputs.
        begun_with: the settings of the search that is resumed, which stand before the rule.

    Returns:
        The configuration with these options, and those that were filled in.
    """
    shapes = list(task.inputs.values())
    if not isinstance(loaded.builder_options, ResidualCnnOptions) or len(shapes) != 1 or len(shapes[0]) != 2:
        return loaded, {}
    chosen = suited_options(shapes[0][0], has_profile(task))
    return with_builder_options(loaded, chosen if begun_with is None else noted_options(begun_with))


def noted_options(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the options of the rule among the settings of a search; none where they were not noted."""
    noted = settings.get("builder")
    return {key: noted[key] for key in suited_options(1) if key in noted} if isinstance(noted, Mapping) else {}


def with_builder_options(loaded: Configuration, options: Mapping[str, Any]) -> tuple[Configuration, dict[str, object]]:
    """Return a configuration with given options of its builder where it is silent, and which were filled in.

    Raises:
        pydantic.ValidationError: a value that the builder does not take.
    """
    given = loaded.builder_options
    filled = {key: value for key, value in options.items() if key not in given.model_fields_set}
    checked = type(given).model_validate({**given.model_dump(exclude_unset=True), **filled})
    return replace(loaded, builder_options=checked), filled

"""The checks that come before Keras is loaded, put together."""

from __future__ import annotations

from amber.experiment.before_keras.search import check_parts
from amber.experiment.before_keras.space import check_space
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_spec import TaskSpec
from amber.wording import shortened

# Candidates that are named; there may be thousands.
_NAMED = 3


def check_before_keras(loaded: Configuration, problem: TaskSpec) -> list[str]:
    """Check what can be known of a search without training and without Keras.

    Args:
        loaded: the configuration, with loss and metrics as the task needs them.
        problem: names and shapes of inputs and outputs.

    Returns:
        A sentence for each of the first candidates that fit in no network.

    Raises:
        ConfigError: a mistake; names file, line and key.
    """
    check_parts(loaded, problem)
    useless = check_space(loaded, problem)
    lines = [
        f"model_space: layer {layer}, candidate {candidate} fits in no network. {shortened(reason, 300)}"
        for (layer, candidate), reason in list(useless.items())[:_NAMED]
    ]
    more = len(useless) - len(lines)
    return [*lines, *([f"model_space: {more} more candidates fit in no network either"] if more > 0 else [])]

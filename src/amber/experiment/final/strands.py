"""The mean of both strands as the best model, where `final.both_strands` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amber.data.encoding.alphabets import Alphabet
from amber.data.targets.target import Numbers
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.preprocessing import Preprocessing

if TYPE_CHECKING:
    import keras

_AXES_OF_TRACKS = 2


def check_strands(loaded: Configuration, task: TaskSpec) -> None:
    """Raise where the mean of both strands is asked for and there are none.

    Raises:
        ConfigError: no input is of DNA or RNA; names file, line and key.
    """
    if not loaded.config.final.both_strands:
        return
    sequences = Preprocessing.of_run(task.to_dict(), loaded.config.data).sequences
    if not sequences or not all(Alphabet.of(each.alphabet).is_nucleotides for each in sequences.values()):
        inputs = ", ".join(f"{name} of shape {shape}" for name, shape in task.inputs.items())
        raise loaded.error(
            ("final", "both_strands"), f"expected inputs of DNA or RNA, which have another strand. Received: {inputs}"
        )


def with_both_strands(
    model: keras.Model, loaded: Configuration, task: TaskSpec, compile_arguments: Mapping[str, Any]
) -> keras.Model:
    """Return the model that predicts the mean of both strands; arguments are those of the last training."""
    return strand_mean(model, Preprocessing.of_run(task.to_dict(), loaded.config.data), compile_arguments)


def strand_mean(model: keras.Model, preprocessing: Preprocessing, compile_arguments: Mapping[str, Any]) -> keras.Model:
    """Return a model that predicts the mean of what a model predicts of both strands.

    Args:
        model: a functional model.
        preprocessing: says which inputs are sequences, and which outputs profiles along them.
        compile_arguments: of `keras.Model.compile`.
    """
    from amber.modeler.both_strands import ProfileShape, both_strands

    task, sequences = preprocessing.task, preprocessing.sequences
    turned: dict[str, list[int]] = {}
    for name, shape in task.inputs.items():
        own = model.inputs[0].name if len(task.inputs) == 1 else name
        if name in sequences:
            alphabet = Alphabet.of(sequences[name].alphabet)
            turned[own] = [int(each) for each in alphabet.complement()[: len(alphabet.letters)]]
        elif len(shape) == _AXES_OF_TRACKS:
            turned[own] = list(range(shape[1]))
    profiles = [
        ProfileShape(each.bins, each.partners or tuple(range(len(each.channels))))
        if isinstance(each, Numbers) and each.bins > 1
        else None
        for each in task.outputs.values()
    ]
    return both_strands(model, turned, profiles, compile_arguments)

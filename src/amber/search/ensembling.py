"""One model of several: the mean of what networks of the same inputs and outputs predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from amber.errors import ConfigError
from amber.graph.models.intermediate import DenseAddOutputChild


def average(
    models: Sequence[keras.Model],
    model_compile_dict: Mapping[str, object] | None = None,
    *,
    weights: Sequence[Sequence[float]] | None = None,
) -> keras.Model:
    """Return a plain Keras model that predicts the mean of what the models predict.

    Networks of one architecture, trained from different random weights, err in different places; their mean errs
    less than the mean of them (Hansen and Salamon 1990, "Neural network ensembles"; Lakshminarayanan et al. 2017).

    Args:
        models: with the same inputs and outputs. They become part of the result and share its weights. Of models with
            intermediate outputs the final output counts.
        model_compile_dict: arguments of `compile`; by default those of the first model, where it is compiled and has
            no intermediate outputs.
        weights: for each output, how much each model counts; they are used as they are. None: all count the same.

    Returns:
        The one model where there is one, or the network of its final output where it has a class of AMBER's for
        intermediate ones, so that what is saved loads without this package. Otherwise a model with the inputs and the
        output names of the first.

    Raises:
        ConfigError: no models, or models whose inputs or outputs differ.
    """
    if not models:
        raise ConfigError("models must hold at least one model. Received: none")
    first = models[0]
    if len(models) == 1:
        return _alone(first, model_compile_dict)
    faces = [_face(model) for model in models]
    for number, face in enumerate(faces):
        if face != faces[0]:
            raise ConfigError(
                f"Models can be averaged where inputs and outputs are the same. Expected: {faces[0]}. "
                f"Received for model {number}: {face}"
            )
    inputs = [keras.Input(tuple(tensor.shape[1:]), name=tensor.name, dtype=tensor.dtype) for tensor in first.inputs]
    predictions = []
    for number, model in enumerate(models):
        # A network of its own over the same layers, so that names differ and the user's models keep theirs.
        network = keras.Model(model.inputs, _final_outputs(model), name=f"network_{number}")
        predictions.append(keras.tree.flatten(network(inputs)))
    outputs = [
        _mean(list(values), output, None if weights is None else weights[number])
        for number, (output, values) in enumerate(
            zip(_output_names(first), zip(*predictions, strict=True), strict=True)
        )
    ]
    result = keras.Model(
        inputs[0] if len(inputs) == 1 else inputs, outputs[0] if len(outputs) == 1 else outputs, name="average"
    )
    if model_compile_dict is not None:
        result.compile(**model_compile_dict)
    elif first.compiled and len(outputs) == len(first.outputs):
        result.compile_from_config(first.get_compile_config())
    return result


def _mean(values: list[keras.KerasTensor], name: str, weights: Sequence[float] | None) -> keras.KerasTensor:
    if weights is None:
        return keras.layers.Average(name=name)(values)
    shares = [
        keras.layers.Rescaling(weight, name=f"{name}_share_{number}")(value)
        for number, (weight, value) in enumerate(zip(weights, values, strict=True))
    ]
    return keras.layers.Add(name=name)(shares)


def _alone(model: keras.Model, model_compile_dict: Mapping[str, object] | None) -> object:
    if not isinstance(model, DenseAddOutputChild):
        return model
    network = model.final_model()
    if model_compile_dict is not None:
        network.compile(**model_compile_dict)
    return network


def _face(model: keras.Model) -> tuple[object, ...]:
    """Return shapes of inputs and of outputs, with their names where there are several."""
    inputs = [(tensor.name, tuple(tensor.shape[1:])) for tensor in model.inputs]
    outputs = [
        (name, tuple(tensor.shape[1:]))
        for name, tensor in zip(_output_names(model), _final_outputs(model), strict=True)
    ]
    return tuple([("", each[0][1])] if len(each) == 1 else each for each in (inputs, outputs))


def _final_outputs(model: keras.Model) -> list[keras.KerasTensor]:
    return list(model.outputs[:1] if isinstance(model, DenseAddOutputChild) else model.outputs)


def _output_names(model: keras.Model) -> list[str]:
    """Return the names of the final outputs; a Sequential model has none."""
    number = len(_final_outputs(model))
    return list(getattr(model, "output_names", [f"output_{k}" for k in range(number)]))[:number]

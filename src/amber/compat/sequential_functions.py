"""Chains in one call: of operations, of tokens, or of operations given as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from amber.architect import ModelSpace, Operation
from amber.backend.distribution import as_many_as_there_are
from amber.backend.distribution.placement import Devices
from amber.compat.unused import keywords_of, warn_of_unused
from amber.errors import ArchitectureError
from amber.modeler.builders.sequential import KerasModelBuilder


def build_sequential_model(
    model_states: object,
    input_state: object,
    output_state: object,
    model_compile_dict: Mapping[str, object] | None,
    model_space: ModelSpace | None = None,
    stop_compile: bool = False,
    **kwargs: object,
) -> keras.Model:
    """Build one chain; see `KerasModelBuilder`.

    Args:
        model_states: operations, tokens (which need `model_space`), or callables that make layers.
        input_state: the input operation.
        output_state: the output operation.
        model_compile_dict: arguments of `keras.Model.compile`; they are not changed.
        model_space: what tokens choose from.
        stop_compile: return the model without compiling it.
        **kwargs: of builders, without effect; one warning names them.

    Raises:
        ArchitectureError: tokens outside the grammar, or without a model space.
        ModelSpaceError: an operation that cannot be used.
        InvalidArchitectureError: shapes that do not fit.
    """
    warn_of_unused("build_sequential_model", kwargs, keywords_of(build_sequential_model))
    compile_arguments = None if stop_compile else model_compile_dict
    return KerasModelBuilder(input_state, output_state, compile_arguments, model_space)(model_states)


def build_multi_gpu_sequential_model(
    model_states: object,
    input_state: object,
    output_state: object,
    model_compile_dict: Mapping[str, object] | None,
    gpus: Devices = 4,
    model_space: ModelSpace | None = None,
    stop_compile: bool = False,
    **kwargs: object,
) -> keras.Model:
    """Build one chain on several devices; see `KerasModelBuilder`.

    Args:
        model_states: as of `build_sequential_model`.
        input_state: likewise.
        output_state: likewise.
        model_compile_dict: likewise.
        gpus: how many devices, or their names. Where there are fewer, a warning says so and those that are there
            are used.
        model_space: likewise.
        stop_compile: likewise.
        **kwargs: likewise.

    Raises:
        ConfigError: devices given by name that are not there.
    """
    warn_of_unused("build_multi_gpu_sequential_model", kwargs, keywords_of(build_multi_gpu_sequential_model))
    compile_arguments = None if stop_compile else model_compile_dict
    gpus = as_many_as_there_are(gpus)
    return KerasModelBuilder(input_state, output_state, compile_arguments, model_space, gpus)(model_states)


def build_sequential_model_from_string(
    model_states_str: Sequence[str],
    input_state: Operation,
    output_state: Operation,
    state_space: ModelSpace,
    model_compile_dict: Mapping[str, object] | None,
) -> keras.Model:
    """Build the chain whose operations are given as text, as histories keep them.

    Args:
        model_states_str: one text per layer, `str(operation)` of one of its candidates.
        input_state: the input operation.
        output_state: the output operation.
        state_space: the model space.
        model_compile_dict: arguments of `keras.Model.compile`; they are not changed.

    Raises:
        ArchitectureError: another number of texts than layers, or a text that is not a candidate of its layer.

    Example:
        >>> from amber.architect import ModelSpace, Operation
        >>> space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}]])
        >>> model = build_sequential_model_from_string(
        ...     ["dense:{'units': 3}"], Operation("input", shape=(4,)), Operation("dense", units=1), space,
        ...     {"optimizer": "adam", "loss": "mse"})
    """
    states = find_operations(model_states_str, state_space)
    return build_sequential_model(states, input_state, output_state, model_compile_dict, state_space)


def build_multi_gpu_sequential_model_from_string(
    model_states_str: Sequence[str],
    input_state: Operation,
    output_state: Operation,
    state_space: ModelSpace,
    model_compile_dict: Mapping[str, object] | None,
    gpus: Devices = 4,
) -> keras.Model:
    """`build_sequential_model_from_string` on several devices; see `build_multi_gpu_sequential_model`."""
    states = find_operations(model_states_str, state_space)
    return build_multi_gpu_sequential_model(states, input_state, output_state, model_compile_dict, gpus, state_space)


def find_operations(model_states_str: Sequence[str], state_space: ModelSpace) -> list[Operation]:
    """Return the candidates that texts name, one of each layer; raises ArchitectureError."""
    if isinstance(model_states_str, str) or len(model_states_str) != len(state_space):
        raise ArchitectureError(
            f"Expected {len(state_space)} texts, one for each layer. Received: {model_states_str!r}"
        )
    return [
        _find(text, candidates, layer)
        for layer, (text, candidates) in enumerate(zip(model_states_str, state_space.layers, strict=True))
    ]


def _find(text: str, candidates: Sequence[Operation], layer: int) -> Operation:
    for operation in candidates:
        if str(operation) == text:
            return operation
    known = "; ".join(map(str, candidates))
    raise ArchitectureError(f"Layer {layer}: expected the text of a candidate: {known}. Received: {text!r}")

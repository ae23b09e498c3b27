"""`get_layer`: callables, joining, batch normalisation, search-only attributes, and named errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest

from amber.architect import ModelSpace, Operation
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.graph.cost import measure_operation
from amber.modeler import get_layer, register_operation
from amber.operations import OPERATIONS

pytestmark = pytest.mark.parity


def kinds(x: Any, y: Any) -> list[str]:
    return [type(layer).__name__ for layer in keras.Model(x, y).layers]


def test_input_is_a_new_tensor() -> None:
    x = get_layer(None, Operation("input", shape=(30, 4), name="sequence", dtype="int32"))
    assert (tuple(x.shape), x.name, x.dtype) == ((None, 30, 4), "sequence", "int32")


@pytest.mark.parametrize(
    "state",
    [lambda: keras.layers.Dense(3), keras.layers.Dense(3)],
    ids=["callable", "layer"],
)
def test_callable_gives_the_layer(state: Callable[[], keras.layers.Layer]) -> None:
    x = keras.Input((5,))
    y = get_layer(x, state)
    assert tuple(y.shape) == (None, 3) and kinds(x, y) == ["InputLayer", "Dense"]


@pytest.mark.parametrize("state", [lambda: 3, "dense", None, lambda: "relu"])
def test_what_is_no_operation_is_refused(state: Any) -> None:
    with pytest.raises(ModelSpaceError, match="state must be an Operation.*Received"):
        get_layer(keras.Input((5,)), state)


@pytest.mark.parametrize(("kind", "shape"), [("dense", (6,)), ("conv1d", (9, 4)), ("conv2d", (9, 9, 4))])
@pytest.mark.parametrize("activation", [None, "relu"])
def test_with_bn_normalises_before_the_activation_every_time(
    kind: str, shape: tuple[int, ...], activation: str | None
) -> None:
    size = {"units": 3} if kind == "dense" else {"filters": 3, "kernel_size": 2}
    operation = Operation(kind, **size, **({"activation": activation} if activation else {}))
    before = operation.Layer_attributes
    for _ in range(2):
        x = keras.Input(shape)
        model = keras.Model(x, get_layer(x, operation, with_bn=True))
        linear, normalisation, last = model.layers[1:]
        assert kinds(x, model.output)[2:] == ["BatchNormalization", "Activation"]
        assert keras.activations.serialize(linear.activation) == "linear" and linear.use_bias
        assert (normalisation.momentum, normalisation.epsilon) == (0.99, 1e-3)
        assert keras.activations.serialize(last.activation) == (activation or "linear")
    assert operation.Layer_attributes == before


def test_with_bn_leaves_other_types_alone() -> None:
    x = keras.Input((9, 4))
    assert kinds(x, get_layer(x, Operation("lstm", units=2), with_bn=True)) == ["InputLayer", "LSTM"]


@pytest.mark.parametrize(
    ("operation", "shapes", "said"),
    [
        (Operation("conv1d", filters=5, kernel_size=8), [(100,)], "conv1d"),
        (Operation("conv1d", filters=5, kernel_size=8), [(5, 4)], "cannot be built on"),
        (Operation("denovo", filters=5, kernel_size=8), [(5, 4)], "at least as long"),
        (Operation("concatenate"), [(100,)], "joins at least two"),
        (Operation("add"), [(3,), (4,)], "equal shapes"),
        (Operation("dense", units=3), [(3,), (4,)], "takes one input"),
        (Operation("lstm", units=3), [(30,)], "lstm"),
        (Operation("sfc", output_dim=3, symmetric=True), [(30,)], "sfc"),
        (Operation("self_attention", num_heads=3), [(9, 4)], "multiple of num_heads"),
        (Operation("self_attention", num_heads=2), [(4,)], "needs a sequence"),
        (Operation("lstm", units=3, return_state=True), [(9, 4)], "one output tensor"),
    ],
    ids=str,
)
def test_shapes_that_do_not_fit_are_named(operation: Operation, shapes: list[Any], said: str) -> None:
    tensors = [keras.Input(shape) for shape in shapes]
    with pytest.raises((InvalidArchitectureError, ModelSpaceError), match=said):
        get_layer(tensors if len(tensors) > 1 else tensors[0], operation)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (Operation("conv4d", filters=5), "Unknown operation.*conv4d"),
        (Operation("dense"), "needs the attribute units"),
        (Operation("sfc", output_dim=3), "needs the attribute symmetric"),
        (Operation("dense", units=3, kernel=3), "does not take the attribute 'kernel'"),
        (Operation("maxpool1d", poolsize=3), "does not take the attribute 'poolsize'"),
        (Operation("sfc", output_dim=0, symmetric=True), "output_dim must be a positive integer"),
        (Operation("sfc", output_dim=3, symmetric=True, curvature_constraint=-1), "curvature_constraint"),
        (Operation("denovo", filters=3, kernel_size=0), "kernel_size must be a positive integer"),
        (Operation("denovo", filters=3, kernel_size=3, padding="causal"), "padding"),
        (Operation("denovo", filters=3, kernel_size=3, lambda_l1=-1), "lambda_l1"),
        (Operation("denovo", filters=3, kernel_size=3, max_bits=0), "max_bits"),
        (Operation("sparsek_vec", ratio=0), "ratio"),
        (Operation("bidirectional", layer="dense", units=3), "layer must be one of gru, lstm"),
        (Operation("bidirectional", units=3, merge_mode=None), "merge_mode"),
        (Operation("bidirectional", layer="lstm", units=3, reset_after=True), "does not take.*reset_after"),
    ],
    ids=str,
)
def test_attributes_that_do_not_fit_are_named(operation: Operation, said: str) -> None:
    with pytest.raises(ModelSpaceError, match=said):
        get_layer(keras.Input((12, 4)), operation)


def test_a_space_of_another_builder_is_usable() -> None:
    """The residual and weight-sharing spaces write `filters` on whatever they hold."""
    candidates = [
        {"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "padding": "same"},
        {"Layer_type": "maxpool1d", "filters": 4, "pool_size": 4, "strides": 1, "padding": "same"},
        {"Layer_type": "avgpool1d", "filters": 4, "pool_size": 4, "strides": 1, "padding": "same"},
        {"Layer_type": "identity", "filters": 4},
        {"Layer_type": "dropout", "rate": 0.1, "filters": 4},
        {"Layer_type": "batch_normalization", "filters": 4},
        {"Layer_type": "globalavgpool1d", "filters": 4, "units": 3},
    ]
    for operation in ModelSpace.from_dict([candidates])[0]:
        assert get_layer(keras.Input((12, 4)), operation).shape[-1] == 4


@keras.saving.register_keras_serializable(package="amber_tests")
class Doubled(keras.layers.Layer):
    """Twice its input."""

    def call(self, inputs: Any) -> Any:
        return 2 * inputs


def test_an_operation_of_ones_own() -> None:
    register_operation("doubled_of_get_layer", Doubled, aliases=("twice_of_get_layer",))
    x = keras.Input((5,))
    assert kinds(x, get_layer(x, Operation("Twice_of_get_layer", filters=3))) == ["InputLayer", "Doubled"]
    with pytest.raises(ModelSpaceError, match="registered already"):
        register_operation("doubled_of_get_layer", Doubled)


def test_a_replaced_operation_is_counted_anew() -> None:
    operation = Operation("replaced_of_get_layer")
    register_operation("replaced_of_get_layer", lambda name=None: keras.layers.Dense(3, name=name))
    assert measure_operation(operation, ((4,),)).parameters == 15
    register_operation("replaced_of_get_layer", lambda name=None: keras.layers.Dense(5, name=name), replace=True)
    assert measure_operation(operation, ((4,),)).parameters == 25


def test_every_alias_makes_the_same_layer() -> None:
    for alias, name in {
        "rnn": "simple_rnn",
        "batchnorm": "batch_normalization",
        "layernorm": "layer_normalization",
        "multi_head_attention": "self_attention",
        "SeparableConv1D": "separable_conv1d",
        "Conv1DTranspose": "conv1d_transpose",
        "leakyrelu": "leaky_relu",
        "GaussianNoise": "gaussian_noise",
        "MaxPooling1D": "maxpool1d",
        "average_pooling2d": "avgpool2d",
        "GlobalAveragePooling1D": "globalavgpool1d",
    }.items():
        assert OPERATIONS.get(alias).name == name

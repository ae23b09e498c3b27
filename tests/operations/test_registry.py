"""What may be said of an operation when it is registered."""

from __future__ import annotations

import pytest

from amber.architect import Operation
from amber.errors import ModelSpaceError
from amber.operations import register_operation
from amber.operations.registry import make_layer


def test_an_option_of_another_name_is_refused() -> None:
    with pytest.raises(TypeError, match=r"aliases, replace, required, .* Received: flop"):
        register_operation("counted_otherwise", lambda name=None: None, flop=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (Operation("batch_normalization", momentum=1.5), "momentum"),
        (Operation("batchnorm", momentum=float("nan")), "momentum"),
        (Operation("batch_normalization", momentum="high"), "momentum"),
        (Operation("layer_normalization", epsilon=-1e-3), "epsilon"),
        (Operation("rms_normalization", epsilon=-1), "epsilon"),
        (Operation("lstm", units=2, dropout=1.5), "dropout"),
        (Operation("bidirectional", units=2, recurrent_dropout=-0.1), "recurrent_dropout"),
        (Operation("self_attention", num_heads=2, dropout=2), "dropout"),
        (Operation("elu", alpha=-1.0), "alpha"),
    ],
)
def test_attributes_out_of_range_are_refused_where_keras_takes_them(operation: Operation, name: str) -> None:
    with pytest.raises(ModelSpaceError, match=f"'{name}' of the operation .* must be a number from 0") as caught:
        make_layer(operation, input_shape=(8, 4))
    assert caught.value.field == (name,)


def test_attributes_in_range_and_defaults_are_taken() -> None:
    for operation in (
        Operation("batch_normalization", momentum=0.9, epsilon=1e-5),
        Operation("rms_normalization", epsilon=0),
        Operation("gru", units=2, dropout=0),
        Operation("elu", alpha=0.5),
    ):
        make_layer(operation)

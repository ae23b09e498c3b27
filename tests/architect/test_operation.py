"""Operations are immutable values that travel through JSON and YAML."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.architect import Operation, State, get_layer_shortname
from amber.errors import ModelSpaceError

NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda name: name.lower() != "layer_type")
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5), st.floats(-9, 9, allow_nan=False)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=2))
OPERATIONS = st.builds(
    lambda kind, attributes: Operation(kind, **attributes), NAMES, st.dictionaries(NAMES, VALUES, max_size=4)
)


@pytest.mark.slow
@given(OPERATIONS)
def test_json_round_trip(operation: Operation) -> None:
    again = Operation.from_dict(operation.to_dict())
    assert again == operation and hash(again) == hash(operation) and again.to_dict() == operation.to_dict()


@given(OPERATIONS)
def test_pickle_and_copy(operation: Operation) -> None:
    assert pickle.loads(pickle.dumps(operation)) == operation
    assert copy.deepcopy(operation) == operation


def test_text_is_the_recorded_identity() -> None:
    assert str(Operation("Dense", units=3, activation="relu")) == "dense:{'units': 3, 'activation': 'relu'}"
    assert State is Operation


def test_values_are_copied_in_and_out() -> None:
    shape = [10, 4]
    operation = Operation("input", shape=shape)
    shape.append(1)
    operation.Layer_attributes["shape"].append(1)
    operation.get("shape").append(1)
    assert operation.Layer_attributes == {"shape": [10, 4]}
    with pytest.raises(AttributeError, match="cannot be changed"):
        operation.Layer_type = "dense"  # type: ignore[misc]


def test_editing_the_attributes_is_refused() -> None:
    operation = Operation("dense", units=3, activation="relu")
    attributes = operation.Layer_attributes
    for edit in (
        lambda: attributes.__setitem__("units", 9),
        lambda: attributes.update(units=9),
        lambda: attributes.pop("activation"),
        lambda: attributes.setdefault("name", "x"),
        lambda: attributes.__ior__({"units": 9}),
        attributes.clear,
    ):
        with pytest.raises(ModelSpaceError, match=r"op.replace\(units=9\).*Received"):
            edit()
    with pytest.raises(TypeError):
        del attributes["units"]
    assert operation.replace(units=9).Layer_attributes == {"units": 9, "activation": "relu"}
    assert isinstance(attributes, dict) and {**attributes, "units": 9} == {"units": 9, "activation": "relu"}
    assert pickle.loads(pickle.dumps(attributes)) == copy.deepcopy(attributes) == attributes
    free = attributes.copy()
    free["units"] = 9
    assert attributes["units"] == 3


def test_equality() -> None:
    assert Operation("dense", units=3) != Operation("dense", units=4)
    assert Operation("dense", shape=(1, 2)) == Operation("dense", shape=[1, 2])
    assert Operation("dense", w=np.arange(3)) == Operation("dense", w=np.arange(3))
    assert Operation("dense", use_bias=True) != Operation("dense", use_bias=1)
    assert (Operation("dense") == "dense") is False
    assert Operation("dense").__eq__("dense") is NotImplemented


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (Operation("conv1d", filters=16, kernel_size=8, activation="relu"), "conv_f16_k8_relu"),
        (Operation("conv1d", filters=4, kernel_size=3, dilation=10), "conv_f4_k3_linear_d10"),
        (Operation("denovo", filters=4, kernel_size=8), "regconv2d_f4_k8"),
        (Operation("dense", units=3), "dense_u3_linear"),
        (Operation("maxpool1d", pool_size=4), "maxpool1d"),
        (Operation("dropout", rate=0.5), "dropout_rate_0.5"),
    ],
)
def test_short_name(operation: Operation, name: str) -> None:
    assert get_layer_shortname(operation) == name


@pytest.mark.parametrize("text", ["(10, 4)", "10,4", "[10, 4]"])
def test_shape_text(text: str) -> None:
    assert Operation.from_dict({"Layer_type": "input", "shape": text}).get("shape") == (10, 4)


@pytest.mark.parametrize(
    "description",
    [
        {"units": 3},
        "dense",
        {"Layer_type": ""},
        {"Layer_type": 3},
        {"Layer_type": "input", "shape": "__import__('os')"},
    ],
)
def test_bad_descriptions(description: object) -> None:
    with pytest.raises(ModelSpaceError, match="Received"):
        Operation.from_dict(description)  # type: ignore[arg-type]


def test_unwritable_attribute_is_named() -> None:
    with pytest.raises(ModelSpaceError, match="'activation'.*JSON"):
        Operation("dense", activation=max).to_dict()


@pytest.mark.parametrize("key", ["type", "Type", "op", "class_name", "layer", "layer-type"])
def test_the_key_of_another_program_is_to_be_renamed(key: str) -> None:
    with pytest.raises(ModelSpaceError, match=f"Rename '{key}' to 'Layer_type'"):
        Operation.from_dict({key: "dense", "units": 3})


@pytest.mark.parametrize("attributes", [{"units": 3}, {"Layer_type": "dense", "layer_type": "dense", "type": "x"}])
def test_other_keys_are_not_to_be_renamed(attributes: dict[str, object]) -> None:
    with pytest.raises(ModelSpaceError, match="needs one 'Layer_type' key. Received"):
        Operation.from_dict(attributes)

"""One candidate computation: a type and its attributes, as an immutable value.

What may be changed here: how an operation is compared, printed and stored. What a type *means* lives in the
operation registry of `amber.modeler`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from amber.architect.read_only import ReadOnlyDict
from amber.errors import ModelSpaceError
from amber.files.strict_json import check_plain
from amber.types import JsonObject, JsonValue
from amber.wording import shown

# What other programs call the type of a layer.
_FOR_TYPE = frozenset({"type", "layertype", "layer", "op", "operation", "operator", "kind", "class", "classname"})


class Operation:
    """A layer type with its attributes.

    The value is immutable, hashable, and equal to any operation of the same type and attributes.
    `State` is another name for this class.

    Args:
        Layer_type: the type, in any case (`"Dense"`, `"conv1d"`); kept in lower case.
        **attributes: keyword arguments of the layer. They are copied.

    Attributes:
        Layer_type: the type in lower case.

    Raises:
        ModelSpaceError: the type is not a non-empty string.

    Example:
        >>> str(Operation("Dense", units=3, activation="relu"))
        "dense:{'units': 3, 'activation': 'relu'}"
    """

    __slots__ = ("Layer_type", "_attributes", "_hash", "_key")

    Layer_type: str
    _attributes: dict[str, Any]
    _key: tuple[Any, ...]
    _hash: int

    def __init__(self, Layer_type: str, **attributes: object) -> None:
        if not isinstance(Layer_type, str) or not Layer_type.strip():
            raise ModelSpaceError(
                f"The type of an operation must be a non-empty string. Received: Layer_type={shown(Layer_type)}"
            )
        set_field = object.__setattr__
        set_field(self, "Layer_type", Layer_type.strip().lower())
        set_field(self, "_attributes", copy.deepcopy(attributes))
        set_field(self, "_key", (self.Layer_type, _freeze(self._attributes)))
        set_field(self, "_hash", hash(self._key))

    @property
    def Layer_attributes(self) -> dict[str, Any]:
        """A copy of the attributes, which refuses to be edited: `replace` makes another operation."""
        return ReadOnlyDict(copy.deepcopy(self._attributes), _WAY_OUT)

    def get(self, name: str, default: object = None) -> Any:
        """Return one attribute, or `default` where it is not given."""
        return copy.deepcopy(self._attributes[name]) if name in self._attributes else default

    def __contains__(self, name: object) -> bool:
        return name in self._attributes

    def replace(self, **changes: object) -> Operation:
        """Return a new operation with these attributes set; a value of `...` removes one."""
        merged = {**self._attributes, **changes}
        return Operation(self.Layer_type, **{name: value for name, value in merged.items() if value is not ...})

    @property
    def short_name(self) -> str:
        """A short legal layer name, such as `conv1d_f16_k8_relu` or `dense_u3_linear`."""
        return _short_name(self)

    def to_dict(self) -> JsonObject:
        """Return a JSON-ready dictionary: `Layer_type` and the attributes.

        Raises:
            ModelSpaceError: an attribute holds something JSON cannot say (a function, an object).
        """
        plain = {name: _plain(value, self, name) for name, value in self._attributes.items()}
        return {"Layer_type": self.Layer_type, **plain}

    @classmethod
    def from_dict(cls, description: Mapping[str, object]) -> Operation:
        """Make an operation of a dictionary with a `Layer_type` key (any case) and attributes.

        `shape` may be text such as `"(10, 4)"`.

        Raises:
            ModelSpaceError: no `Layer_type`, a key that is not a string, or a `shape` text that is not a shape.
        """
        if not isinstance(description, Mapping):
            raise ModelSpaceError(
                "An operation must be a dictionary with a 'Layer_type' key and attributes. "
                f"Received: {shown(description)}"
            )
        try:
            check_plain(description)
        except ValueError as error:
            raise ModelSpaceError(f"An operation must have plain attributes. Received: {error}") from error
        attributes: JsonObject = dict(description)
        type_keys = [key for key in attributes if isinstance(key, str) and key.lower() == "layer_type"]
        if len(type_keys) != 1:
            meant = [key for key in attributes if re.sub("[ _-]", "", str(key).lower()) in _FOR_TYPE and not type_keys]
            way = f" Rename '{meant[0]}' to 'Layer_type'." if meant else ""
            raise ModelSpaceError(f"An operation needs one 'Layer_type' key.{way} Received: {shown(attributes)}")
        layer_type = attributes.pop(type_keys[0])
        for name in attributes:
            if not isinstance(name, str):
                raise ModelSpaceError(
                    f"Attribute names must be strings. Received: {shown(name)} in {shown(description)}"
                )
            if name == "self":
                raise ModelSpaceError("No layer has an attribute 'self'. Received: self", field=(name,))
        if isinstance(attributes.get("shape"), str):
            attributes["shape"] = _parse_shape(attributes["shape"])
        return cls(layer_type, **attributes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Operation):
            return NotImplemented
        return self._hash == other._hash and self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return f"{self.Layer_type}:{self._attributes!r}"

    def __repr__(self) -> str:
        inside = "".join(f", {name}={value!r}" for name, value in self._attributes.items())
        return f"Operation({self.Layer_type!r}{inside})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"An Operation cannot be changed; use replace(). Received: {name}={value!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"An Operation cannot be changed. Received: del {name}")

    def __deepcopy__(self, memo: dict[int, object]) -> Operation:
        return self

    def __copy__(self) -> Operation:
        return self

    def __reduce__(self) -> tuple[Callable[[str, dict[str, object]], Operation], tuple[str, dict[str, object]]]:
        return _rebuild, (self.Layer_type, self._attributes)


_WAY_OUT = "an Operation cannot be changed; make another one, as in op = op.replace(units=9)"

State = Operation


def get_layer_shortname(operation: Operation) -> str:
    """Return `operation.short_name`; kept under the name users of the first AMBER know."""
    return operation.short_name


def _rebuild(layer_type: str, attributes: dict[str, object]) -> Operation:
    return Operation(layer_type, **attributes)


def _freeze(value: object) -> Hashable:
    """A hashable form in which equal values are equal; lists and tuples are alike."""
    if isinstance(value, Mapping):
        return (
            "mapping",
            tuple(sorted(((str(key), _freeze(item)) for key, item in value.items()), key=repr)),
        )
    if isinstance(value, (list, tuple)):
        return ("sequence", tuple(_freeze(item) for item in value))
    if isinstance(value, (set, frozenset)):
        return ("set", frozenset(_freeze(item) for item in value))
    if isinstance(value, np.ndarray):
        return ("array", value.shape, value.dtype.str, value.tobytes())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return ("bool", value)
    try:
        hash(value)
    except TypeError:
        return ("object", id(value))
    return value


def _plain(value: object, operation: Operation, name: str) -> JsonValue:
    if isinstance(value, np.generic):
        number: JsonValue = value.item()
        return number
    if isinstance(value, np.ndarray):
        numbers: JsonValue = value.tolist()
        return numbers
    if isinstance(value, Mapping):
        return {str(key): _plain(item, operation, name) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, operation, name) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise ModelSpaceError(
        f"Attribute '{name}' of {operation!r} cannot be written as JSON: expected a number, text, list or "
        f"dictionary. Received: {type(value).__name__}"
    )


def _parse_shape(text: str) -> tuple[int | None, ...]:
    entries = [entry.strip() for entry in text.strip().strip("()[]").split(",") if entry.strip()]
    if not entries or not all(re.fullmatch(r"[0-9]{1,18}|None", entry) for entry in entries):
        raise ModelSpaceError(
            f"A shape given as text must look like '(10, 4)'. Received: shape={shown(text)}", field=("shape",)
        )
    return tuple(None if entry == "None" else int(entry) for entry in entries)


_PLAIN_SHORT_NAMES = {
    "maxpool1d",
    "avgpool1d",
    "flatten",
    "identity",
    "globalmaxpool1d",
    "globalavgpool1d",
    "sfc",
}


def _short_name(operation: Operation) -> str:
    kind = operation.Layer_type
    if kind in _PLAIN_SHORT_NAMES:
        return kind
    if kind == "dense":
        text = f"dense_u{operation.get('units')}_{operation.get('activation', 'linear')}"
    elif kind == "conv1d":
        text = (
            f"conv_f{operation.get('filters')}_k{operation.get('kernel_size')}_{operation.get('activation', 'linear')}"
        )
        for name in ("dilation", "dilation_rate"):
            if name in operation:
                text += f"_d{operation.get(name)}"
    elif kind == "denovo":
        text = f"regconv2d_f{operation.get('filters')}_k{operation.get('kernel_size')}"
    else:
        text = str(operation)
    return re.sub(r"[^A-Za-z0-9_.]+", "_", text).strip("_.") or kind

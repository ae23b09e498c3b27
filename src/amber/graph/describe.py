"""Describe operations in words, and find the family that an operation belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from amber.operations import read_attributes

if TYPE_CHECKING:
    from amber.architect.operation import Operation

MERGES = frozenset({"add", "concatenate", "multiply", "average", "maximum", "minimum", "subtract", "dot"})
_ACTIVATIONS = frozenset(
    {
        "relu",
        "sigmoid",
        "tanh",
        "softmax",
        "elu",
        "selu",
        "gelu",
        "leakyrelu",
        "prelu",
        "softplus",
        "swish",
        "silu",
    }
)
_SHORT = {
    "batchnormalization": "BN",
    "batchnorm": "BN",
    "bn": "BN",
    "layernormalization": "layer norm",
    "groupnormalization": "group norm",
    "rmsnormalization": "RMS norm",
    "unitnormalization": "unit norm",
}
# Types whose name does not say to which family they belong.
_FAMILY_OF = {"denovo": "convolution", "sfc": "dense", "bidirectional": "sequence"}
# What follows the type name: the attribute that says most about these.
_TELLING = {
    "reshape": "target_shape",
    "permute": "dims",
    "repeatvector": "n",
    "upsampling1d": "size",
    "upsampling2d": "size",
    "sfc": "output_dim",
    "gaussiannoise": "stddev",
}


def type_name(operation: Any) -> str:
    """Return the type of an operation in lower case without underscores."""
    return str(operation.Layer_type).lower().replace("_", "")


def attributes(operation: Operation) -> Mapping[str, object]:
    """Return the attributes that an operation's layer reads."""
    return read_attributes(operation)[1]


def family_of(operation: Operation) -> str:
    """Return the key in `FAMILIES` of an operation."""
    name = type_name(operation)
    if name in ("input", "inputlayer", "output"):
        return "input"
    if name in MERGES:
        return "merge"
    if name in _FAMILY_OF:
        return _FAMILY_OF[name]
    if "pool" in name:
        return "pool"
    if "conv" in name:
        return "convolution"
    if name in ("identity", "lambda", "passthrough"):
        return "identity"
    if any(word in name for word in ("lstm", "gru", "rnn", "attention", "transformer", "embedding")):
        return "sequence"
    return "dense" if "dense" in name else "other"


def is_activation(operation: object) -> bool:
    """Say whether an operation is nothing but an activation function."""
    return type_name(operation) == "activation" or type_name(operation) in _ACTIVATIONS


def activation_of(operation: Operation) -> str:
    """Return the name of an operation's activation function; empty where it has none."""
    name = type_name(operation)
    if name in _ACTIVATIONS:
        return name
    value = attributes(operation).get("activation")
    if value is None:
        return ""
    text = value if isinstance(value, str) else getattr(value, "__name__", str(value))
    return "" if text == "linear" else text


def size_text(value: object) -> str:
    """Put a number or a shape into text: `8`, `3 x 3`, `? x 4`."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " x ".join("?" if part is None else str(part) for part in value)
    return str(value)


def kernel_of(operation: Operation) -> str:
    """Return the kernel size as text; empty where there is none."""
    value = attributes(operation).get("kernel_size")
    return "" if value is None else size_text(value)


def describe(operation: Operation, activation: str = "") -> str:
    """Put an operation into words, e.g. `conv1d 64 filters, kernel 8, relu`.

    Args:
        operation: Has `Layer_type` and `Layer_attributes`.
        activation: Activation function to name where the operation itself has none.
    """
    known = attributes(operation)
    family = family_of(operation)
    head = str(operation.Layer_type)
    parts: list[str] = []
    if family == "input" and known.get("shape") is not None:
        head += f" {size_text(known['shape']) or 'scalar'}"
    elif known.get("units") is not None:
        # Of a layer around another one, what it wraps.
        inner = f" {known.get('layer', 'lstm')}" if type_name(operation) == "bidirectional" else ""
        head += f"{inner} {known['units']}"
    elif known.get(_TELLING.get(type_name(operation), "")) is not None:
        head += f" {size_text(known[_TELLING[type_name(operation)]])}"
    elif family == "convolution" and known.get("filters") is not None:
        head += f" {known['filters']} filters"
    if kernel_of(operation):
        parts.append(f"kernel {kernel_of(operation)}")
    if family == "pool" and known.get("pool_size") is not None:
        parts.append(f"size {size_text(known['pool_size'])}")
    for key, word in (("strides", "stride"), ("dilation_rate", "dilation"), ("dilation", "dilation")):
        value = known.get(key)
        if value is not None and set(value if isinstance(value, (list, tuple)) else [value]) != {1}:
            parts.append(f"{word} {size_text(value)}")
    if known.get("rate") is not None and "dropout" in type_name(operation):
        head += f" {known['rate']:g}" if isinstance(known["rate"], (int, float)) else f" {known['rate']}"
    for key in ("num_heads", "input_dim", "output_dim"):
        if known.get(key) is not None and key != _TELLING.get(type_name(operation)):
            parts.append(f"{key.replace('_', ' ')} {known[key]}")
    named = activation_of(operation) or activation
    if named and named != type_name(operation):
        parts.append(named)
    # "dense 32 relu" needs no comma: nothing between the two can be confused.
    if family == "dense" and len(parts) == 1:
        return f"{head} {parts[0]}"
    return ", ".join([head, *parts])


def describe_short(operation: Operation) -> str:
    """Put a side operation of a box into a few letters: `BN`, `dropout 0.2`, `relu`."""
    name = type_name(operation)
    if name in _SHORT:
        return _SHORT[name]
    if is_activation(operation):
        return activation_of(operation) or name
    return describe(operation)


def clip(text: str, limit: int) -> str:
    """Shorten a text to at most `limit` characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

"""Colours of the drawings, and operations put into words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from amber.errors import ConfigError
from amber.modeler.operations import read_attributes

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

# Families in the order of the legend.
FAMILIES = {
    "input": "input",
    "convolution": "convolution",
    "pool": "pooling",
    "dense": "dense",
    "identity": "identity",
    "sequence": "recurrent / attention",
    "merge": "merge",
    "reduce": "reduction",
    "other": "other",
}
# Okabe and Ito's colours, which people with any common colour blindness can tell apart.
_FAMILY_COLOURS = {
    "input": "#6b7280",
    "convolution": "#0072b2",
    "pool": "#e69f00",
    "dense": "#009e73",
    "identity": "#999999",
    "sequence": "#cc79a7",
    "merge": "#d55e00",
    "reduce": "#56b4e9",
    "other": "#b8a800",
}


@dataclass(frozen=True)
class Theme:
    """Colours of one theme, all `#rrggbb`."""

    background: str
    text: str
    muted: str
    main_edge: str
    edges: tuple[str, ...]
    tint: float
    """Share of the family colour in the fill of a box; the rest is the background."""

    def family(self, family: str) -> str:
        """Return the strong colour of a family of operations."""
        return _FAMILY_COLOURS[family]

    def fill(self, family: str) -> str:
        """Return the pale (in the dark theme: deep) fill of a box of a family."""
        return _mix(_FAMILY_COLOURS[family], self.background, self.tint)


THEMES = {
    "light": Theme(
        background="#ffffff",
        text="#111827",
        muted="#4b5563",
        main_edge="#374151",
        edges=("#0072b2", "#d55e00", "#00805d", "#b3568c", "#a87400", "#5b5bb5"),
        tint=0.14,
    ),
    "dark": Theme(
        background="#14181f",
        text="#f3f4f6",
        muted="#b6bdc9",
        main_edge="#cbd5e1",
        edges=("#56b4e9", "#f08a4b", "#2cc79b", "#e39cc6", "#e6b422", "#a5a5f0"),
        tint=0.26,
    ),
}


def get_theme(name: str) -> Theme:
    """Return a theme by name.

    Args:
        name: `"light"` or `"dark"`.

    Raises:
        ConfigError: For another name.
    """
    if name not in THEMES:
        raise ConfigError(f"Unknown drawing theme; expected one of {sorted(THEMES)}. Received: {name!r}")
    return THEMES[name]


def _mix(colour: str, other: str, share: float) -> str:
    pairs = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def type_name(operation: Any) -> str:
    """Return the type of an operation in lower case without underscores."""
    return str(operation.Layer_type).lower().replace("_", "")


def attributes(operation: Any) -> Mapping[str, Any]:
    """Return the attributes that an operation's layer reads."""
    return read_attributes(operation)[1]


def family_of(operation: Any) -> str:
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


def is_activation(operation: Any) -> bool:
    """Say whether an operation is nothing but an activation function."""
    return type_name(operation) == "activation" or type_name(operation) in _ACTIVATIONS


def activation_of(operation: Any) -> str:
    """Return the name of an operation's activation function; empty where it has none."""
    name = type_name(operation)
    if name in _ACTIVATIONS:
        return name
    value = attributes(operation).get("activation")
    if value is None:
        return ""
    text = value if isinstance(value, str) else getattr(value, "__name__", str(value))
    return "" if text == "linear" else text


def size_text(value: Any) -> str:
    """Put a number or a shape into text: `8`, `3 x 3`, `? x 4`."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " x ".join("?" if part is None else str(part) for part in value)
    return str(value)


def _scalar(value: Any) -> str:
    """Put a size into text, where `(8,)` means the same as 8."""
    if isinstance(value, (list, tuple)) and len(set(value)) == 1 and len(value) == 1:
        value = value[0]
    return size_text(value)


def kernel_of(operation: Any) -> str:
    """Return the kernel size as text; empty where there is none."""
    value = attributes(operation).get("kernel_size")
    return "" if value is None else _scalar(value)


def describe(operation: Any, activation: str = "") -> str:
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
        head += f" {_scalar(known[_TELLING[type_name(operation)]])}"
    elif family == "convolution" and known.get("filters") is not None:
        head += f" {known['filters']} filters"
    if kernel_of(operation):
        parts.append(f"kernel {kernel_of(operation)}")
    if family == "pool" and known.get("pool_size") is not None:
        parts.append(f"size {_scalar(known['pool_size'])}")
    for key, word in (("strides", "stride"), ("dilation_rate", "dilation"), ("dilation", "dilation")):
        value = known.get(key)
        if value is not None and set(value if isinstance(value, (list, tuple)) else [value]) != {1}:
            parts.append(f"{word} {_scalar(value)}")
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


def describe_short(operation: Any) -> str:
    """Put a side operation of a box into a few letters: `BN`, `dropout 0.2`, `relu`."""
    name = type_name(operation)
    if name in _SHORT:
        return _SHORT[name]
    if is_activation(operation):
        return activation_of(operation) or name
    return describe(operation)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Estimate the width of a text in pixels, for DejaVu Sans, one of the widest sans-serif fonts.

    Args:
        text: One line.
        size: Font size in pixels.
        bold: Whether the font is bold.
    """
    total = 0.0
    for char in text:
        if char in "ijl.,:;'|!()[]/ It·":
            total += 0.38
        elif char in "mwMW@%—":
            total += 0.97
        elif char.isupper() or char in "+<>=_~#":
            total += 0.78
        else:
            total += 0.63 if ord(char) < 0x2E80 else 1.0
    return total * size * (1.1 if bold else 1.0)


def clip(text: str, limit: int) -> str:
    """Shorten a text to at most `limit` characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

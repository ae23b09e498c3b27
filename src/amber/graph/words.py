"""An architecture in a few words, such as `conv8-conv4-maxpool`, for tables and displays.

The only space is before what an output reads, so that a table can fold a text between its layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amber.architect import Operation
from amber.display import PlainRepr
from amber.errors import AmberError
from amber.graph.describe import activation_of, attributes, clip, size_text, type_name
from amber.types import Tokens

# What follows the type: the attribute that says most of an operation.
_SIZES = ("filters", "units", "output_dim", "rate", "num_heads")
# Attributes that tell apart operations with the same word, and how they are abbreviated.
_SHORT = {
    "kernel_size": "k",
    "pool_size": "size",
    "strides": "stride",
    "dilation_rate": "dilation",
    "activation": "",
}
# Long parts of types, by the shorter names that the same types also have.
_SHORT_TYPES = {
    "normalization": "norm",
    "maxpooling": "maxpool",
    "averagepooling": "avgpool",
    "averagepool": "avgpool",
}


class ArchitectureWords(PlainRepr):
    """Describes architectures of one builder in words; the words of its candidates are computed once.

    Args:
        builder: has `model_space` and `layout`. For a user's own builder without them every text is empty.
    """

    def __init__(self, builder: Any) -> None:
        try:
            self._layers = [_words(list(candidates)) for candidates in builder.model_space.layers]
            self._tokens = [
                (place.role, place.layer, place.source or 0, size)
                for place, size in zip(builder.layout.places, builder.layout.sizes, strict=True)
            ]
        except (AmberError, AttributeError, TypeError):
            self._layers, self._tokens = [], []
        self._inputs, outputs = _names(builder, "inputs_op"), _names(builder, "output_op")
        count = 1 + max((source for role, _, source, _ in self._tokens if role == "out"), default=-1)
        self._outputs = [_name(outputs, number, "out") for number in range(count)]

    def __call__(self, arc: Tokens, width: int | None = None) -> str:
        """Return an architecture in words; see `describe_in_words`."""
        if len(arc) != len(self._tokens):
            return ""
        layers: list[str] = []
        read: dict[tuple[str, int], list[str]] = {}
        for (role, layer, source, size), token in zip(self._tokens, arc, strict=True):
            if not 0 <= token < size:
                return ""
            if role == "op":
                layers.append(self._layers[layer][token])
            elif token and role == "out":
                read.setdefault((role, source), []).append(str(layer))
            elif token:
                name = _name(self._inputs, source, "in") if role == "input" else f"+{source}"
                read.setdefault((role, layer), []).append(name)
        for layer, word in enumerate(layers):
            before = "+".join(read.get(("input", layer), ()))
            layers[layer] = f"{before}{'>' * bool(before)}{word}{''.join(read.get(('skip', layer), ()))}"
        ends = [f" {name}<{','.join(read.get(('out', number), ()))}" for number, name in enumerate(self._outputs)]
        text = "-".join(layers) + "".join(ends)
        return text if width is None else clip(text, width)


def describe_in_words(builder: object, arc: Tokens, width: int | None = None) -> str:
    """Return an architecture in words: its layers joined by `-`.

    `+0` after a layer says that it also reads layer 0, `rna>` before it that it reads the input `rna`, and `y<0,2` at
    the end that the output `y` reads the layers 0 and 2.

    Args:
        builder: has `model_space` and `layout`.
        arc: the tokens.
        width: largest number of characters; longer text is cut with an ellipsis. None: no limit.

    Returns:
        The text; empty where a user's own builder has no model space that gives its tokens a meaning, and for
        tokens outside the grammar.
    """
    return ArchitectureWords(builder)(arc, width)


def _words(candidates: Sequence[Operation]) -> list[str]:
    """Return a word for each candidate of a layer; equal words get the attributes that differ."""
    words = [_word(operation) for operation in candidates]
    return [
        word if words.count(word) == 1 else word + _difference(operation, _alike(candidates, words, word))
        for operation, word in zip(candidates, words, strict=True)
    ]


def _word(operation: Operation) -> str:
    known = attributes(operation)
    name = type_name(operation).replace("1d", "")
    for long, short in _SHORT_TYPES.items():
        name = name.replace(long, short)
    if name == "bidirectional":
        name = f"bi{known.get('layer', 'lstm')}"
    if name == "activation":
        return activation_of(operation) or "linear"
    size = next((known[key] for key in _SIZES if known.get(key) is not None), "")
    return f"{name}{size:g}" if isinstance(size, float) else f"{name}{size}"


def _alike(candidates: Sequence[Operation], words: Sequence[str], word: str) -> list[Mapping[str, object]]:
    return [attributes(operation) for operation, own in zip(candidates, words, strict=True) if own == word]


def _difference(operation: Operation, alike: Sequence[Mapping[str, object]]) -> str:
    """Return the attributes that differ among operations with the same word, in brackets."""
    known = attributes(operation)
    names = {name for each in alike for name in each}
    differing = sorted(name for name in names if len({repr(each.get(name)) for each in alike}) > 1)
    shown = sorted(differing, key=lambda name: ([*_SHORT, name].index(name), name))
    texts = [f"{_SHORT.get(name, f'{name}=')}{_value(known[name])}" for name in shown if known.get(name) is not None]
    return f"({','.join(texts)})" if texts else ""


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    text = str(value) if isinstance(value, Mapping) else size_text(value)
    return "".join(text.split())


def _names(builder: object, attribute: str) -> list[str]:
    given = getattr(builder, attribute, None)
    operations = given if isinstance(given, (list, tuple)) else [given]
    return [str(operation.get("name") or "") for operation in operations if isinstance(operation, Operation)]


def _name(names: Sequence[str], number: int, prefix: str) -> str:
    return (names[number] if number < len(names) else "") or f"{prefix}{number}"

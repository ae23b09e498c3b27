"""Write the layers of a preset as a person would write them into a configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import yaml

from amber.presets.facts import PresetSpace


def written_out(space: PresetSpace) -> str:
    """Return the sections `builder` and `model_space` as YAML; consecutive equal layers are written once."""
    lines = [f"builder: {_flow(space.builder)}", "model_space:"]
    if isinstance(space.model_space, Mapping):
        for key, value in space.model_space.items():
            lines += _section(key, value)
    else:
        lines += _layers(space.model_space, "  ")
    return "\n".join(lines) + "\n"


def _section(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield f"  {key}: {value}"
        return
    yield f"  {key}:"
    if not isinstance(value, Mapping):
        yield from _layers(value, "    ")
        return
    for name, layers in value.items():
        yield f"    {_flow(name)}:"
        yield from _layers(layers, "      ")


def _layers(layers: Sequence[Sequence[Mapping[str, Any]]], indent: str) -> Iterator[str]:
    for layer, equal in groupby(layers):
        count = len(list(equal))
        if count > 1:
            yield f"{indent}- repeat: {count}"
            yield f"{indent}  candidates:"
            yield from (f"{indent}    - {_flow(each)}" for each in layer)
        else:
            first, *others = map(_flow, layer)
            yield f"{indent}- - {first}"
            yield from (f"{indent}  - {each}" for each in others)


def _flow(value: Any) -> str:
    """Return a value on one line."""
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("...\n").strip()

"""The recorded facts, the weights and inputs they prescribe, and a tally of what was checked.

`AMBER_GOLDEN_DIR` names another folder with files of the same names.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(os.environ.get("AMBER_GOLDEN_DIR") or Path(__file__).parent / "golden")


# How many facts each file holds. A file with another shape needs a reader here before it counts.
def count_cases(family: str) -> int:
    recorded = load(family)
    if family == "decoder":
        return sum(len(cases) if isinstance(cases, list) else 1 for cases in recorded.values())
    return sum(len(config.get("cases", ())) or 1 for config in recorded)


class Tally:
    """What one test says of the recorded case it checked; the run adds these up (see conftest.py)."""

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties

    def check(self, family: str) -> None:
        """The case holds as recorded."""
        self._properties.append(("golden", [family, ""]))

    def supersede(self, family: str, rule: str) -> None:
        """A rule holds instead, and what it says was checked."""
        self._properties.append(("golden", [family, rule]))


def summarise(records: list[list[str]]) -> Iterator[tuple[str, bool]]:
    """Yields a line per family, and whether every case of it was checked."""
    for family in sorted({family for family, _ in records}):
        rules = Counter(rule for name, rule in records if name == family and rule)
        checked = sum(1 for name, rule in records if name == family and not rule)
        superseded, total = sum(rules.values()), count_cases(family)
        by_rule = "".join(f"; {count} x {rule}" for rule, count in sorted(rules.items()))
        line = f"golden {family}: {total} cases, {checked} checked as recorded, {superseded} superseded{by_rule}"
        yield line, checked + superseded == total


def load(family: str) -> Any:
    return json.loads((FOLDER / f"{family}.json").read_text())[family]


def prescribed_weight(number: int, kind: str, shape: list[int]) -> np.ndarray:
    angle = np.arange(1, int(np.prod(shape)) + 1, dtype=np.float64) + 7 * number
    if kind == "moving_variance":
        flat = 1 + 0.2 * np.sin(angle)
    elif kind == "moving_mean":
        flat = 0.05 * np.cos(angle)
    elif kind in ("gamma", "scale"):
        flat = 1 + 0.1 * np.sin(angle)
    elif len(shape) <= 1:
        flat = 0.1 * np.sin(angle)
    else:
        flat = np.sin(angle) / np.sqrt(np.prod(shape[:-1]))
    return flat.reshape(shape).astype("float32")


def prescribed_input(number: int, shape: list[int]) -> np.ndarray:
    flat = np.sin(0.37 * np.arange(3 * int(np.prod(shape))) + number)
    return flat.reshape([3, *shape]).astype("float32")


def set_prescribed_weights(model: Any, layout: list[Any], renamed: dict[str, str] | None = None) -> None:
    """Sets every weight of a model by layer and weight name; fails when one is left over on either side."""
    renamed = renamed or {}
    left = {(layer.name, weight.name): weight for layer in model.layers for weight in layer.weights}
    for layer, kind, shape, number in layout:
        weight = left.pop((renamed.get(layer, layer), kind))
        assert list(weight.shape) == shape, (layer, kind, weight.shape, shape)
        weight.assign(prescribed_weight(number, kind, shape))
    assert not left, sorted(left)

"""What a search learnt from, in words and counts, as its test records it and its report shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from amber.data import Dataset, Split, Target
from amber.data.targets.target import known_labels
from amber.experiment.task_spec import TaskSpec
from amber.types import JsonObject

_MOST_NOTES, _MOST_ROWS = 12, 30


def data_facts(dataset: Dataset, test: Split) -> JsonObject:
    """Return sentences and a table of counts, JSON-ready.

    Args:
        dataset: the data of a search.
        test: its test part, which was taken out.
    """
    parts = {"training": dataset.train, "validation": dataset.validation, "test": test}
    inputs = "; ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in TaskSpec.of(dataset).inputs.items())
    tasks = "; ".join(f"{target.name}: {target.describe()}" for target in dataset.targets)
    sentences = [
        f"Task: {tasks}.",
        f"Each example: {inputs} (sequences: length x letters).",
        f"Split: {dataset.split_origin or dataset.split}.",
        *dataset.notes[:_MOST_NOTES],
    ]
    rows = [["examples", *(f"{len(part):,}" for part in parts.values())]]
    for target in dataset.targets:
        prefix = f"{target.name}: " if len(dataset.targets) > 1 else ""
        rows += [[f"{prefix}{name}", *counts] for name, counts in _counts(target, parts)]
    return {"sentences": sentences, "header": ["", *parts], "rows": rows[:_MOST_ROWS]}


def _counts(target: Target, parts: Mapping[str, Split]) -> Iterator[tuple[str, list[str]]]:
    values = [np.asarray(part.values_of(target.name)) for part in parts.values()]
    if target.labels is not None:
        for place, name in enumerate(target.labels.names):
            yield f"with {name}", [f"{int(np.nansum(known_labels(each)[:, place])):,}" for each in values]
    elif target.classes is not None:
        for number, name in enumerate(target.classes):
            yield f"of {name}", [f"{int((each == number).sum()):,}" for each in values]
    else:
        for words, measure in (("mean", np.mean), ("standard deviation", np.std)):
            in_unit = [target.scaling.invert(each.reshape(-1, 1)) if target.scaling else each for each in values]
            yield words, [f"{float(measure(each)):.4g}" for each in in_unit]

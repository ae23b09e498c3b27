"""Whether every part of divided examples has the classes that it should.

What may be changed here: what of classes in parts is refused, and what is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amber.data.tables.table import shown_names
from amber.errors import DataError
from amber.types import Array


def check_classes(name: str, classes: Sequence[str], parts: Mapping[str, Array]) -> list[str]:
    """Return a sentence for each class that a part lacks or that has one example.

    Args:
        name: of the column.
        classes: class names.
        parts: `train`, `validation` and `test`: class numbers of each.

    Raises:
        DataError: the training part has one class only, or half of another part or more is of classes that it lacks.
    """
    counts = {part: [int((y == number).sum()) for number in range(len(classes))] for part, y in parts.items()}
    trained = [known for known, count in zip(classes, counts["train"], strict=True) if count]
    if len(trained) < 2:
        raise DataError(
            f"Column {name!r}: the training part must have examples of at least two classes; nothing can be learnt "
            f"from one. Received: {len(parts['train'])} examples of the class {shown_names(trained)}"
        )
    notes = []
    for part in ("validation", "test"):
        unknown = {
            known: count
            for known, count, there in zip(classes, counts[part], counts["train"], strict=True)
            if count and not there
        }
        total = sum(unknown.values())
        if 2 * total >= len(parts[part]):
            raise DataError(
                f"Column {name!r}: most {part} examples must be of classes that are trained on; divide the examples "
                f"in another way, such as `split: random`. Received: {total} of {len(parts[part])} examples of the "
                f"classes {shown_names(list(unknown))}, which have no training example"
            )
        if unknown:
            notes.append(
                f"The classes {shown_names(list(unknown))} of the column {name} have {total} {part} examples but no "
                "training example: they cannot be predicted."
            )
        lacking = [known for known, count in zip(classes, counts[part], strict=True) if not count]
        if lacking:
            notes.append(f"The {part} part has no example of the classes {shown_names(lacking)} of the column {name}.")
    alone = [known for known, each in zip(classes, zip(*counts.values(), strict=True), strict=True) if sum(each) == 1]
    if alone:
        notes.append(f"The classes {shown_names(alone)} of the column {name} have a single example.")
    return notes

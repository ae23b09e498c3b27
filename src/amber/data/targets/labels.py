"""Labels as they are written to class names, and class names to integers.

What may be changed here: what counts as a missing label, when two labels are the same class, how classes are ordered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from amber.data.tables.table import shown_names
from amber.data.targets.positive import positive_class
from amber.errors import DataError

# What spreadsheets, R, pandas and databases write where there is no value; compared in lower case.
MISSING = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "?", "."))
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LARGEST_WHOLE = 2**53
# Byte-order marks, zero-width blanks and joiners, marks of direction: nobody sees them in a label.
_INVISIBLE = re.compile("[\ufeff\u200b-\u200f\u2060-\u2064\u202a-\u202e]")

# What two classes are often called; of one data set with several of these words some mean the same.
_MEANINGS = {
    **dict.fromkeys(("1", "true", "yes", "pos", "positive"), "positive"),
    **dict.fromkeys(("0", "false", "no", "neg", "negative"), "negative"),
}


def without_blanks(text: str) -> str:
    """Return what is to be seen of a field: without blanks around it, and without characters that nobody sees."""
    return (text if text.isascii() else _INVISIBLE.sub("", text)).strip()


def is_missing(text: str) -> bool:
    """Say whether a field is one of those that stand for no value, such as `NA`, `?` or nothing.

    `None`, as Python writes it, is one; `none` may well be a class.
    """
    stripped = without_blanks(text)
    return stripped == "None" or stripped.lower() in MISSING


def number_of(text: str) -> float | None:
    """Return the finite number that a field holds; None where it holds something else."""
    if len(text) > 400 or not _NUMBER.fullmatch(without_blanks(text)):
        return None
    value = float(without_blanks(text))
    return value if np.isfinite(value) else None


def class_name(text: str) -> str:
    """Return the class that a label means: without blanks around it, and `1.0`, `01` and `+1` as `1`."""
    text = without_blanks(text)
    value = number_of(text)
    if value is None or abs(value) > _LARGEST_WHOLE:
        return text
    return str(int(value)) if value == int(value) else repr(value)


def ordered(classes: set[str]) -> tuple[str, ...]:
    """Return class names in the order of their numbers: by value where all are numbers, else by text.

    Of two names that tell which is the positive class, that is the second.
    """
    values = {name: number_of(name) for name in classes}
    if all(value is not None for value in values.values()):
        return tuple(sorted(classes, key=lambda name: values[name] or 0.0))
    by_text = tuple(sorted(classes))
    return by_text[::-1] if len(by_text) == 2 and positive_class(*by_text) == by_text[0] else by_text


def encode_labels(
    labels: Sequence[str],
    classes: Sequence[str] | None = None,
    *,
    lines: Sequence[int] | None = None,
    source: str = "labels",
    word: str = "line",
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number labels by their place in `classes`.

    Blanks around a label do not count, and `1`, `1.0` and `01` are the same class.

    Args:
        labels: one class name per example.
        classes: names in the order of their numbers; by default the distinct labels, sorted as numbers where all are
            numbers, else as text, but of two the positive one last, where their names tell: `free`, `bound`.
        lines: line numbers of the examples for messages; by default messages give the example.
        source: file or array that messages name.
        word: what `lines` counts.

    Returns:
        Numbers of type int64 and shape `(n,)`, and the classes.

    Raises:
        DataError: no labels, a missing label, a label outside `classes`, or classes that repeat.
    """
    if not len(labels):
        raise DataError(f"{source}: expected at least one label. Received: none")
    names = {label: class_name(label) for label in set(labels)}
    if classes is None:
        known = ordered({name for name in names.values() if not is_missing(name)})
    else:
        known = tuple(without_blanks(str(name)) for name in classes)
    check_unique([class_name(name) for name in known], "classes")
    numbers = {class_name(name): number for number, name in enumerate(known)}
    encoded = np.empty(len(labels), dtype=np.int64)
    for index, label in enumerate(labels):
        number = numbers.get(names[label])
        if number is None:
            where = f"example {index}" if lines is None else f"{word} {lines[index]}"
            expected = f"one of {shown_names(known)}" if classes is not None else "a class name"
            raise DataError(f"{source}, {where}: a label must be {expected}. Received: {shown_names([label])}")
        encoded[index] = number
    return encoded, known


def check_unique(values: Sequence[Hashable], name: str) -> None:
    """Raise unless every value occurs once.

    Args:
        values: what to check.
        name: what the message calls them.

    Raises:
        DataError: a value repeats.
    """
    seen: set[Hashable] = set()
    for value in values:
        if value in seen:
            raise DataError(f"`{name}` must be distinct. Received: {value!r} more than once")
        seen.add(value)


def label_notes(labels: Sequence[str], classes: Sequence[str], column: str) -> list[str]:
    """Return a sentence for each way in which labels were cleaned, or look as if they should have been."""
    notes = []
    written: dict[str, set[str]] = {}
    blanks = 0
    for label, count in Counter(labels).items():
        stripped = without_blanks(label)
        blanks += count if stripped != label else 0
        written.setdefault(class_name(label), set()).add(stripped)
    if blanks:
        notes.append(f"Blanks around {blanks} labels of the column {column} were taken away.")
    for name, forms in written.items():
        if len(forms) > 1:
            notes.append(f"The labels {shown_names(sorted(forms))} of the column {column} are one class, {name}.")
    meanings: dict[str, list[str]] = {}
    for name in classes:
        folded = name.casefold()
        meanings.setdefault(_MEANINGS.get(folded, folded), []).append(name)
    for names in meanings.values():
        if len({name.casefold() for name in names}) > 1:
            said = "look like one class written in several ways; write it in one"
            notes.append(f"The classes {shown_names(names)} of the column {column} {said}.")
        elif len(names) > 1:
            notes.append(f"The classes {shown_names(names)} of the column {column} differ by case only.")
    return notes


def positive_notes(classes: Sequence[str]) -> list[str]:
    """Return a sentence about the positive one of two classes, where their names decided which it is."""
    if len(classes) != 2 or positive_class(*classes) is None or None not in map(number_of, classes):
        return []
    turned = ", ".join(reversed(classes))
    return [
        f"Of the classes {shown_names(classes)}, {classes[1]} is the positive one, as their names say; "
        f"`classes: [{turned}]` makes it {classes[0]}."
    ]

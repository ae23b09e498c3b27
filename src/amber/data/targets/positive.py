"""Which of two classes is the positive one, by what people call them.

What may be changed here: the words.
"""

from __future__ import annotations

import re

_POSITIVE = frozenset(
    "positive positives pos bound binding peak peaks true yes y active open present high hit hits pathogenic case "
    "cases signal foreground fg treated 1".split()
)
_NEGATIVE = frozenset(
    "negative negatives neg unbound free background bg control controls ctrl random shuffled shuffle shuffles "
    "scrambled decoy decoys none no non not false n inactive closed absent low benign neutral null untreated 0".split()
)
# What makes a name the opposite of another: `unbound`, `non_promoter`.
_DENIALS = ("non", "un", "in", "not", "no")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def positive_class(first: str, second: str) -> str | None:
    """Return which of two classes is the positive one; None where their names do not tell.

    Args:
        first: name of a class.
        second: name of the other.
    """
    if _denies(first, second):
        return second
    if _denies(second, first):
        return first
    signs = _sign(first), _sign(second)
    if signs[0] == signs[1]:
        return None
    return first if signs[0] > signs[1] else second


def _denies(name: str, other: str) -> bool:
    """Say whether a name is another with `un`, `non` and the like before it."""
    plain, denied = (re.sub(r"[\W_]+", "", each).lower() for each in (other, name))
    return any(denied == f"{denial}{plain}" for denial in _DENIALS)


def _sign(name: str) -> int:
    """Return 1, -1 or 0: what the words of a name say; a number counts only where it is the whole name."""
    words = {name} if name.isdigit() else {word.lower() for word in _WORD.findall(name) if not word.isdigit()}
    # "No peaks" are none.
    return -1 if words & _NEGATIVE else 1 if words & _POSITIVE else 0

"""Words for files and fields made of the titles of classes and labels, each another."""

from __future__ import annotations

import re
from collections.abc import Sequence


def words_of(titles: Sequence[str]) -> list[str]:
    """Return a word of ASCII letters, digits and underscores for each title.

    Titles that differ in other characters only, such as `plus+` and `plus-`, get a number too; no two words differ in
    capitals only, as some file systems take these for the same.
    """
    taken: set[str] = set()
    words: list[str] = []
    for number, title in enumerate(titles):
        word = re.sub(r"[^A-Za-z0-9]+", "_", title)
        while word.lower() in taken:
            word += f"_{number}"
        taken.add(word.lower())
        words.append(word)
    return words

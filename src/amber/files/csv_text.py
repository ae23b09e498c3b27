"""CSV and TSV that people open in spreadsheets: every table AMBER writes goes through `csv_text`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What a spreadsheet may take for the beginning of a formula or a command; some skip blanks before it, and read the
# wide forms of East Asian texts alike.
_FORMULA = re.compile(r"^[\s\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n\x00]")
# What tables call the strands + and -: a spreadsheet takes a sign for the beginning of a formula.
STRANDS = ("forward", "reverse")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[object]], *, delimiter: str = ",") -> str:
    """Return a table as text, each line ended by a line feed.

    Numbers stay numbers and None is empty. Text that a spreadsheet would run as a formula, in the heading too, begins
    with an apostrophe, which spreadsheets take for "this is text".

    Args:
        heading: names of the columns.
        rows: cells: text, numbers, True, False or None.
        delimiter: `","` or a tab.
    """
    return "".join(delimiter.join(_cell(value, delimiter) for value in row) + "\n" for row in [heading, *rows])


def _cell(value: object, delimiter: str) -> str:
    """Return a cell, in quotes where it holds what would end it.

    Not by csv.writer: before Python 3.13 it leaves a carriage return bare, where spreadsheets begin another row.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = escaped(value)
    else:
        text = repr(float(value)) if isinstance(value, float) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ('"', "\r", "\n", delimiter)) else text


def escaped(text: str) -> str:
    """Return text with an apostrophe before it where a spreadsheet would run it; a number, such as `-3`, stays."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text

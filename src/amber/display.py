"""How objects show themselves: in one line without an address, and as HTML in notebooks."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from html import escape
from pathlib import Path
from typing import Any

from amber.redaction import redacted

# Characters of one line, and of one value in it.
_LINE, _VALUE = 300, 80
_SIMPLE = (bool, int, float, str, Path, type(None))


class PlainRepr:
    """Base of classes that show themselves by their name and simple attributes, never by an address."""

    def __repr__(self) -> str:
        simple = {
            name: value
            for name, value in sorted(vars(self).items())
            if not name.startswith("_") and isinstance(value, _SIMPLE)
        }
        return redacted(f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in simple.items())})")


class _Brief(reprlib.Repr):
    """Values in a few characters: a few entries of collections, arrays by type and shape, and no addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 4
        self.maxstring = self.maxother = _VALUE

    def repr_instance(self, value: Any, level: int) -> str:
        """Return arrays by type and shape, dataclasses and what shows an address or is long by name only."""
        kind = type(value).__name__
        if hasattr(value, "dtype") and hasattr(value, "shape"):
            return f"{value.dtype}{tuple(value.shape)}"
        if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
            return str(value.__name__)
        if is_dataclass(value) and type(value).__repr__ is not one_line and len(fields(value)) > 3:
            return f"{kind}(...)"
        text = repr(value)
        return f"{kind}(...)" if len(text) > _VALUE or " at 0x" in text or "\n" in text else text


_BRIEF = _Brief()


def one_line(self: Any) -> str:
    """Show an object of a dataclass in one line: the fields that are not at their default, each in a few characters.

    A dataclass writes `__repr__ = one_line` where the usual line would show arrays, or whatever a collection holds.
    """
    shown = [
        f"{each.name}={text if len(text) <= _VALUE else f'{text[: _VALUE - 3]}...'}"
        for each in fields(self)
        if each.repr and hasattr(self, each.name) and not _is_default(each, getattr(self, each.name))
        for text in (_BRIEF.repr(getattr(self, each.name)),)
    ]
    line = redacted(f"{type(self).__name__}({', '.join(shown)})")
    return line if len(line) <= _LINE else f"{line[: _LINE - 4]}...)"


def _is_default(field: Field[Any], value: object) -> bool:
    if field.default_factory is not MISSING:
        return isinstance(value, (dict, list, tuple, set, frozenset)) and not value
    return value is field.default or (isinstance(value, _SIMPLE) and bool(value == field.default))


def html_table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as HTML, every text of it escaped.

    Args:
        title: a line above the table.
        head: names of the columns.
        rows: values, as `str` shows them; numbers with a fraction with four digits of it.
    """
    columns = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(_text(value))}</td>" for value in row) + "</tr>" for row in rows)
    return f"<p><b>{escape(title)}</b></p><table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)

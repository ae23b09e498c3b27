"""How objects show themselves: in one line without an address, and as HTML in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from amber.redaction import redacted

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

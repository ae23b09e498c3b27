"""Tables that fit the terminal: columns that matter less are left out, architectures are folded between layers."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

# Before the second line and those that follow of an architecture.
_INDENT = "  "
# What an architecture should have to be read without much folding.
_READABLE = 40


class FoldedWords:
    """An architecture in words, folded after the `-` between its layers where it does not fit.

    Args:
        text: such as `conv8(k3)-maxpool-dense16`.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._layers = [piece + "-" for piece in text.split("-")[:-1]] + text.split("-")[-1:]

    def __repr__(self) -> str:
        return f"FoldedWords({self.text!r})"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines(options.max_width):
            yield Text(line, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max(map(len, self._layers)) + len(_INDENT)
        return Measurement(min(len(self.text), longest), len(self.text))

    def lines(self, width: int) -> list[str]:
        """Return the text in lines of at most `width` characters; a longer layer has a line of its own."""
        lines = [""]
        for layer in self._layers:
            if lines[-1].strip() and len(lines[-1] + layer) > width:
                lines.append(_INDENT)
            lines[-1] += layer
        return lines


class FittedTable(Table):
    """Leaves out columns, the least important first, until the last one can be read; says which.

    Args:
        optional: headers of the columns that may be left out, the least important first.
        columns: headers of all columns.
    """

    def __init__(self, *columns: str, optional: Sequence[str] = ()) -> None:
        super().__init__(*columns)
        self._optional = tuple(optional)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from Table.__rich_console__(self.fitted(console, options), console, options)

    def fitted(self, console: Console, options: ConsoleOptions) -> Table:
        """Return the table as it is shown at the width of the options."""
        table: Table = self
        left_out: list[str] = []
        for header in self._optional:
            if _fits(table, console, options):
                break
            if any(column.header == header for column in table.columns):
                table = _without(table, header)
                left_out.append(header)
        if left_out:
            said = f"Left out on a narrow screen: {', '.join(left_out)}"
            table.caption = f"{self.caption}\n{said}" if self.caption else said
        return table


def _without(table: Table, header: str) -> Table:
    """Return a copy of a table without a column."""
    narrower = copy.copy(table)
    narrower.columns = [copy.copy(column) for column in table.columns if column.header != header]
    for number, column in enumerate(narrower.columns):
        column._index = number
    return narrower


def _fits(table: Table, console: Console, options: ConsoleOptions) -> bool:
    """Say whether the last column gets the characters that it should have."""
    unlimited = options.update(width=1 << 16)
    *others, last = (
        max(Measurement.get(console, unlimited, cell).maximum for cell in (column.header, *column.cells))
        for column in table.columns
    )
    frame = 3 * len(table.columns) + 1
    return options.max_width - sum(others) - frame >= min(last, _READABLE)

"""Print tables on a terminal of any width without breaking words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_whole_words(console: Console, table: Table) -> None:
    """Print a table as wide as its longest words need, where the terminal is narrower: a name stays one word."""
    from rich.measure import Measurement

    options = console.options.update(max_width=100_000)
    console.width = max(console.width, Measurement.get(console, options, table).minimum)
    console.print(table)

"""What a terminal or a notebook shows of an experiment that runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from amber.display import PlainRepr
from amber.experiment.reporter import LogReporter, Reporter

if TYPE_CHECKING:
    from rich.table import Table

    from amber.modeler import ModelBuilder
    from amber.search import SearchCallback
    from amber.search.one_shot import OneShotProgress
    from amber.search.pace import PlannedWork


class ConsoleReporter(PlainRepr):
    """Shows lines, tables and progress on a terminal or in a notebook.

    Args:
        quiet: show nothing but warnings, and these on standard error.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(quiet=quiet)

    def say(self, line: str) -> None:
        """Show one line; a path in it is not broken, but in a notebook, which would cut a long line off."""
        self._console.print(Text(line), soft_wrap=not self._console.is_jupyter)

    def show(self, table: Table) -> None:
        """Show a table."""
        self._console.print(table)

    def warn(self, line: str) -> None:
        """Show a warning; on standard error where nothing else is shown."""
        where = Console(stderr=True) if self._console.quiet else self._console
        where.print(Text(line, style="yellow"), soft_wrap=not where.is_jupyter)

    def listeners(self, builder: ModelBuilder, work: PlannedWork) -> Sequence[SearchCallback]:
        """Return a display of the trials, with architectures in words."""
        if self._console.quiet:
            return ()
        from amber.graph.words import ArchitectureWords
        from amber.search import SearchProgress

        return (SearchProgress(describe=ArchitectureWords(builder), work=work),)

    def shared_progress(self, after: float) -> OneShotProgress | None:
        """Return a display of shared training."""
        from amber.search.one_shot import OneShotProgress

        return None if self._console.quiet else OneShotProgress(after=after)


def default_reporter() -> Reporter:
    """Return a display where somebody looks, on a terminal or in a notebook; elsewhere the log."""
    console = Console()
    return ConsoleReporter() if console.is_terminal or console.is_jupyter else LogReporter()

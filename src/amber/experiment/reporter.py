"""Who hears how an experiment goes on: the command shows it, a script reads it in the log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from amber.display import PlainRepr

if TYPE_CHECKING:
    from rich.table import Table

    from amber.modeler import ModelBuilder
    from amber.search import SearchCallback
    from amber.search.one_shot import OneShotProgress
    from amber.search.pace import PlannedWork

logger = logging.getLogger("amber.experiment")


class Reporter(Protocol):
    """What a run tells while it goes on."""

    def say(self, line: str) -> None:
        """Take one line."""

    def show(self, table: Table) -> None:
        """Take a table."""

    def warn(self, line: str) -> None:
        """Take a line that says what is wrong with the best network."""

    def listeners(self, builder: ModelBuilder, work: PlannedWork) -> Sequence[SearchCallback]:
        """Return listeners to the trials of a search.

        Args:
            builder: of its networks.
            work: what is known of the search, and of what follows it, before.
        """

    def shared_progress(self, after: float) -> OneShotProgress | None:
        """Return a display of shared training; None for none.

        Args:
            after: how many times as many batches follow it.
        """


class LogReporter(PlainRepr):
    """Writes lines to the log `amber.experiment`; tables are in the files of the run."""

    def say(self, line: str) -> None:
        """Log one line."""
        logger.info("%s", line)

    def show(self, table: Table) -> None:
        """Leave a table out."""

    def warn(self, line: str) -> None:
        """Log a warning."""
        logger.warning("%s", line)

    def listeners(self, builder: ModelBuilder, work: PlannedWork) -> Sequence[SearchCallback]:
        """Return none."""
        return ()

    def shared_progress(self, after: float) -> OneShotProgress | None:
        """Return none."""
        return None

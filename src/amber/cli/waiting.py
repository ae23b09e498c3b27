"""Say how far a piece of work is, on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amber.display import PlainRepr

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

# Between two lines where there is no terminal.
_SECONDS = 10.0


class ShownWork(PlainRepr):
    """Work that is shown: called with how much is done, and of how much."""

    @abstractmethod
    def __call__(self, done: int, total: int) -> None:
        """Show how far the work is."""

    @abstractmethod
    def begin(self, what: str) -> None:
        """Show that another piece of work begins, whose size is not known."""


@contextmanager
def shown_progress(what: str, console: Console | None = None) -> Iterator[ShownWork]:
    """Show that work goes on while the block runs; yields what is told how far it is.

    Args:
        what: the work, such as `Predicting`.
        console: where to; by default standard error.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(what, console)
        return
    with Progress(console=console, transient=True) as bar:
        yield _Bar(what, bar)


class _Bar(ShownWork):
    """A bar on a terminal."""

    def __init__(self, what: str, bar: Progress) -> None:
        self._bar = bar
        self.begin(what)

    def __call__(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)

    def begin(self, what: str) -> None:
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._task = self._bar.add_task(what, total=None)


class _Lines(ShownWork):
    """Prints a line at the start, and then one at most every ten seconds."""

    def __init__(self, what: str, console: Console) -> None:
        self._console = console
        self.begin(what)

    def begin(self, what: str) -> None:
        self.what = what
        self._said = time.monotonic()
        self._print(f"{what} ...")

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._said >= _SECONDS:
            self._said = now
            self._print(f"{self.what}: {done:,} of {total:,}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

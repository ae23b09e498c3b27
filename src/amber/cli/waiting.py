"""Say how far a piece of work is, on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amber.display import PlainRepr

if TYPE_CHECKING:
    from rich.console import Console

# Between two lines where there is no terminal.
_SECONDS = 10.0


@contextmanager
def shown_progress(what: str, console: Console | None = None) -> Iterator[Callable[[int, int], None]]:
    """Show that work goes on while the block runs; yields a function that takes how much is done, and of how much.

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
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Lines(PlainRepr):
    """Prints a line at the start, and then one at most every ten seconds."""

    def __init__(self, what: str, console: Console) -> None:
        self.what = what
        self._console = console
        self._said = time.monotonic()
        self._print(f"{what} ...")

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._said >= _SECONDS:
            self._said = now
            self._print(f"{self.what}: {done:,} of {total:,}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

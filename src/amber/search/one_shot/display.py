"""The shared-weight part of a one-shot search as it runs: a bar in a terminal, some lines elsewhere."""

from __future__ import annotations

import math
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from amber.display import PlainRepr


class OneShotProgress(PlainRepr):
    """Shows the phase, how far it is, the mean score of the policy and the time left.

    Args:
        console: where to; by default the standard error stream.
        after: how many times as many batches as the shared training has follow it, in trainings of single networks.
    """

    def __init__(self, console: Console | None = None, after: float = 0.0) -> None:
        self._console = console or Console(stderr=True)
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._started = self._said = 0.0
        self._after = after
        # What all batches would take at the fastest pace so far, when nothing but training was done.
        self._fastest = math.inf

    def begin(self) -> None:
        """Start the display."""
        self._started, self._fastest = time.monotonic(), math.inf
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("Shared weights"), BarColumn(), TextColumn("{task.description}"), console=self._console
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=1.0)

    def show(self, share: float, note: str) -> None:
        """Show the share of the work that is done, 0 to 1, and what is being done."""
        now = time.monotonic()
        spent = now - self._started
        left = ""
        if 0.02 < share < 1:
            self._fastest = min(self._fastest, spent / share)
            left = f", about {spent / share * (1 - share) + self._fastest * self._after:.0f} s left"
        if self._bar is not None:
            self._bar.update(self._task, completed=share, description=f"{note}{left}")
        elif now - self._said > 5 or share >= 1:
            self._said = now
            whole = not self._console.is_jupyter
            self._console.print(f"[{share:4.0%}] {note}{left}", markup=False, highlight=False, soft_wrap=whole)

    def end(self) -> None:
        """End the display with its last state."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

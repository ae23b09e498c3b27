"""What may listen to a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from amber.display import PlainRepr
from amber.errors import OutputClosedError, is_output_closed

if TYPE_CHECKING:
    from amber.search.result import SearchResult
    from amber.search.trial import Trial


class SearchCallback(PlainRepr):
    """Base of what listens to a search; every method does nothing unless overridden."""

    def on_rung_begin(self, rung: int, rungs: int, epochs: int) -> None:
        """Called before each rung of successive halving (from 1), which trains to so many epochs as a search."""

    def on_search_begin(self, trials: int, metric: str, direction: str) -> None:
        """Called once before the first proposal, with the number of architectures to train."""

    def on_resume(self, trials: Sequence[Trial]) -> None:
        """Called once after `on_search_begin` where a search is taken up, with its settled proposals."""

    def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
        """Called before an architecture is trained (not for invalid ones and duplicates)."""

    def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        """Called after every epoch (from 1) of a trial."""

    def on_trial_end(self, trial: Trial) -> None:
        """Called when a proposal is settled, whatever its status."""

    def on_search_end(self, result: SearchResult) -> None:
        """Called once, however the search ends."""


def tell_epoch(
    callbacks: Sequence[SearchCallback], number: int, epoch: int, epochs: int, metrics: Mapping[str, float]
) -> None:
    """Tell callbacks of an epoch of a trial.

    Raises:
        OutputClosedError: nobody reads any more what one of them prints; the trial is not at fault.
    """
    for callback in callbacks:
        try:
            callback.on_epoch_end(number, epoch, epochs, metrics)
        except BaseException as error:
            if is_output_closed(error):
                raise OutputClosedError("Nobody reads the output any more.") from error
            raise

"""What a one-shot search gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amber.display import one_line
from amber.search.result import SearchResult
from amber.search.trial import Trial


@dataclass(frozen=True)
class ScoredArchitecture:
    """A candidate: its tokens, where it came from ("policy" or "random"), and its score with shared weights."""

    __repr__ = one_line

    tokens: tuple[int, ...]
    source: str
    score: float


@dataclass(frozen=True)
class OneShotResult:
    """The outcome.

    Attributes:
        search: the retraining as a search of its own: trials, ranking and the best.
        candidates: the architectures that were chosen, the best score first, as they were retrained.
        history: one entry per episode: steps, seconds, mean and best score with shared weights.
    """

    __repr__ = one_line

    search: SearchResult
    candidates: tuple[ScoredArchitecture, ...]
    history: tuple[Mapping[str, float], ...]

    def best_of(self, source: str) -> Trial | None:
        """Return the best retrained candidate of "policy" or "random"; None where none was retrained."""
        own = {each.tokens for each in self.candidates if each.source == source}
        return next((trial for trial in self.search.ranked if trial.tokens in own), None)

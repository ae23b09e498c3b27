"""Which of the best architectures is kept: each is trained as the last is, and validation data decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amber.display import one_line
from amber.experiment.final.training import FinalNetwork

if TYPE_CHECKING:
    from rich.table import Table

    from amber.search import Trial


@dataclass(frozen=True)
class ChosenCandidate:
    """The architecture that is kept.

    Attributes:
        trial: its trial.
        network: its first network, trained; None where it was the only candidate, and is still to be trained.
        scores: of each candidate, in the order of the search: its trial, and its score on validation data after the
            last training, None where that failed.
    """

    trial: Trial
    network: FinalNetwork | None = None
    scores: tuple[tuple[Trial, float | None], ...] = ()
    __repr__ = one_line

    def record(self) -> dict[str, Any]:
        """Return what `best.json` says of the candidates; nothing where there was one only."""
        trained = [
            {"trial": trial.number, "tokens": list(trial.tokens), "searched": trial.score, "validation": score}
            for trial, score in self.scores
        ]
        return {"candidates": trained} if trained else {}

    def tables(self, metric: str) -> list[Table]:
        """Return a table of the candidates, in a list; an empty list where there was one only.

        Args:
            metric: what the search compares.
        """
        from rich.table import Table

        if not self.scores:
            return []
        table = Table(title="Best architectures, trained again")
        for heading in ("trial", f"{metric}\nin the search", "trained\nagain"):
            table.add_column(heading, justify="right")
        table.add_column("")
        for trial, score in self.scores:
            again = "failed" if score is None else f"{score:.4f}"
            table.add_row(str(trial.number), f"{trial.score:.4f}", again, "kept" if trial is self.trial else "")
        return [table]


def choose_candidate(
    trials: Sequence[Trial],
    train: Callable[[Trial], tuple[FinalNetwork, float]],
    direction: str,
    say: Callable[[str], None],
) -> ChosenCandidate:
    """Train each of the best architectures once, and return the one with the best score on validation data.

    Args:
        trials: of the candidates, the best first; one is not trained here.
        train: trains the architecture of a trial, and returns its network and score.
        direction: "maximize" or "minimize".
        say: takes lines for the user.

    Raises:
        FloatingPointError: no training of any gave finite numbers; of the last.
    """
    if len(trials) == 1:
        return ChosenCandidate(trials[0])
    sign = -1 if direction == "maximize" else 1
    kept: tuple[float, Trial, FinalNetwork] | None = None
    scores: list[tuple[Trial, float | None]] = []
    for position, trial in enumerate(trials, start=1):
        say(f"Retraining trial {trial.number}, number {position} of the {len(trials)} best")
        try:
            network, score = train(trial)
        except FloatingPointError as error:
            if kept is None and position == len(trials):
                raise
            say(f"Trial {trial.number} is left out: {error}")
            scores.append((trial, None))
            continue
        scores.append((trial, score))
        if kept is None or sign * score < sign * kept[0]:
            kept = score, trial, network
    if kept is None:
        raise ValueError("trials must be at least one. Received: none")
    return ChosenCandidate(kept[1], kept[2], tuple(scores))


def chosen_in_words(final: Mapping[str, Any], kept: int) -> str:
    """Return in a sentence how the best architectures compared when they were trained again; empty where one was.

    Args:
        final: what `best.json` says of the last training.
        kept: number of the trial that was kept.

    Raises:
        KeyError, TypeError, ValueError: of a record that was changed.
    """
    candidates = final.get("candidates", ())
    if not candidates:
        return ""
    scores = {int(each["trial"]): each["validation"] for each in candidates}
    said = [f"{number} ({'failed' if score is None else f'{float(score):.4f}'})" for number, score in scores.items()]
    return (
        f" The best {len(scores)} were trained again, and the one with the best score on validation data was kept, "
        f"trial {kept}. Then the scores were, by trial: {', '.join(said)}."
    )

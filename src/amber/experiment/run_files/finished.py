"""The files of a finished run, `best.keras` and those that belong to it; and whether they are still valid.

The files of the last phase are replaced together once all of them are whole, so that a run that was finished stays
finished until its successor is. `best.json` says of each which content belongs to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.errors import AmberError
from amber.experiment.components import loss_weights, searched_score
from amber.experiment.configuration.reading import Configuration
from amber.experiment.run_files.recorded import BEST_MODEL, config_of
from amber.experiment.task_settings import for_task
from amber.experiment.task_spec import TaskSpec
from amber.files.output import writing

if TYPE_CHECKING:
    from amber.modeler.builders.protocol import Builder
    from amber.search import RunDirectory, Trial

TEST, RESULTS, DRAWINGS = "test.json", "results.txt", ("best.svg", "best.png")
# What best.json vouches for; results.txt and drawings are for readers, and may be edited.
_VOUCHED = (BEST_MODEL, TEST)


@dataclass(frozen=True)
class FinishedRun:
    """A run whose last phase is complete.

    Attributes:
        path: run directory.
        record: its `best.json`.
    """

    path: Path
    record: Mapping[str, Any]

    @classmethod
    def of(cls, directory: RunDirectory) -> FinishedRun | None:
        """Return the finished run of a directory; None where there is none, or its files do not belong together."""
        from amber.search import load_best

        if not directory.is_finished:
            return None
        try:
            record = load_best(directory.path)
        except AmberError:
            return None
        digests = record.get("files", {})
        told = isinstance(digests, dict) and all(
            file_digest(directory.path / name) == digests[name] for name in _VOUCHED if name in digests
        )
        return cls(directory.path, record) if told else None

    def is_of(self, ranked: Sequence[Trial], loaded: Configuration) -> bool:
        """Say whether the last phase would be the same again: of these trials, the best first, with these settings."""
        candidates = [(trial.number, list(trial.tokens)) for trial in ranked[: loaded.config.final.candidates]]
        try:
            record = dict(self.record)
            trained = record.get("final", {}).get("candidates", [record])
            if not candidates or candidates != [(each["trial"], each["tokens"]) for each in trained]:
                return False
            before = for_task(config_of(record, self.path), TaskSpec.from_dict(record)).config
        except (AmberError, KeyError, TypeError, ValueError, AttributeError):  # of a record that was changed
            return False
        return before.final == loaded.config.final and before.training == loaded.config.training

    def nothing_left(self, loaded: Configuration, trials: list[Trial]) -> bool:
        """Say whether the search was as long as it is to be, and its last phase would be the same again."""
        from amber.search.result import rank
        from amber.search.trial import TRAINED

        ranked = rank(trials, searched_score(loaded)[1])
        if not self.is_of([trial for trial in ranked if trial.status == "complete"], loaded):
            return False
        wanted, before = wanted_length(loaded), self.record["final"].get("wanted")
        if before == wanted or loaded.config.search.strategy == "one_shot":
            return before in (None, wanted)
        return sum(trial.status in TRAINED for trial in trials) >= wanted["trials"]

    def redraw(self, loaded: Configuration, builder: Builder, trials: list[Trial]) -> None:
        """Draw the files that are missing."""
        missing = [name for name in DRAWINGS if not (self.path / name).is_file()]
        best = next(trial for trial in trials if trial.number == self.record["trial"])
        if missing:
            draw_best(loaded, builder, best, self.path, missing)


def draw_best(
    loaded: Configuration, builder: Builder, best: Trial, folder: Path, names: Sequence[str] = DRAWINGS
) -> None:
    """Draw the best network into a folder; raises StorageError naming the file."""
    from amber import drawing
    from amber.search.references import builder_of

    graph = builder_of(builder, best.reference).plan(best.tokens)
    costs = graph.cost
    for name in names:
        with writing(folder / name) as aside:
            drawing.draw(
                graph,
                aside,
                title=loaded.config.name,
                subtitle=f"trial {best.number}, {searched_score(loaded)[0]} {best.score:.4f}",
                costs=costs,
                loss_weights=loss_weights(loaded),
            )


def wanted_length(loaded: Configuration) -> dict[str, Any]:
    """Return the wanted length of a search, which may change when it is resumed."""
    search = loaded.config.search
    return {"seconds": search.one_shot.seconds} if search.strategy == "one_shot" else {"trials": search.trials}


def digests_of(folder: Path) -> dict[str, str]:
    """Return the digests of the files that `best.json` vouches for."""
    return {name: file_digest(folder / name) for name in _VOUCHED}


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""

"""A search in one call: from files, arrays or a Dataset to a trained network."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import yaml

from amber.checks import checked_path, positive_integer
from amber.data.dataset import Dataset
from amber.errors import ConfigError, RunFailed
from amber.experiment.console_reporter import default_reporter
from amber.experiment.experiment import Experiment
from amber.experiment.reporter import Reporter
from amber.experiment.run_files.recorded import BEST_MODEL
from amber.experiment.running import ExperimentResult, run
from amber.files.strict_json import read_json
from amber.starting.writing import start
from amber.types import JsonObject
from amber.wording import shown

if TYPE_CHECKING:
    from amber.architect import ModelSpace
    from amber.experiment.explaining import ExplainSettings, Explanation
    from amber.experiment.trained.model import TrainedModel
    from amber.search import SearchResult

Batches: TypeAlias = "Iterable[tuple[Any, Any]] | Callable[[], Iterable[tuple[Any, Any]]]"
Data: TypeAlias = "Dataset | str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | tuple[Any, Any] | Batches"
"""A Dataset; files as `amber init` takes them; a pair of inputs and labels; or batches of such pairs."""

CONFIGURATION = "search.yaml"


@dataclass(frozen=True, repr=False)
class Found:
    """The result of a search, with the files of its run.

    Attributes:
        run_directory: folder of results; every command reads it.
        result: result of the experiment.
    """

    run_directory: Path
    result: ExperimentResult

    def __repr__(self) -> str:
        return f"Found({str(self.run_directory)!r}, {self.trials})"

    def _repr_html_(self) -> str:
        """Return the best trials as a table for notebooks."""
        shown = f"<p>{escape(str(self.run_directory))}</p>"
        return shown if self.trials is None else shown + self.trials._repr_html_()

    @property
    def trials(self) -> SearchResult | None:
        """All proposals, ranked; None if the run was finished already."""
        return self.result.search

    @cached_property
    def best_model(self) -> TrainedModel:
        """The best network: `predict`, `explain` and `variants` take sequences as text; `network` is the Keras model.

        Raises:
            RunFailed: the search was interrupted before there was one.

        Example:
            ```
            found.best_model.predict(["ACGT..."])
            found.best_model.network.summary()
            ```
        """
        self._check_finished()
        from amber.experiment.trained.model import load

        return load(self.run_directory)

    def evaluate(self) -> JsonObject:
        """Return the scores at the test by output, each with its 95 % interval, and the differences from baselines.

        The test data were used once, at the end of the search; they are not used again.

        Raises:
            RunFailed: the search was interrupted before there were any.

        Example:
            ```
            found.evaluate()["output"]["scores"]["auroc"]  # value, low, high
            ```
        """
        self._check_finished()
        record: JsonObject = read_json(self.run_directory / "test.json", what="the scores of a run")
        evaluation: JsonObject = record["evaluation"]
        return evaluation

    def explain(
        self, folder: str | os.PathLike[str] | None = None, settings: ExplainSettings | None = None
    ) -> Explanation:
        """Find and name the motifs that the best network reads, as `amber explain` does.

        Args:
            folder: created where it is missing; None: `explain` in the run directory.
            settings: settings of the explanation; None: the defaults.

        Raises:
            AmberError: as `amber.experiment.explaining.explain_run` raises them.

        Example:
            ```
            found.explain().paths  # explain.html, motifs.meme, ...
            ```
        """
        self._check_finished()
        from amber.experiment.explaining import ExplainSettings, explain_run

        return explain_run(
            self.run_directory, Path(folder or self.run_directory / "explain"), settings or ExplainSettings()
        )

    def report(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write the search as one HTML page, and return its path; None: `report.html` in the run directory.

        Example:
            ```
            webbrowser.open(found.report().as_uri())
            ```
        """
        from amber.experiment.report_contents import gather
        from amber.files.output import write_text
        from amber.report import render_report

        target = Path(path or self.run_directory / "report.html")
        write_text(target, render_report(gather(self.run_directory)))
        return target

    def _check_finished(self) -> None:
        if not (self.run_directory / BEST_MODEL).is_file():
            raise RunFailed(
                f"{self.run_directory}: expected a finished search. Received: one that was interrupted; "
                "call again with resume=True"
            )


def search(
    data: Data,
    space: ModelSpace | str = "auto",
    budget: int | None = None,
    *,
    label: str | None = None,
    genome: str | os.PathLike[str] | None = None,
    run_directory: str | os.PathLike[str] | None = None,
    sections: Mapping[str, Any] | None = None,
    reporter: Reporter | None = None,
    **options: Any,
) -> Found:
    """Search for a network for data, train it, and test it once beside a linear model.

    `amber.search(...)` is this function.

    Args:
        data: a Dataset; or files (a table, FASTA files, one for each class, intervals with `genome`, or arrays) as
            `amber init` takes them; or `(x, y)`: sequences as text or arrays, and labels; or batches of such pairs: a
            `keras.utils.PyDataset`, `tf.data`, a `DataLoader` of torch, or a function that returns a generator.
        space: what may be built: a ModelSpace, or the name of a preset; `auto` chooses by the data.
        budget: number of networks to train; None: follows from data and space.
        label: column of a table to predict; None: guessed.
        genome: FASTA file of the genome that intervals are on.
        run_directory: folder of results; None: `runs/` and the name of the data.
        sections: sections of a configuration that do not follow from the data: `training`, `search`, `final`, ...; with
            files, they take precedence over what was guessed.
        reporter: receives progress; None: it is shown on a terminal and in a notebook, and elsewhere goes to the log
            `amber.experiment`.
        **options: those of `amber.experiment.RunOptions`, such as `seed`, `overwrite`, `resume`.

    Returns:
        What was found.

    Raises:
        AmberError: data, settings or files that cannot be used; nothing was trained.
        RunFailed: nothing could be trained.

    Example:
        ```
        found = amber.search(["bound.fa", "free.fa"], budget=20)
        found.best_model.predict(["ACGT..."])
        ```
    """
    reporter = default_reporter() if reporter is None else reporter
    reporter.say("Reading the data")
    if budget is not None:
        _check_said_once("budget", "trials", options, sections)
        options["trials"] = positive_integer(budget, "budget")
    if sections is not None and not isinstance(sections, Mapping):
        raise ConfigError(f"`sections` must be a dictionary of sections. Received: {shown(sections)}")
    if not isinstance(data, (Dataset, str, os.PathLike, list, tuple)):
        from amber.backend.given_batches import arrays_of_batches, is_given_in_batches  # loads Keras

        data = arrays_of_batches(data, "data") if is_given_in_batches(data) else data
    if _is_pair(data):
        from amber.data.from_arrays import dataset_from_arrays

        x, y = data
        data = dataset_from_arrays(x, y)
    if isinstance(data, Dataset):
        if label is not None or genome is not None:
            raise ConfigError("`label` and `genome` are for files. Received: data in memory")
        folder = Path("runs") / data.name if run_directory is None else checked_path(run_directory, "run_directory")
        experiment = Experiment.from_objects(data, space, run_directory=folder, sections=sections, **options)
    else:
        experiment = _of_files(_paths(data), space, label, genome, run_directory, sections, options)
    directory = experiment.run_directory.absolute()
    return Found(directory, run(experiment, reporter))


def _of_files(
    files: Sequence[Path],
    space: ModelSpace | str,
    label: str | None,
    genome: str | os.PathLike[str] | None,
    run_directory: str | os.PathLike[str] | None,
    sections: Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> Experiment:
    """Inspect files as `amber init` does, and resolve what it proposes."""
    with tempfile.TemporaryDirectory() as folder:
        started = start(
            files, Path(folder) / CONFIGURATION, genome=None if genome is None else Path(genome), label=label
        )
        proposed = yaml.safe_load(started.path.read_text(encoding="utf-8"))
        if started.written:
            raise ConfigError(
                f"{files[0]}: expected examples of two classes; `amber init` makes negatives and writes them "
                "beside its configuration. Received: one file of positives"
            )
    merged = {**proposed, **(sections or {})}
    if space != "auto":
        merged["model_space"] = {"preset": space} if isinstance(space, str) else space
    chosen = dict(options)
    if run_directory is not None:
        chosen["run_directory"] = run_directory
    return Experiment.from_dict(merged, folder=Path.cwd(), **chosen)


def _check_said_once(argument: str, key: str, options: Mapping[str, Any], sections: Mapping[str, Any] | None) -> None:
    """Check that what an argument says is not said elsewhere too."""
    search = sections.get("search") if isinstance(sections, Mapping) else None
    if key in options or (isinstance(search, Mapping) and key in search):
        elsewhere = f"`{key}`" if key in options else f"sections['search']['{key}']"
        raise ConfigError(f"`{argument}` and {elsewhere} say the same: expected one of them. Received: both")


def _is_pair(data: object) -> TypeGuard[tuple[Any, Any]]:
    paths = (str, os.PathLike)
    return isinstance(data, tuple) and len(data) == 2 and not all(isinstance(each, paths) for each in data)


def _paths(data: object) -> list[Path]:
    given = [data] if isinstance(data, (str, os.PathLike)) else data
    if not isinstance(given, Sequence) or not given or not all(isinstance(each, (str, os.PathLike)) for each in given):
        raise ConfigError(
            f"`data` must be a Dataset, the path of a file, several paths, (x, y), or batches of such pairs. "
            f"Received: {shown(data)}"
        )
    return [Path(os.path.expanduser(each)).absolute() for each in given]

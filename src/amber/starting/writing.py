"""Inspect files, and write a configuration for them that runs as it is."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from amber.backend import interrupts
from amber.display import one_line
from amber.errors import ConfigError, DataError
from amber.experiment.before_keras.checks import check_before_keras
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.data import load_data
from amber.experiment.defaults import chosen_settings, facts_of
from amber.experiment.presets import preset_of, with_preset
from amber.experiment.task_settings import for_task
from amber.experiment.task_spec import TaskSpec
from amber.files import write_whole
from amber.presets import PRESETS
from amber.starting.anndata import propose_anndata
from amber.starting.arrays import propose_arrays
from amber.starting.budget import budget
from amber.starting.fasta import propose_fasta
from amber.starting.intervals import propose_intervals
from amber.starting.kinds import kind_of
from amber.starting.proposal import Line, Proposal, SplitOption
from amber.starting.tables import propose_parquet, propose_table

if TYPE_CHECKING:
    from amber.data import Dataset, Target

_WIDTH = 110
_LEAST_PART = 0.03
_OF_TARGETS = ("label", "labels", "outputs")
_SAID = {
    "epochs": "passes over the training data, at most",
    "batch_size": "examples per step",
    "patience": "epochs without improvement before training stops",
    "learning_rate": "at the beginning",
    "schedule": "the learning rate falls to 0; or: constant",
    "warm_up": "share of the updates in which the learning rate rises first",
    "recalibrate": "batch-norm statistics are re-estimated at the end",
    "metric": "what the search compares, on validation data",
    "ensemble": "networks trained of the best architecture; the model is their mean",
    "linear_term": "the best model may include a linear model, where validation data favour it",
}


@dataclass(frozen=True)
class Started:
    """What `start` wrote.

    Attributes:
        path: the configuration.
        written: other files that were made.
    """

    path: Path
    written: tuple[Path, ...]
    __repr__ = one_line


def start(
    files: Sequence[Path],
    output: Path,
    *,
    genome: Path | None = None,
    label: str | None = None,
    say: Callable[[str, str], None] = lambda head, text: None,
) -> Started:
    """Write a configuration for files.

    Args:
        files: a table, also Parquet; FASTA, one for each class; intervals, with a genome, and bigWig files of signals
            to predict; arrays, also Zarr; or AnnData.
        output: the configuration; must not exist.
        genome: FASTA of the genome that intervals are on.
        label: the column to predict, or several with commas between them; None: guessed.
        say: called with a heading and a sentence for each thing that was seen or chosen.

    Returns:
        What was written.

    Raises:
        ConfigError: the configuration exists, or files that do not go together.
        DataError: a file that cannot be used.
    """
    if output.exists():
        raise ConfigError(f"{output}: expected a new file, as nothing is overwritten; choose another name with -o")
    if not output.parent.is_dir():
        raise ConfigError(f"{output}: expected an existing folder. Received: {output.parent}")
    proposal = _proposal(files, output.parent.resolve(), genome, label)
    with _made(proposal):
        for head, text in proposal.seen:
            say(head, text)
        text = _written(proposal, output, say)
        write_whole(output, text)
    return Started(output, tuple(proposal.made))


@contextlib.contextmanager
def _made(proposal: Proposal) -> Iterator[None]:
    """Make the files that a configuration reads; they go again where the block, which writes it, is broken off."""

    def remove() -> None:
        for each in proposal.made:
            each.unlink(missing_ok=True)

    with interrupts.before_hard_end(remove):
        try:
            for path, text in proposal.made.items():
                write_whole(path, text)
            yield
        except BaseException:
            remove()
            raise


def _proposal(files: Sequence[Path], folder: Path, genome: Path | None, label: str | None) -> Proposal:
    kinds = {path: kind_of(path) for path in files}
    signals = [path for path in files if kinds[path] == "bigwig"]
    if signals and len(signals) < len(files):
        files = [path for path in files if path not in signals]
        kinds = {path: kinds[path] for path in files}
    kind = kinds[files[0]]
    if len(set(kinds.values())) > 1:
        received = ", ".join(f"{path.name} ({each})" for path, each in kinds.items())
        raise ConfigError(f"Expected files of one kind; give the genome with --genome. Received: {received}")
    if kind == "bigwig":
        raise ConfigError(
            f"A bigWig file can only be read beside intervals: name these too, and --genome. Received: {files[0]}"
        )
    if (genome is not None) != (kind == "intervals"):
        wanted = "--genome with the FASTA of the genome" if genome is None else "no --genome beside it"
        raise ConfigError(f"{files[0]} holds {kind}: expected {wanted}.")
    if signals and kind != "intervals":
        raise ConfigError(f"A bigWig file needs intervals beside it. Received: {files[0].name} ({kind})")
    if kind not in ("fasta", "intervals") and len(files) > 1:
        raise ConfigError(f"Expected one {kind}; join the files first. Received: {len(files)} files")
    if kind == "table":
        return propose_table(files[0], folder, label)
    if kind == "parquet":
        return propose_parquet(files[0], folder, label)
    if kind in ("arrays", "zarr"):
        return propose_arrays(files[0], folder, label, kind)
    if kind == "anndata":
        return propose_anndata(files[0], folder, label)
    if kind == "fasta":
        return propose_fasta(files, folder)
    if genome is None:
        raise ConfigError(f"{files[0]} holds intervals: expected --genome.")
    return propose_intervals(files, genome, folder, label, signals)


def _written(proposal: Proposal, output: Path, say: Callable[[str, str], None]) -> str:
    loaded, dataset, split = _loaded(proposal, output)
    task = TaskSpec.of(dataset)
    for line in proposal.data:
        if line.key in _OF_TARGETS:
            say("Label", f"{_flow(line.value)}: {line.said}")
    for target in dataset.targets:
        say("Task", f"{target.name}: {target.describe()}{_positive(target)}")
    parts = ", ".join(f"{count:,} {part}" for part, count in dataset.sizes.items())
    say("Split", f"{parts}: {split.said}")
    for note in dataset.notes:
        say("Note", note)
    _check_one_output(dataset)
    preset = preset_of(loaded, dataset)
    expanded = with_preset(loaded, dataset)
    check_before_keras(for_task(expanded, task), task)
    facts = facts_of(expanded, dataset)
    settings = chosen_settings(facts)
    training, final = settings["training"], settings["final"]
    times = int(str(final["epochs"])) * int(str(final["ensemble"]))
    found = budget(
        facts.examples, facts.megaflops, int(str(training["epochs"])), int(str(training["batch_size"])), times
    )
    minutes = max(1, round(found.minutes))
    time = f"{minutes} minute{'s' * (minutes > 1)}"
    said = f"about {time} while nothing else runs here, less if training stops early"
    say("Space", f"preset {preset}: {_first_line(preset)}")
    say("Budget", f"{found.trials} architectures of up to {training['epochs']} epochs: {said}")
    lines = [
        "# Written by `amber init`. Change what is marked as a guess where you know better.",
        f"#   amber search {output.name}",
        f"name: {proposal.name}",
        "seed: 0",
        "",
        *_data(proposal.data, dataset, split),
        "",
        f"# guess: {_first_line(preset)}",
        f"# Others: auto, {', '.join(name for name in PRESETS.names() if name != preset)}",
        f"# All layers: amber describe {output.name} --space",
        "model_space:",
        f"  preset: {preset}",
        "",
        f"# guess: for {facts.examples:,} training examples and networks of some {facts.megaflops:.2g} million FLOPs.",
        *_section("training", training),
        "",
        "search:",
        f"  trials: {found.trials}  # guess: {said}",
        *_section("search", settings["search"])[1:],
        "",
        *_section("final", final),
    ]
    text = "\n".join(lines) + "\n"
    config_from_text(text, str(output))
    return text


def _positive(target: Target) -> str:
    """Return which of two classes is explained."""
    if target.classes is None or len(target.classes) != 2:
        return ""
    return f"; {target.classes[1]} is the positive one, which `amber explain` explains"


def _check_one_output(dataset: Dataset) -> None:
    """Check that there is a preset for the outputs: each has one, of one kind."""
    if len(dataset.targets) > 1:
        found = ", ".join(f"{each.name} ({each.describe().removesuffix(' (guessed)')})" for each in dataset.targets)
        raise ConfigError(
            "--label: no model space is proposed for outputs of several kinds. Name one column, or several that all "
            "hold 0 and 1, or all numbers; or write `outputs` and layers by hand, with builder: {type: multi_io}, as "
            f"examples/multi_output.yaml does. Received: {found}"
        )


def _loaded(proposal: Proposal, output: Path) -> tuple[Configuration, Dataset, SplitOption]:
    """Return the configuration with the first split that the data allow, and the data."""
    for place, split in enumerate(proposal.splits):
        data = {**{line.key: line.value for line in proposal.data if not line.commented}, "split": split.value}
        text = yaml.safe_dump({"name": proposal.name, "data": data}, sort_keys=False, allow_unicode=True)
        loaded = _unwritten(config_from_text(text, str(output)))
        last = place + 1 == len(proposal.splits)
        try:
            dataset = load_data(loaded)
        except ConfigError as error:
            if last or "split" not in error.field:
                raise DataError(_without_place(error)) from error
            continue
        sizes = dataset.sizes
        if last or split.value not in ("similarity",) or min(sizes.values()) >= _LEAST_PART * sum(sizes.values()):
            return loaded, dataset, split
    raise DataError("Expected a way to divide the examples. Received: none")


def _unwritten(loaded: Configuration) -> Configuration:
    """Return a configuration that is not a file yet, so that messages name no line of it."""
    folder = str(loaded.document.folder_of_paths())
    return replace(loaded, document=replace(loaded.document, folder=folder, is_file=False))


def _without_place(error: ConfigError) -> str:
    """Return what an error says without the place in a configuration that is not there: its cause, which has none."""
    return str(error.__cause__ or error)


def _data(lines: Sequence[Line], dataset: Dataset, split: SplitOption) -> list[str]:
    found = ["data:"]
    for line in lines:
        found += _entry(line)
    several = any(line.key in ("labels", "outputs") or isinstance(line.value, list) for line in lines)
    if not several and len(dataset.targets) == 1 and not any(line.key == "task" for line in lines):
        (target,) = dataset.targets
        task = "regression" if target.classes is None else "classification"
        found += _entry(Line("task", task, target.describe().removesuffix(" (guessed)")))
    sizes = ", ".join(f"{count:,} {part}" for part, count in dataset.sizes.items())
    return [*found, *_entry(Line("split", split.value, f"{split.said}. {sizes}"))]


def _entry(line: Line) -> list[str]:
    text = f"  {line.key}: {_flow(line.value)}"
    if line.commented:
        return [f"  # {line.said}:", f"  #{text[1:]}"]
    said = f"{'guess: ' if line.guess else ''}{line.said}"
    if not line.said:
        return [text]
    if len(text) + len(said) + 4 <= _WIDTH:
        return [f"{text}  # {said}"]
    return [*textwrap.wrap(said, _WIDTH - 4, initial_indent="  # ", subsequent_indent="  # "), text]


def _section(name: str, values: Mapping[str, Any]) -> list[str]:
    found = [f"{name}:"]
    for key, value in values.items():
        said = _SAID.get(key, "")
        found.append(f"  {key}: {_flow(value)}{f'  # guess: {said}' if said else ''}")
    return found


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("...\n").strip()


def _first_line(preset: str) -> str:
    """Return the first line of a preset's description."""
    said = (PRESETS.get(preset).__doc__ or preset).strip().splitlines()[0]
    return said.removeprefix("Return ").rstrip(".")

"""Summarise what was understood before a search begins: the task, the data, and what it runs on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.sections import DaskSection
from amber.experiment.task_spec import TaskSpec

if TYPE_CHECKING:
    from amber.backend.threads import ThreadChoice
    from amber.data import Dataset


def understood(loaded: Configuration, dataset: Dataset, threads: ThreadChoice | None = None) -> Iterator[str]:
    """Return three lines, and one for each further thing that was guessed, left out or changed with the data.

    The last of the three needs Keras, which takes seconds to load; the others are there at once.

    Args:
        loaded: the configuration.
        dataset: what it names.
        threads: those of this process; None: as many as they are.
    """
    yield _line("Task", "; ".join(f"{target.name}: {target.describe()}" for target in dataset.targets))
    yield _line("Data", _data(dataset))
    yield _line("Runs on", _machine(loaded, threads))
    for note in dataset.notes:
        yield _line("Note", note)


def describe_space(loaded: Configuration, sizes: Sequence[int]) -> str:
    """Return a line of what may be built.

    Args:
        loaded: the configuration.
        sizes: how many values each token has.
    """
    number = math.prod(sizes)
    architectures = f"{number:,}" if number < 10**7 else f"about {Decimal(number):.1e}"
    guessed = "" if loaded.document.data.get("builder") else " (guessed)"
    preset = f"preset {loaded.preset}: " if loaded.preset else ""
    said = f"{preset}{len(loaded.space)} layers, {len(sizes)} tokens, {architectures} architectures"
    return _line("Space", f"{said}; builder {loaded.builder_type}{guessed}")


def _line(head: str, text: str) -> str:
    return f"{head:<9}{text}"


def _data(dataset: Dataset) -> str:
    """Return the file, the examples of each part and where the split comes from."""
    parts = ", ".join(f"{count:,} {part}" for part, count in dataset.sizes.items())
    shapes = {name: " x ".join(map(str, shape)) for name, shape in TaskSpec.of(dataset).inputs.items()}
    each = " + ".join(f"{name} {shape}" for name, shape in shapes.items()) if len(shapes) > 1 else shapes.popitem()[1]
    path = f" ({dataset.path})" if dataset.path is not None else ""
    return f"{dataset.name}{path}: {parts} examples of {each}; split: {dataset.split_origin or dataset.split}"


def _machine(loaded: Configuration, threads: ThreadChoice | None) -> str:
    """Return the backend and why it is that one, devices, threads and workers."""
    from amber.backend import choice
    from amber.search.best import software_versions

    chosen = choice()
    versions = software_versions()
    reason = f"{'guessed: ' if chosen.guessed else ''}{chosen.reason}"
    return f"{chosen.name} {versions['backend_version']} ({reason}), {', '.join(_resources(loaded, threads))}"


def _resources(loaded: Configuration, threads: ThreadChoice | None) -> Iterator[str]:
    from amber.backend.hardware import accelerators, threads_in_use

    search = loaded.config.search
    found = accelerators()
    given = " ".join(search.devices) if search.devices else ""
    yield f"GPUs {given}" if given else (", ".join(found) or "CPU")
    if search.executor == "in_process":
        used = _count(threads_in_use(), "thread")
        yield used if threads is None else f"{used} ({threads.reason})"
        yield "1 worker (this process)"
        return
    if search.strategy == "one_shot":
        yield f"shared weights in this process ({_count(threads_in_use(), 'thread')})"
    yield f"{_count(search.threads or 1, 'thread')} each"
    if isinstance(search.executor, DaskSection):
        yield f"{_count(search.workers, 'worker') if search.workers else 'all workers'} of {search.executor.dask}"
    else:
        default = "" if search.workers else " (default)"
        yield f"{_count(search.workers or 2, 'worker process', 'worker processes')}{default}"


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or f'{one}s'}"

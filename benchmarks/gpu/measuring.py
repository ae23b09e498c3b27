"""A part of the measurements: functions by name that run in turn, in a process of their own, until its time ends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.results import Row

# Of a message of an error, as a reason.
_LETTERS = 300


@dataclass(frozen=True)
class Skipped:
    """What was not measured, and why."""

    what: str
    why: str


Found = list[Row | Skipped]


@dataclass(frozen=True)
class Measurement:
    """A function that measures, and what it measures."""

    what: str
    run: Callable[[], Found]


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        batches: sizes of a batch.
        steps: batches of a timed round of training.
        repeats: rounds.
        width: of the network of 919 labels, as a factor.
        supernet_steps: batches of an epoch of the dense and of the convolutional supernet.
        supernet_batches: their sizes.
        children: which train alone beside a supernet.
        rows: examples of `many` architectures.
        many: architectures at once, beside one.
        windows: examples fed from files.
        feeding_batch: their batch.
        bases: of the genome they are of.
        candidates: how many candidates of a search train at once.
        counted: candidates that are counted; as many as train at once come before, and after.
        searched: examples of the search.
    """

    batches: tuple[int, ...] = (128, 1024, 32, 512)
    steps: int = 20
    repeats: int = 5
    width: float = 1.0
    supernet_steps: tuple[int, int] = (40, 10)
    supernet_batches: tuple[int, int] = (256, 128)
    children: int = 4
    rows: int = 4096
    many: int = 256
    windows: int = 32_768
    feeding_batch: int = 512
    bases: int = 40_000_000
    candidates: tuple[int, ...] = (1, 4, 8)
    counted: int = 12
    searched: int = 128 * 40


# Shows on a CPU that everything runs; its numbers say nothing.
TINY = Sizes(
    batches=(4, 8),
    steps=2,
    repeats=1,
    width=0.02,
    supernet_steps=(2, 1),
    supernet_batches=(32, 8),
    children=2,
    rows=64,
    many=4,
    windows=64,
    feeding_batch=16,
    bases=40_000,
    candidates=(1, 2),
    counted=2,
    searched=32,
)


@dataclass(frozen=True)
class Clock:
    """When the time of a part ends.

    Attributes:
        end: as `time.time` counts.
    """

    end: float

    @property
    def left(self) -> float:
        """Seconds until then."""
        return self.end - time.time()


def measure(measurements: Sequence[Measurement], record: Path) -> None:
    """Runs the measurements in turn; each is written as it ends, so that nothing is lost where a later one is ended."""
    with record.open("a", encoding="utf-8") as stream:

        def write(event: dict[str, Any]) -> None:
            stream.write(json.dumps(event) + "\n")
            stream.flush()

        write({"planned": [each.what for each in measurements]})
        for each in measurements:
            write({"begun": each.what})
            try:
                found = each.run()
            except Exception as error:
                found = [Skipped(each.what, in_words(error))]
            for one in found:
                write({"skipped" if isinstance(one, Skipped) else "row": asdict(one)})
            write({"ended": each.what})


def in_words(error: BaseException) -> str:
    """Returns the kind of an error and the first line that it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'nothing said'}"[:_LETTERS]


def read(record: Path, why: str) -> tuple[list[Row], list[Skipped]]:
    """Returns what a part has found; what it planned and did not end is skipped, for a reason that is given."""
    rows: list[Row] = []
    skipped: list[Skipped] = []
    planned: list[str] = []
    begun, ended = set(), set()
    for event in _events(record):
        planned += event.get("planned", [])
        begun.add(event.get("begun"))
        ended.add(event.get("ended"))
        if "row" in event:
            rows.append(Row(**event["row"]))
        if "skipped" in event:
            skipped.append(Skipped(**event["skipped"]))
    for what in planned:
        if what not in ended:
            skipped.append(Skipped(what, f"{why}{' while it ran' if what in begun else ''}"))
    return rows, skipped


def _events(record: Path) -> Iterator[dict[str, Any]]:
    lines = record.read_text("utf-8").splitlines() if record.exists() else []
    for line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            # The process was ended while it wrote its last line.
            return

"""Reading and training from files: speed beside a hand-written loop, speed beside memory, and resident memory.

Run as `python -m benchmarks.data [--windows N] [--only NAME ...]`; `make bench-data` does. Everything is simulated: a
genome of random bases on disk, windows at random places. Only ratios within one run hold on a machine that is shared.
`--only crested` compares with CREsted's loader, where that is installed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from amber.data.batches.streamed import PackedLabels, streamed_inputs
from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.coding import SequenceForm, coded_sequences
from amber.data.examples import Examples, Places
from amber.data.genomics import Genome, Windows
from amber.data.sources.windows_on_genome import GenomeWindows
from benchmarks.crested_loader import beside_crested
from benchmarks.results import Row, show
from benchmarks.timing import alternate, alternate_clocks, ratio

_LENGTH, _BATCH, _LABELS = 1000, 128, 919
_GENOME_BASES, _CHROMOSOMES = 40_000_000, 4
_LINE = 80
# How often a worker reads its windows, so that being asked counts for little.
_TIMES_READ = 3
_SHARE_OF_MEMORY_SPEED, _TWO_WORKERS = 0.95, 1.8
_LOADED_SEQUENCES, _LOADING_SECONDS, _LOADING_GB = 200_000, 10.0, 0.9
_EPOCH_MIB = 600.0


def write_genome(folder: Path, bases: int = _GENOME_BASES, seed: int = 0) -> Path:
    """Write a genome of random bases in lines of 80, and return its path."""
    rng, path = np.random.default_rng(seed), folder / "genome.fa"
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with path.open("wb") as stream:
        for chromosome in range(_CHROMOSOMES):
            stream.write(f">chr{chromosome + 1}\n".encode())
            count = bases // _CHROMOSOMES // _LINE
            lines = np.full((count, _LINE + 1), ord("\n"), dtype=np.uint8)
            lines[:, :_LINE] = letters[rng.integers(0, 4, (count, _LINE), dtype=np.uint8)]
            stream.write(lines.tobytes())
    return path


def random_windows(genome: Genome, count: int, length: int = _LENGTH) -> GenomeWindows:
    """Return windows at random places."""
    rng = np.random.default_rng(1)
    names = np.array(list(genome.lengths), dtype=object)
    chromosome = names[rng.integers(0, len(names), count)]
    start = rng.integers(0, min(genome.lengths.values()) - length, count)
    numbers = np.arange(count)
    windows = Windows(chromosome, start, start + length, np.full(count, "+"), numbers)
    places = Places.in_file("simulated.bed", numbers)
    return GenomeWindows(genome, windows, {}, places, Alphabet.of("dna"))


def by_hand(path: Path, examples: GenomeWindows) -> Callable[[], list[np.ndarray]]:
    """Return a loop as one writes it with pysam: fetch, look up, stack; the last batch is kept."""
    import pysam

    table = np.zeros((256, 4), dtype=np.float32)
    table[list(b"ACGT")] = np.eye(4, dtype=np.float32)
    table[list(b"acgt")] = np.eye(4, dtype=np.float32)
    rows = list(zip(examples.windows.chromosome, examples.windows.start.tolist(), strict=True))

    def read() -> list[np.ndarray]:
        last = []
        with pysam.FastaFile(str(path)) as fasta:
            for first in range(0, len(rows), _BATCH):
                batch = [
                    table[np.frombuffer(fasta.fetch(name, start, start + _LENGTH).encode(), dtype=np.uint8)]
                    for name, start in rows[first : first + _BATCH]
                ]
                last = [np.stack(batch)]
        return last

    return read


def reading(windows: int) -> list[Row]:
    """Windows of 1,000 bp, one-hot, in batches of 128: beside a loop with pysam, and with two workers."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_genome(Path(folder))
        rows = []
        for kind, held in (("held in memory", 256.0), ("read from the file", 0.0)):
            examples = random_windows(Genome(path, memory=held), windows)
            runs = {
                "amber": lambda examples=examples: _read(examples, 1),
                "two": lambda examples=examples: _read(examples, 2),
                "hand": by_hand(path, examples),
            }
            wall, processor = alternate_clocks(runs, 5)
            what = f"reading windows of {_LENGTH} bp, genome {kind}"
            rate = windows / float(np.median(processor["amber"]))
            beside, details = ratio(processor, "amber", "hand"), {"windows/CPU s": rate}
            rows.append(Row(f"{what}: beside a pysam loop, by CPU seconds", "-", beside, "x", 1.0, details=details))
            rows.append(Row(f"{what}: beside a pysam loop", "-", ratio(wall, "amber", "hand"), "x", 1.0))
            rows.append(Row(f"{what}: two threads beside one", "-", ratio(wall, "two", "amber"), "x"))
            rows += _two_workers(what, examples)
    return rows


def _two_workers(what: str, examples: GenomeWindows) -> list[Row]:
    """Two processes that read half of the windows each, beside one that reads all."""
    count = len(examples)
    halves = [(0, count // 2), (count // 2, count)]
    with ProcessPoolExecutor(2, initializer=_hold, initargs=(examples,)) as pool:
        used: dict[str, list[float]] = {"one": [], "two": []}
        runs = {
            "one": lambda: used["one"].append(pool.submit(_read_part, 0, count).result()),
            "two": lambda: used["two"].append(max(pool.map(_read_part, *zip(*halves, strict=True)))),
        }
        wall = alternate(runs, 5)
    processor = float(np.median(used["one"]) / np.median(used["two"]))
    return [
        Row(f"{what}: two workers beside one", "-", ratio(wall, "two", "one"), "x", _TWO_WORKERS),
        Row(f"{what}: two workers beside one, by the CPU seconds of the slower", "-", processor, "x", _TWO_WORKERS),
    ]


_HELD: list[GenomeWindows] = []


def _hold(examples: GenomeWindows) -> None:
    _HELD[:] = [examples]
    _read_part(0, _BATCH)


def _read_part(first: int, last: int) -> float:
    """Read windows several times, and return the CPU seconds that it took."""
    started = time.process_time()
    x = streamed_inputs(_HELD[0], np.arange(first, last))["sequence"]
    for _ in range(_TIMES_READ):
        for start in range(0, last - first, _BATCH):
            x[start : start + _BATCH]
    return time.process_time() - started


def _read(examples: Examples, workers: int) -> None:
    x = streamed_inputs(examples, np.arange(len(examples)))["sequence"]
    batches = [slice(first, first + _BATCH) for first in range(0, len(examples), _BATCH)]
    if workers == 1:
        for batch in batches:
            x[batch]
    else:
        with ThreadPoolExecutor(workers) as pool:
            # What was read is let go of at once, as with one.
            for _ in pool.map(lambda batch: x[batch].shape, batches):
                pass


def training(windows: int) -> list[Row]:
    """The 12-layer network, trained from windows on disk beside the same arrays in memory."""
    import keras

    from amber.training.settings import FitSettings
    from amber.training.train import train_model
    from benchmarks.networks import RESIDUAL_INPUT, residual_builder

    count = max(windows // 4, 4 * _BATCH)
    with tempfile.TemporaryDirectory() as folder:
        examples = random_windows(Genome(write_genome(Path(folder))), count, RESIDUAL_INPUT[0])
        streamed = streamed_inputs(examples, np.arange(count))["sequence"]
        y = np.random.default_rng(2).integers(0, 3, count)
        builder, held = residual_builder(), np.array(streamed[slice(None)])
        tokens = builder.layout.sample(np.random.default_rng(0))
        settings = FitSettings("loss", "minimize", 1, _BATCH)

        def run(features: Any) -> None:
            train_model(lambda: builder(tokens), (features, y), None, settings, seed=0)

        wall, processor = alternate_clocks({"files": lambda: run(streamed), "memory": lambda: run(held)}, 3)
        rate = count / float(np.median(processor["files"]))
    what, backend = "12-layer network from FASTA and windows on disk: beside memory", keras.config.backend()
    beside, details = ratio(processor, "files", "memory"), {"samples/CPU s": rate}
    return [
        Row(f"{what}, by CPU seconds", backend, beside, "x", _SHARE_OF_MEMORY_SPEED, details=details),
        Row(what, backend, ratio(wall, "files", "memory"), "x", _SHARE_OF_MEMORY_SPEED),
    ]


def memory(windows: int) -> list[Row]:
    """One epoch of a small network on windows with 919 labels: the most memory above a run without them."""
    full, empty = (_child("epoch", count) for count in (windows, 0))
    peak = full["peak_mib"] - empty["peak_mib"]
    what = f"one epoch over {windows:,} windows of {_LENGTH} bp, {_LABELS} labels: memory above an empty run"
    return [Row(what, "torch", peak, "MiB", _EPOCH_MIB, at_least=False, details={"seconds": full["seconds"]})]


def loading(windows: int) -> list[Row]:
    """Sequences of 1,000 bp, as text, to codes that are held."""
    count = min(_LOADED_SEQUENCES, 10 * windows)
    found, empty = _child("load", count), _child("load", 0)
    what, scale = f"{count:,} sequences of {_LENGTH} bp held", count / _LOADED_SEQUENCES
    gigabytes = (found["peak_mib"] - empty["peak_mib"]) * 2**20 / 1e9
    return [
        Row(f"{what}: time", "-", found["seconds"], "s", _LOADING_SECONDS * scale, at_least=False),
        Row(f"{what}: CPU seconds", "-", found["processor"], "s", _LOADING_SECONDS * scale, at_least=False),
        Row(f"{what}: memory", "-", gigabytes, "GB", _LOADING_GB * scale, at_least=False),
    ]


def _child(what: str, count: int) -> dict[str, float]:
    """Run a part of a measurement in a process of its own, which says how long it took and its most memory."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.data", "--child", what, "--windows", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def epoch_in_this_process(windows: int) -> None:
    """Train a small network for one epoch on windows with bit-packed labels; of none, on a handful."""
    import keras

    from amber.backend.models import ChildModel
    from amber.training.settings import FitSettings
    from amber.training.train import train_model

    count = windows or _BATCH
    labels = np.random.default_rng(0).integers(0, 256, (count, -(-_LABELS // 8)), dtype=np.uint8)

    def build() -> keras.Model:
        sequence = keras.Input((_LENGTH, 4))
        hidden = keras.layers.Conv1D(4, 8, strides=4, activation="relu")(sequence)
        pooled = keras.layers.GlobalMaxPooling1D()(hidden)
        model = ChildModel(sequence, keras.layers.Dense(_LABELS, activation="sigmoid")(pooled))
        model.compile("adam", "binary_crossentropy")
        return model

    with tempfile.TemporaryDirectory() as folder:
        bases = _GENOME_BASES if windows else _GENOME_BASES // 100
        examples = random_windows(Genome(write_genome(Path(folder), bases)), count)
        x = streamed_inputs(examples, np.arange(count))["sequence"]
        settings = FitSettings("loss", "minimize", 1, _BATCH)
        train_model(build, (x, PackedLabels(labels, _LABELS)), None, settings, seed=0)


def load_in_this_process(count: int) -> None:
    """Turn a file of sequences into codes that are held."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sequences.txt"
        with path.open("w", encoding="ascii") as stream:
            stream.writelines(_random_lines(count))
        started, used = time.perf_counter(), time.process_time()
        with path.open(encoding="ascii") as stream:
            lines = list(stream)
        if lines:
            coded_sequences(lines, SequenceForm(), "line {}".format)
        _TIMES["loading"], _TIMES["processor"] = time.perf_counter() - started, time.process_time() - used


_TIMES: dict[str, float] = {}
CHILDREN = {"epoch": epoch_in_this_process, "load": load_in_this_process}
MEASUREMENTS = {"reading": reading, "loading": loading, "training": training, "memory": memory}
# Needs a package that AMBER does not.
OTHERS = {"crested": lambda windows: beside_crested(windows, write_genome, random_windows)}


def _random_lines(count: int) -> Iterator[str]:
    rng, letters = np.random.default_rng(0), np.frombuffer(b"ACGT", dtype=np.uint8)
    for _ in range(count):
        yield letters[rng.integers(0, 4, _LENGTH, dtype=np.uint8)].tobytes().decode("ascii") + "\n"


def main() -> None:
    """Run the measurements and print one table; or, as a child, one of its parts."""
    import resource

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=20_000, help="how many windows; 1000000 for the full size")
    parser.add_argument("--only", nargs="*", choices=sorted(MEASUREMENTS | OTHERS), default=list(MEASUREMENTS))
    parser.add_argument("--child", choices=sorted(CHILDREN), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        started = time.perf_counter()
        CHILDREN[given.child](given.windows)
        seconds = _TIMES.get("loading", time.perf_counter() - started)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        processor = _TIMES.get("processor", time.process_time())
        sys.stdout.write(json.dumps({"seconds": seconds, "processor": processor, "peak_mib": peak}) + "\n")
        return
    rows = [row for name in given.only for row in (MEASUREMENTS | OTHERS)[name](given.windows)]
    show(rows, Console())


if __name__ == "__main__":
    main()

"""Windows of a genome on disk, fed to a network on a card, beside the same examples in memory."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from amber.data.batches.streamed import PackedLabels, streamed_inputs
from amber.data.genomics import Genome
from amber.training.settings import FitSettings
from amber.training.train import train_model
from benchmarks.data import random_windows, write_genome
from benchmarks.gpu.measuring import Clock, Found, Measurement, Sizes
from benchmarks.networks import LABELS, labels_model
from benchmarks.results import Row
from benchmarks.timing import alternate, ratio

_GOAL = 0.95
# MiB of a genome that are held; 0: each window is read from the file.
_HELD = {"genome held in memory": 256.0, "genome read from the file": 0.0}


def feeding(sizes: Sizes, clock: Clock) -> list[Measurement]:
    """An epoch of the network of 919 labels from FASTA and intervals, beside one from arrays."""
    return [
        Measurement(f"fed from disk, {kind}", partial(_from_disk, sizes, kind, held)) for kind, held in _HELD.items()
    ]


def _from_disk(sizes: Sizes, kind: str, held: float) -> Found:
    count = sizes.windows
    labels = np.random.default_rng(0).integers(0, 2, (count, LABELS), dtype=np.uint8)
    settings = FitSettings("loss", "minimize", 1, sizes.feeding_batch)

    def run(x: Any, y: Any) -> None:
        train_model(partial(labels_model, sizes.width), (x, y), None, settings, seed=0)

    with tempfile.TemporaryDirectory() as folder:
        path = write_genome(Path(folder), sizes.bases)
        examples = random_windows(Genome(path, memory=held), count)
        x, packed = streamed_inputs(examples, np.arange(count))["sequence"], PackedLabels.of(labels)
        arrays = np.array(x[slice(None)]), labels.astype("float32")
        times = alternate({"disk": lambda: run(x, packed), "memory": lambda: run(*arrays)}, min(3, sizes.repeats))
    rate = {name: count / float(np.median(seconds)) for name, seconds in times.items()}
    what = f"1,000 bp x 919 labels, batch {sizes.feeding_batch}, {kind}"
    # A round builds the network too, on both sides.
    return [
        Row(f"{what}: fed from disk", "torch", rate["disk"], "samples/s", details={"seconds": times["disk"]}),
        Row(f"{what}: fed from memory", "torch", rate["memory"], "samples/s", details={"seconds": times["memory"]}),
        Row(f"{what}: from disk beside memory", "torch", ratio(times, "disk", "memory"), "x", _GOAL),
    ]

"""Reading windows beside the loader of CREsted, which AMBER does not need: `pip install crested` first.

Run as `python -m benchmarks.data --only crested`. Both give batches of one-hot windows and labels, in order; CREsted's
is what its `predict_dataloader` yields, with its sequences in memory as text, or read from the file each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from amber.data.batches.streamed import streamed_inputs
from amber.data.genomics import Genome
from amber.data.sources.windows_on_genome import GenomeWindows
from benchmarks.results import Row
from benchmarks.timing import alternate_clocks, ratio

_BATCH = 128
_BESIDE = 2.0


def beside_crested(
    windows: int,
    write_genome: Callable[[Path], Path],
    random_windows: Callable[[Genome, int], GenomeWindows],
) -> list[Row]:
    """Windows of a simulated genome, one-hot, in batches of 128, with a label each."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = write_genome(Path(folder))
        for kind, memory, in_memory in (("held in memory", 256.0, True), ("read from the file", 0.0, False)):
            examples = random_windows(Genome(path, memory=memory), windows)
            labels = np.arange(windows, dtype=np.float32) % 2
            theirs = _loader(path, examples, labels, in_memory)
            _check_alike(examples, theirs)
            runs = {
                "amber": lambda examples=examples, labels=labels: _read(examples, labels),
                "crested": lambda theirs=theirs: [None for _ in theirs],
            }
            wall, processor = alternate_clocks(runs, 3)
            what = f"reading windows of 1000 bp, {kind}: beside CREsted's loader"
            rate = windows / float(np.median(processor["crested"]))
            beside, details = ratio(processor, "amber", "crested"), {"CREsted: windows/CPU s": rate}
            rows.append(Row(f"{what}, by CPU seconds", "torch", beside, "x", _BESIDE, details=details))
            rows.append(Row(what, "torch", ratio(wall, "amber", "crested"), "x", _BESIDE))
    return rows


def _loader(path: Path, examples: GenomeWindows, labels: np.ndarray, in_memory: bool) -> Any:
    """Return CREsted's loader of the same windows, in the same order."""
    import anndata
    import crested
    import pandas
    from crested.tl.data import AnnDataWrapper

    places = zip(examples.windows.chromosome, examples.windows.start, examples.windows.end, strict=True)
    names = [f"{chromosome}:{start}-{end}" for chromosome, start, end in places]
    regions = pandas.DataFrame({"split": ["train", "val", "test"][: len(names)] + ["train"] * (len(names) - 3)}, names)
    data = anndata.AnnData(labels[None, :], var=regions)
    wrapper = AnnDataWrapper(data, crested.Genome(path), _BATCH, always_reverse_complement=False, in_memory=in_memory)
    return wrapper.predict_dataloader


def _read(examples: GenomeWindows, labels: np.ndarray) -> None:
    x = streamed_inputs(examples, np.arange(len(examples)))["sequence"]
    for first in range(0, len(examples), _BATCH):
        batch = slice(first, first + _BATCH)
        x[batch], labels[batch]


def _check_alike(examples: GenomeWindows, theirs: Any) -> None:
    """Check that both read the same first batch."""
    x = streamed_inputs(examples, np.arange(len(examples)))["sequence"]
    np.testing.assert_array_equal(np.asarray(x[:_BATCH]), np.asarray(next(iter(theirs))[0]))

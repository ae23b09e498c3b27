"""Bases of windows that intervals cover, beside counting them one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amber.data.genomics.chromosomes import ChromosomeNames
from amber.data.genomics.intervals import read_intervals
from amber.data.genomics.overlaps import covered_bases, merged, touched_bins


@pytest.mark.parametrize("seed", range(20))
def test_covered_bases_are_those_that_are_counted(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 90, 8)
    last = first + rng.integers(0, 20, 8)
    path = tmp_path / "x.bed"
    path.write_text("".join(f"chr1\t{low}\t{high}\n" for low, high in zip(first, last, strict=True)))
    spans = merged(read_intervals(path), ChromosomeNames(["1", "2"], "the genome"))
    covered = np.zeros(120, dtype=bool)
    for low, high in zip(first, last, strict=True):
        covered[low:high] = True
    starts = rng.integers(0, 100, 30)
    ends = starts + rng.integers(1, 20, 30)
    names = np.array(["1"] * 29 + ["2"], dtype=object)
    expected = [int(covered[low:high].sum()) for low, high in zip(starts, ends, strict=True)]
    expected[-1] = 0
    assert covered_bases(spans, names, starts, ends).tolist() == expected
    bins = touched_bins(spans, {"1": 105, "2": 105}, 10)["1"]
    assert bins.tolist() == [k for k in range(10) if covered[10 * k : 10 * k + 10].any()]

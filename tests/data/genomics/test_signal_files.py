"""Values of windows as runs along a genome, beside a mean that is worked out base by base."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pybigtools
import pytest
from hypothesis import given, settings, strategies as st

from amber.data.genomics.signal_files import mean_of_windows, write_bigwig

WINDOWS = st.lists(
    st.tuples(st.sampled_from(["chr1", "chr2"]), st.integers(0, 40), st.integers(1, 20), st.floats(-5, 5)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(WINDOWS)
def test_every_base_has_the_mean_of_its_windows(windows: list[tuple[str, int, int, float]]) -> None:
    names = np.array([each[0] for each in windows], dtype=object)
    starts = np.array([each[1] for each in windows])
    ends = starts + np.array([each[2] for each in windows])
    values = np.array([each[3] for each in windows])
    found = {name: np.full(60, np.nan) for name in ("chr1", "chr2")}
    for name, start, end, value in mean_of_windows(names, starts, ends, values):
        assert np.isnan(found[name][start:end]).all()
        found[name][start:end] = value
    for name, bases in found.items():
        for base in range(60):
            covering = (names == name) & (starts <= base) & (base < ends)
            expected = values[covering].mean() if covering.any() else np.nan
            np.testing.assert_allclose(bases[base], expected, atol=1e-9)


@pytest.mark.slow
def test_file(tmp_path: Path) -> None:
    path = write_bigwig(tmp_path / "p.bw", [("chr1", 3, 5, 0.25), ("chr1", 5, 6, 1.0)], {"chr1": 10, "chr2": 5})
    with pybigtools.open(str(path)) as track:
        assert track.chroms() == {"chr1": 10}
        assert list(track.records("chr1")) == [(3, 5, 0.25), (5, 6, 1.0)]

"""Signals of bigWig files; covered bases and sums are those that pyBigWig reports."""

from __future__ import annotations

import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from amber.data.genomics import Track
from amber.errors import DataError

FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize(
    ("name", "covered", "total"),
    [
        ("GenVarLoader__sample_0.bw", 18, 28),
        ("pyBigWig__test.bw", 154, 272.1),
        ("tangermeme__test3.bw", 20, 263),
    ],
)
def test_files_from_the_wild(name: str, covered: int, total: float) -> None:
    track = Track(FILES / name)
    values = [track.values([each], np.array([0]), np.array([min(size, 1000)])) for each, size in track.lengths.items()]
    assert sum(int((~np.isnan(each)).sum()) for each in values) == covered
    assert sum(float(np.nansum(each)) for each in values) == pytest.approx(total)


@pytest.mark.filterwarnings("error")
def test_values_of_bases_and_bins() -> None:
    track = Track(FILES / "tangermeme__test3.bw")
    bases = track.values(["chr1", "1"], np.array([-5, 8]), np.array([5, 18]))
    assert bases.dtype == np.float32 and bases.shape == (2, 10) and np.isnan(bases[0]).all()
    whole = track.values(["1"], np.array([0]), np.array([40]))[0]
    assert np.array_equal(bases[1], whole[8:18], equal_nan=True)

    def binned(summary: str, missing: float = np.nan) -> list[float]:
        found = track.values(["1"], np.array([0]), np.array([40]), bins=5, summary=summary, missing=missing)
        return [round(float(each), 4) for each in found[0]]

    parts = whole.reshape(5, 8).astype(np.float64)
    with np.errstate(invalid="ignore"):
        empty = np.isnan(parts).all(axis=1)
        assert empty.tolist() == [True, False, False, False, False]
        for summary, right in (("mean", np.nanmean), ("sum", np.nansum), ("max", np.nanmax)):
            found = binned(summary)
            assert np.isnan(found[0]) and found[1:] == [round(float(right(each)), 4) for each in parts[1:]]
    filled = np.nan_to_num(parts)
    assert binned("mean", 0.0) == [round(float(each), 4) for each in filled.mean(axis=1)]
    assert binned("sum", 0.0) == filled.sum(axis=1).tolist() and binned("max", 0.0) == filled.max(axis=1).tolist()
    assert binned("max", 7.0)[0] == 7.0


def test_windows_beyond_the_ends_and_zooms() -> None:
    track = Track(FILES / "tangermeme__test3.bw")
    values = track.values(["1", "1", "1"], np.array([36, 40, -10]), np.array([46, 50, 0]), missing=0)
    assert values[0, 4:].sum() == 0 and values[1:].sum() == 0 and values[0, :4].sum() > 0
    # A file without zoom levels; three bins of one base each.
    track = Track(FILES / "igv_js__nozooms.bw")
    found = track.values(["chr1"], np.array([69590]), np.array([69593]), bins=1, summary="max")
    assert found[0, 0] == pytest.approx(0.783516)


def test_chromosomes_that_are_absent() -> None:
    track = Track(FILES / "GenVarLoader__sample_0.bw")
    with pytest.raises(
        DataError, match="the track GenVarLoader__sample_0.bw must have .*'chr1', 'chr2'. Received: 'chr7'"
    ):
        track.values(["chr1", "chr7"], np.array([0, 0]), np.array([4, 4]))
    values = track.values(["chr1", "chr7"], np.array([0, 0]), np.array([4, 4]), missing=0, absent="missing")
    assert values[0].tolist() == [0, 1, 1, 1] and values[1].tolist() == [0] * 4
    assert np.isnan(track.values(["chr7"], np.array([0]), np.array([4]), absent="missing")).all()


def test_bad_arguments() -> None:
    track = Track(FILES / "tangermeme__test3.bw")
    for arguments, message in (
        ({"bins": 3}, "window 0: its length must be a multiple of 3 bins. Received: 10 bases"),
        ({"bins": 0}, "bins must be a positive integer"),
        ({"summary": "median"}, "`summary` must be 'mean', 'max' or 'sum'"),
        ({"absent": "nan"}, "`absent` 'refuse' or 'missing'. Received: 'mean' and 'nan'"),
    ):
        with pytest.raises(DataError, match=message):
            track.values(["1"], np.array([0]), np.array([10]), **arguments)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="window 1: its length must be that of the first, or give `bins`"):
        track.values(["1", "1"], np.array([0, 0]), np.array([10, 5]))
    with pytest.raises(DataError, match="one entry per window"):
        track.values(["1"], np.array([0, 0]), np.array([10, 5]))
    assert track.values(["1", "1"], np.array([0, 0]), np.array([10, 20]), bins=2).shape == (2, 2)


def test_files_that_are_not_tracks(tmp_path: Path) -> None:
    sound = (FILES / "tangermeme__test3.bw").read_bytes()
    for content, message in (
        (b"", "expected a bigWig file. Received: an empty file"),
        (b"chr1\t1\t2\n", "Received: a BED file"),
        (b"\xeb\xf2\x89\x87" + b"\0" * 60, "Received: a bigBed file"),
        (sound[:50], "expected a sound bigWig file. Received: it ends before what it names"),
        (sound[:500], "expected a sound bigWig file"),
    ):
        (tmp_path / "t.bw").write_bytes(content)
        with pytest.raises(DataError, match=message):
            Track(tmp_path / "t.bw").values(["chr1"], np.array([0]), np.array([40]))
    with pytest.raises(DataError, match="no such file"):
        Track(tmp_path / "none.bw")


def test_threads_pickles_and_any_ending(tmp_path: Path) -> None:
    track = Track(Path(shutil.copyfile(FILES / "tangermeme__test3.bw", tmp_path / "signal.BigWig.old")))
    right = track.values(["1"], np.array([5]), np.array([35]))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: track.values(["1"], np.array([5]), np.array([35])), range(100)))
    found.append(pickle.loads(pickle.dumps(track)).values(["1"], np.array([5]), np.array([35])))
    assert all(np.array_equal(each, right, equal_nan=True) for each in found)

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pybigtools
import pytest

from amber.errors import DataError
from amber.explain.saving import save_attributions, save_bigwig

VALUES = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")


def test_arrays_come_back_from_numpy_and_hdf5(tmp_path: Path) -> None:
    about = {"method": "deep_lift", "output": "y"}
    with np.load(save_attributions(tmp_path / "a.npz", {"contributions": VALUES}, about)) as found:
        np.testing.assert_array_equal(found["contributions"], VALUES)
        assert json.loads(str(found["about"])) == about
    with h5py.File(save_attributions(tmp_path / "a.h5", {"contributions": VALUES}, about)) as found:
        np.testing.assert_array_equal(found["contributions"][:], VALUES)
        assert json.loads(found.attrs["about"]) == about


def test_a_track_holds_the_mean_of_what_overlaps(tmp_path: Path) -> None:
    sizes = {"chrI": 30, "chrII": 20}
    path = save_bigwig(tmp_path / "a.bw", VALUES, [("chrII", 3), ("chrI", 10), ("chrI", 12)], sizes)
    track = pybigtools.open(str(path))
    assert track.chroms() == sizes
    sums = VALUES.sum(axis=-1)
    first = np.asarray(track.values("chrI", 10, 17, fillna=np.nan))
    expected = [*sums[1, :2], *((sums[1, 2:] + sums[2, :3]) / 2), *sums[2, 3:]]
    np.testing.assert_allclose(first, expected, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(track.values("chrII", 3, 8, fillna=np.nan)), sums[0], rtol=1e-6)


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a.txt"):
        save_attributions(tmp_path / "a.txt", {"contributions": VALUES})
    with pytest.raises(DataError, match="bigwig"):
        save_bigwig(tmp_path / "a.wig", VALUES, [("chrI", 0)] * 3, {"chrI": 30})
    with pytest.raises(DataError, match="a place for each"):
        save_bigwig(tmp_path / "a.bw", VALUES, [("chrI", 0)], {"chrI": 30})
    with pytest.raises(DataError, match="chrI:27-28"):
        save_bigwig(tmp_path / "a.bw", VALUES, [("chrI", 23)] * 3, {"chrI": 27})
    assert list(tmp_path.iterdir()) == []

"""Profiles: signals of bigWig files in bins along the strand that is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber.data import Dataset
from amber.data.batches.augmentation import Augmentation
from amber.data.from_examples import DatasetSpec, load
from amber.data.sources import IntervalsSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.targets.number_columns import HasProfiles
from amber.data.targets.target import MISSING_NUMBER, Numbers, known_numbers
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

COUNT, LENGTH = 400, 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A genome, 60 intervals on either strand, and two signals; the last window has none."""
    import pybigtools

    rng = np.random.default_rng(0)
    text = "".join("ACGT"[each] for each in rng.integers(0, 4, 3000))
    (tmp_path / "g.fa").write_text(f">chr1\n{text}\n")
    starts = [30 + 45 * k for k in range(60)]
    (tmp_path / "a.bed").write_text("".join(f"chr1\t{s}\t{s + LENGTH}\tn{s}\t0\t{'+-'[s % 2]}\n" for s in starts))
    for number, name in enumerate(("plus", "minus")):
        values = [("chr1", p, p + 1, float(p % 97 + 500 * number)) for p in range(starts[-1])]
        pybigtools.open(str(tmp_path / f"{name}.bw"), "w").write({"chr1": 3000}, values)
    return tmp_path


def _source(folder: Path, **settings: object) -> IntervalsSource:
    signals = {"plus": "plus.bw", "minus": "minus.bw"}
    given: dict[str, object] = {"signals": signals, "profile": 10, **settings}
    return IntervalsSource("a.bed", "g.fa", LENGTH, **given).at(folder)  # type: ignore[arg-type]


def _expected(start: int, offset: int) -> np.ndarray:
    return np.array([np.mean([p % 97 + offset for p in range(start + b, start + b + 10)]) for b in range(0, 40, 10)])


def test_bins_lie_along_the_strand_and_pairs_change_places(folder: Path) -> None:
    examples = _source(folder, strand_pairs={"plus": "minus"}).examples(Wanted())
    assert isinstance(examples, HasProfiles)
    assert {name: (each.bin_width, each.partner) for name, each in examples.profiles.items()} == {
        "plus": (10, "minus"),
        "minus": (10, "plus"),
    }
    np.testing.assert_allclose(examples.columns["plus"][0], _expected(30, 0), rtol=1e-6)
    assert examples.columns["strand"][1] == "-"
    np.testing.assert_allclose(examples.columns["plus"][1], _expected(75, 500)[::-1], rtol=1e-6)
    np.testing.assert_allclose(examples.columns["minus"][1], _expected(75, 0)[::-1], rtol=1e-6)
    alone = _source(folder).examples(Wanted())
    np.testing.assert_allclose(alone.columns["plus"][1], _expected(75, 0)[::-1], rtol=1e-6)
    assert np.isnan(examples.columns["plus"][-1]).all()


def _data(folder: Path, columns: object = "plus", augmentation: Augmentation | None = None) -> Dataset:
    target = TargetSpec(columns) if isinstance(columns, str) else TargetSpec(columns=columns)  # type: ignore[arg-type]
    spec = DatasetSpec({"output": target}, SplitSpec("random"), one_input=True)
    if augmentation is not None:
        spec = replace(spec, augmentation=augmentation)
    source = _source(folder, strand_pairs={"plus": "minus"} if not isinstance(columns, str) else None)
    return load(source, Wanted(), spec, "d")


def test_a_column_that_is_a_profile_is_predicted_as_one(folder: Path) -> None:
    data = _data(folder)
    (target,) = data.targets
    assert target.numbers == Numbers(("plus",), bins=4, bin_width=10, partners=(0,)) and target.units == 4
    assert target.task == "regression of a profile"
    assert target.describe() == "regression of a profile, 1 signal plus in 4 bins of 10 bases"
    assert data.train.y.shape == (len(data.train), 4) and sum(data.sizes.values()) == 59
    scale = target.scaling
    assert scale is not None and len(set(scale.mean)) == 1
    np.testing.assert_allclose(np.asarray(data.train.y).mean(), 0, atol=1e-5)


def test_a_profile_is_turned_with_its_sequence(folder: Path) -> None:
    plain = _data(folder, ["plus", "minus"])
    data = _data(folder, ["plus", "minus"], Augmentation(reverse_complement=True, seed=1))
    y, x = data.train.y, data.train.x
    np.testing.assert_array_equal(np.asarray(y), plain.train.y)
    numbers = data.targets[0].numbers
    assert numbers is not None and numbers.partners == (1, 0)
    rows = np.arange(len(data.train))
    turned = ~np.all(x.in_epoch(3)[rows] == plain.train.x, axis=(1, 2))
    assert 0 < turned.sum() < len(rows)
    seen = y.in_epoch(3)[rows]
    np.testing.assert_array_equal(seen[~turned], plain.train.y[~turned])
    np.testing.assert_array_equal(seen[turned], numbers.turned(plain.train.y[turned]))


def test_a_shift_moves_whole_bins_and_masks_what_comes_in(folder: Path) -> None:
    data = _data(folder, "plus", Augmentation(shift=10, seed=1))
    assert data.targets[0].numbers is not None and data.targets[0].numbers.missing
    rows = np.arange(len(data.train))
    seen, plain = data.train.y.in_epoch(0)[rows], np.asarray(data.train.y)
    moved = [row for row in rows if not np.array_equal(seen[row], plain[row])]
    assert moved
    for row in moved:
        gone = np.isnan(known_numbers(seen[row : row + 1]))[0]
        assert gone.sum() == 1 and seen[row][gone][0] == np.float32(MISSING_NUMBER)
        expected = plain[row][1:] if gone[-1] else plain[row][:-1]
        np.testing.assert_array_equal(seen[row][~gone], expected)
    with pytest.raises(DataError, match="at least 10 bases") as raised:
        _data(folder, "plus", Augmentation(shift=3))
    assert raised.value.field == ("augmentation",)


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"profile": 0}, "", "profile"),
        ({"profile": 7}, "profile", "divide the 40 bases"),
        ({"profile": 40}, "profile", "two bins or more"),
        ({"signals": None}, "profile", "name bigWig files"),
        ({"profile": 3, "summary_width": 33}, "summary_width", "both be even, or both odd"),
        ({"profile": None, "strand_pairs": {"plus": "minus"}}, "strand_pairs", "signals of a `profile`"),
        ({"strand_pairs": {"plus": "other"}}, "strand_pairs", "each once"),
        ({"strand_pairs": {"plus": "plus"}}, "strand_pairs", "each once"),
    ],
)
def test_settings_that_do_not_fit(folder: Path, settings: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        _source(folder, **settings)
    assert raised.value.field == ((field,) if field else raised.value.field)


def test_profiles_that_cannot_stand_in_one_output(folder: Path) -> None:
    with pytest.raises(DataError, match="predict both in one output"):
        _data(folder, ["minus"])
    with pytest.raises(DataError, match="columns of one profile must have as many bins"):
        _data(folder, ["plus", "minus", "start"])

"""Signals of bigWig files in windows: as channels, and as numbers to be predicted."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pybigtools
import pytest

from amber.data.examples import TrackInput
from amber.data.from_examples import DatasetSpec, load
from amber.data.genomics import Track
from amber.data.sources import IntervalsSource, Wanted
from amber.data.sources.windows_on_genome import GenomeWindows
from amber.data.splits.division import SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

SIGNAL = str(Path(__file__).parents[1] / "genomics" / "files" / "tangermeme__test3.bw")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGTTGCA" * 20 + "\n>chrZ\n" + "ACGTTGCA" * 20 + "\n")
    (tmp_path / "a.bed").write_text("chr1\t8\t18\ta\t0\t+\nchr1\t8\t18\tb\t0\t-\nchrZ\t20\t30\tc\t0\t+\n")
    return tmp_path


def _examples(folder: Path, **settings: object) -> GenomeWindows:
    source = IntervalsSource("a.bed", "g.fa", 10, **settings)  # type: ignore[arg-type]
    return source.at(folder).examples(Wanted())


def test_tracks_are_channels_along_the_strand(folder: Path) -> None:
    examples = pickle.loads(pickle.dumps(_examples(folder, tracks={"s": SIGNAL, "t": SIGNAL})))
    assert examples.inputs["signal"] == TrackInput(10, 2)
    values = examples.read(np.arange(3))["signal"]
    expected = np.nan_to_num(Track(SIGNAL).values(["chr1"], np.array([8]), np.array([18]))[0])
    assert expected.any()
    np.testing.assert_array_equal(values[0, :, 1], expected)
    np.testing.assert_array_equal(values[1, :, 0], expected[::-1])
    assert not values[2].any()
    assert (
        "tangermeme__test3.bw does not have the chromosomes 'chrZ' of 1 windows: its signal is 0 there."
        in examples.notes
    )
    assert examples.fingerprint != _examples(folder).fingerprint


@pytest.mark.parametrize("summary", ["mean", "max", "sum", "log1p"])
def test_summaries_of_a_window(folder: Path, summary: str) -> None:
    bases = Track(SIGNAL).values(["chr1"], np.array([10]), np.array([16]))[0]
    bases = bases[~np.isnan(bases)]
    of = {"mean": np.mean, "max": np.max, "sum": np.sum, "log1p": lambda each: np.log1p(np.sum(each))}
    examples = _examples(folder, signals={"s": SIGNAL}, summary=summary, summary_width=6)
    found = examples.columns["s"]
    assert found[0] == found[1] == pytest.approx(of[summary](bases), rel=1e-5)
    assert np.isnan(found[2])
    assert any("1 of 3 windows have no value" in note for note in examples.notes)
    assert any("does not have chrZ" in note for note in examples.notes)
    filled = _examples(folder, signals={"s": SIGNAL}, summary=summary, missing="zero").columns["s"]
    assert filled[2] == 0


def test_signals_that_cannot_be_used(folder: Path) -> None:
    (folder / "a.bed").write_text("chrZ\t20\t30\n")
    for setting in ("signals", "tracks"):
        with pytest.raises(DataError, match=r"tangermeme__test3\.bw must have the chromosomes.*'chrZ'"):
            _examples(folder, **{setting: {"s": SIGNAL}})
    with pytest.raises(DataError, match="at most the window, 10"):
        _examples(folder, signals={"s": SIGNAL}, summary_width=11)
    (folder / "x.bw").write_bytes(b"")
    with pytest.raises(DataError, match=r"x\.bw: expected .*an empty file"):
        _examples(folder, signals={"s": "x.bw"})


def test_a_signal_is_a_number_also_where_it_has_few_values(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "g.fa").write_text(f">chr1\n{''.join(rng.choice(list('ACGT'), 5000))}\n")
    (tmp_path / "a.bed").write_text("".join(f"chr1\t{at}\t{at + 10}\n" for at in range(0, 4000, 50)))
    values = [("chr1", at, at + 50, float(at // 50 % 2)) for at in range(0, 4000, 50)]
    pybigtools.open(str(tmp_path / "s.bw"), "w").write({"chr1": 5000}, values)
    source = IntervalsSource("a.bed", "g.fa", 10, signals={"s": "s.bw"}).at(tmp_path)
    spec = DatasetSpec({"output": TargetSpec("s")}, SplitSpec("random"))
    assert load(source, Wanted(), spec, "d").targets[0].task == "regression"
    classes = replace(spec, targets={"output": TargetSpec("s", "classes")})
    assert load(source, Wanted(), classes, "d").targets[0].classes == ("0", "1")

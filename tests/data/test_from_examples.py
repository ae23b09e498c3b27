"""Examples to a data set: augmented in training, negatives that are made, and near-identical examples across parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber.data.batches.augmentation import Augmentation
from amber.data.dataset import Dataset
from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.coding import SequenceForm
from amber.data.encoding.one_hot import one_hot_complement
from amber.data.from_examples import DatasetSpec, load
from amber.data.sources import FastaSource, TableSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

SPEC = DatasetSpec({"output": TargetSpec("label")}, SplitSpec("random"), one_input=True)


def _sequences(count: int, length: int = 60) -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join(np.array(list("ACGT"))[rng.integers(0, 4, length)]) for _ in range(count)]


def _loaded(folder: Path, sequences: list[str], spec: DatasetSpec = SPEC, wanted: Wanted | None = None) -> Dataset:
    path = folder / "d.csv"
    path.write_text("seq,label\n" + "".join(f"{each},{'ab'[k % 2]}\n" for k, each in enumerate(sequences)))
    return load(TableSource.plain(str(path)), wanted or Wanted(), spec, "d", path)


def test_training_sees_both_strands_and_the_rest_does_not(tmp_path: Path) -> None:
    plain = _loaded(tmp_path, _sequences(40))
    both = _loaded(tmp_path, _sequences(40), replace(SPEC, augmentation=Augmentation(reverse_complement=True)))
    assert both.fingerprint == plain.fingerprint
    assert np.array_equal(both.validation.x, plain.validation.x) and np.array_equal(both.train.x, plain.train.x)
    seen, forward = np.asarray(both.train.x.in_epoch(0)), np.asarray(plain.train.x)
    turned = (seen == one_hot_complement(forward, Alphabet.of("dna"))).all(axis=(1, 2))
    assert 0 < turned.sum() < len(seen)
    assert np.array_equal(seen[~turned], forward[~turned])
    assert not np.array_equal(np.asarray(both.train.x.in_epoch(1)), seen)
    joined = both.train.joined(both.validation)
    assert len(joined) == len(both.train) + len(both.validation)


def test_proteins_have_no_other_strand(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("seq,label\n" + "".join(f"MKLV{'AC'[k % 2]},{'ab'[k % 2]}\n" for k in range(20)))
    spec = replace(SPEC, augmentation=Augmentation(reverse_complement=True))
    wanted = Wanted(form=replace(Wanted().form, alphabet="protein"))
    with pytest.raises(DataError, match="needs sequences of DNA") as caught:
        load(TableSource.plain(str(path)), wanted, spec, "d", path)
    assert caught.value.field == ("augmentation",)


def test_shuffled_negatives_stay_with_their_positives(tmp_path: Path) -> None:
    path = tmp_path / "peaks.fa"
    path.write_text("".join(f">p{k}\n{each}\n" for k, each in enumerate(_sequences(20))))
    spec = replace(SPEC, negatives=2, split=SplitSpec("grouped", "pair"))
    data = load(FastaSource(str(path)), Wanted(), spec, "peaks", path)
    assert data.classes == ("negative", "positive") and sum(data.sizes.values()) == 60
    assert all(size % 3 == 0 for size in data.sizes.values())
    assert np.isclose(data.train.y.mean(), 1 / 3)
    again = load(FastaSource(str(path)), Wanted(), spec, "peaks", path)
    assert again.fingerprint == data.fingerprint


def test_labelled_examples_get_no_negatives(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_text(">a\nACGTACGT\n")
    (tmp_path / "b.fa").write_text(">b\nACGTACGT\n")
    source = FastaSource({"a": str(tmp_path / "a.fa"), "b": str(tmp_path / "b.fa")})
    with pytest.raises(DataError, match="take the negatives out"):
        load(source, Wanted(), replace(SPEC, negatives=1), "d")


def test_near_identical_examples_across_parts_are_said(tmp_path: Path) -> None:
    sequences = _sequences(40)
    assert not any("in common" in note for note in _loaded(tmp_path, sequences).notes)
    doubled = [*sequences, *(each[:-1] + ("C" if each[-1] != "C" else "G") for each in sequences)]
    notes = [note for note in _loaded(tmp_path, doubled).notes if "half or more of their sequence in common" in note]
    assert notes and "d.csv, line" in notes[0] and "split: similarity" in notes[0]
    apart = _loaded(tmp_path, doubled, replace(SPEC, split=SplitSpec("similarity")))
    assert not any("half or more" in note for note in apart.notes)


def test_identical_examples_are_said_where_inputs_are_read_in_batches(tmp_path: Path) -> None:
    spec = replace(SPEC, augmentation=Augmentation(shift=1))
    notes = _loaded(tmp_path, _sequences(20) * 3, spec).notes
    assert any("are identical to examples of the train part" in note for note in notes)


def test_sequences_of_unknown_letters_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"d\.csv, line 2: expected sequences with known letters, ACGT.*N alone, in all of the 20"
    ):
        _loaded(tmp_path, ["N" * 30] * 20)
    # One that has a letter is enough for the rest to be a warning.
    assert len(_loaded(tmp_path, ["N" * 30] * 19 + ["A" + "N" * 29]).train) == 14


def test_a_length_that_makes_nearly_all_padding_is_refused(tmp_path: Path) -> None:
    wanted = Wanted(form=SequenceForm(length=6001))
    with pytest.raises(DataError, match=r"at most 100 times the longest sequence, which has 60 .* 6,001") as caught:
        _loaded(tmp_path, _sequences(20), wanted=wanted)
    assert caught.value.field == ("length",)
    assert len(_loaded(tmp_path, _sequences(20), wanted=Wanted(form=SequenceForm(length=6000))).train) == 14

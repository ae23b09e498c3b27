from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.data.batches.augmentation import Augmentation, Profile, View, mean_of_strands
from amber.data.encoding.alphabets import PADDING, Alphabet
from amber.data.encoding.one_hot import reverse_complement
from amber.data.examples import NumbersInput, SequenceInput, TrackInput
from amber.errors import DataError

DNA = Alphabet.of("dna")
KINDS = {"dna": SequenceInput(DNA, 8), "track": TrackInput(8, 2), "age": NumbersInput(1)}
STRANDED = Profile(2, (1, 0))


def examples(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "dna": rng.integers(0, 4, (count, 8), dtype=np.uint8),
        "track": rng.random((count, 8, 2), dtype=np.float32),
        "age": rng.random((count, 1), dtype=np.float32),
    }


def view(turned: bool, shift: int, count: int = 1) -> View:
    return View(np.full(count, turned), np.full(count, shift))


@given(st.integers(0, 2**70), st.integers(0, 1000), st.lists(st.integers(0, 10**9), min_size=2, max_size=30))
def test_a_view_does_not_depend_on_the_batch(seed: int, epoch: int, rows: list[int]) -> None:
    augmentation = Augmentation(True, 3, seed=seed)
    together = augmentation.draw(epoch, np.array(rows))
    alone = [augmentation.draw(epoch, np.array([row])) for row in rows]
    assert together.turned.tolist() == [bool(each.turned[0]) for each in alone]
    assert together.shift.tolist() == [int(each.shift[0]) for each in alone]


def test_half_are_turned_all_shifts_occur_equally_and_epochs_differ() -> None:
    rows = np.arange(20_000)
    first, second = (Augmentation(True, 3, seed=1).draw(epoch, rows) for epoch in (0, 1))
    assert first.turned.mean() == pytest.approx(0.5, abs=0.02)
    assert np.bincount(first.shift + 3) / len(rows) == pytest.approx(np.full(7, 1 / 7), abs=0.01)
    assert (first.turned == second.turned).mean() == pytest.approx(0.5, abs=0.02)
    assert np.corrcoef(first.shift, first.turned)[0, 1] == pytest.approx(0, abs=0.03)


def test_the_other_strand_turns_sequences_tracks_and_profiles_alike() -> None:
    values, rows = examples(1), {"profile": np.arange(8.0).reshape(1, 4, 2), "label": np.array([[1.0]])}
    seen = view(True, 0).inputs(values, KINDS, {})
    assert np.array_equal(seen["dna"], reverse_complement(values["dna"], DNA))
    assert np.array_equal(seen["track"], values["track"][:, ::-1]) and seen["age"] is values["age"]
    targets = view(True, 0).targets(rows, {"profile": STRANDED})
    assert targets["profile"].tolist() == [[[7, 6], [5, 4], [3, 2], [1, 0]]] and targets["label"] is rows["label"]


def test_a_shift_moves_profiles_by_whole_bins_and_leaves_missing_values() -> None:
    values, rows = examples(1), {"profile": np.arange(8.0).reshape(1, 4, 2)}
    seen = view(False, 2).inputs(values, KINDS, {})
    assert seen["dna"][0, :6].tolist() == values["dna"][0, 2:].tolist() and seen["dna"][0, 6:].tolist() == [4, 4]
    assert np.array_equal(seen["track"][:, :6], values["track"][:, 2:]) and not seen["track"][:, 6:].any()
    profile = view(False, 2).targets(rows, {"profile": STRANDED})["profile"]
    assert profile[0, :3].tolist() == [[2, 3], [4, 5], [6, 7]] and np.isnan(profile[0, 3]).all()


@given(st.integers(-2, 2), st.integers(0, 5))
def test_a_base_and_its_value_stay_together(bins: int, seed: int) -> None:
    codes = examples(4, seed)["dna"]
    seen = view(True, 2 * bins, 4)
    # A value that says which bases lie in its bin, whatever the strand.
    dna = seen.inputs({"dna": codes}, KINDS, {})["dna"]
    profile = seen.targets({"p": pairs(codes)}, {"p": Profile(2)})["p"]
    known = ~np.isnan(profile)
    assert np.array_equal(profile[known], pairs(reverse_complement(dna, DNA))[:, ::-1][known])
    assert known.sum(axis=1).tolist() == [4 - abs(bins)] * 4


def pairs(codes: np.ndarray) -> np.ndarray:
    return codes[:, ::2] * 10.0 + codes[:, 1::2]


def test_what_moves_in_beyond_the_end_of_a_sequence_is_padding() -> None:
    codes = np.array([[0, 1, 2, PADDING, PADDING, PADDING, PADDING, PADDING]], dtype=np.uint8)
    assert view(False, 2).inputs({"dna": codes}, KINDS, {})["dna"].tolist() == [[2, *[PADDING] * 7]]
    assert view(False, -1).inputs({"dna": codes}, KINDS, {})["dna"][0, :4].tolist() == [DNA.unknown, 0, 1, 2]


def test_inputs_are_not_changed() -> None:
    values = examples(50)
    before = {name: each.copy() for name, each in values.items()}
    Augmentation(True, 2).draw(0, np.arange(50)).inputs(values, KINDS, {})
    assert all(np.array_equal(before[name], values[name]) for name in values)


def test_nothing_is_done_by_default() -> None:
    values = examples(3)
    assert Augmentation().is_identity
    assert Augmentation().draw(0, np.arange(3)).inputs(values, KINDS, {}) == values


def test_mean_of_strands_turns_profiles_back() -> None:
    profile = np.arange(8.0).reshape(1, 4, 2)
    assert np.array_equal(mean_of_strands(profile, STRANDED.turned(profile), STRANDED), profile)
    assert mean_of_strands(np.array([[0.25]]), np.array([[0.75]])).tolist() == [[0.5]]


def test_refuses_what_cannot_be_done() -> None:
    with pytest.raises(DataError, match="at least 6 bases"):
        Augmentation(shift=5, profiles={"a": Profile(2), "b": Profile(3)})
    with pytest.raises(DataError, match="shift must be an integer of at least 0"):
        Augmentation(shift=-1)
    with pytest.raises(DataError, match="each channel's number once"):
        Profile(1, (1, 2, 0))
    with pytest.raises(DataError, match="'chain' of another alphabet"):
        Augmentation(True).check({"chain": SequenceInput(Alphabet.of("protein"), 8)})
    with pytest.raises(DataError, match="numbers only"):
        Augmentation(shift=1).check({"age": NumbersInput(1)})
    Augmentation(True, 1).check(KINDS)

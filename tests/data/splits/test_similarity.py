from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.one_hot import reverse_complement
from amber.data.examples import ArrayExamples, NumbersInput, Ragged, SequenceInput
from amber.data.splits.division import SplitSpec, divide_examples
from amber.data.splits.similarity import similarity_groups
from amber.data.splits.sketches import sketch
from amber.errors import DataError

DNA = Alphabet.of("dna")


def sequences(codes: np.ndarray, **columns: np.ndarray) -> ArrayExamples:
    return ArrayExamples({"dna": codes}, {"dna": SequenceInput(DNA, codes.shape[1])}, columns)


def random_codes(count: int, length: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, (count, length), dtype=np.uint8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(20, 200), st.integers(4, 30), st.booleans(), st.data())
def test_near_duplicates_are_never_in_two_parts(
    seed: int, length: int, count: int, turned: bool, data: st.DataObject
) -> None:
    codes = random_codes(count, length, seed)
    needed = sketch(sequences(codes)).stretch
    # A stretch of another sequence, at another place, and on either strand.
    size = data.draw(st.integers(needed, length))
    source, target = data.draw(st.integers(0, length - size)), data.draw(st.integers(0, length - size))
    copied = codes[0, source : source + size]
    codes[1, target : target + size] = reverse_complement(copied, DNA) if turned else copied
    groups = similarity_groups(sketch(sequences(codes))).groups
    assert groups[0] == groups[1]
    if len(set(groups.tolist())) >= 3:
        division = divide_examples(sequences(codes), SplitSpec("similarity", seed=seed), None)
        parts = [division.rows.train, division.rows.validation, division.rows.test]
        assert sum(bool({0, 1} & set(part.tolist())) for part in parts) == 1
        assert sorted(np.concatenate(parts).tolist()) == list(range(count))


def test_random_sequences_are_not_near_duplicates() -> None:
    groups = similarity_groups(sketch(sequences(random_codes(2000, 200, 0))))
    assert len(set(groups.groups.tolist())) > 1980
    assert groups.notes[0].startswith("2,000 examples make 2,000 groups")


def test_runs_of_unknown_letters_do_not_make_near_duplicates() -> None:
    codes = random_codes(50, 100, 1)
    codes[:, :60] = DNA.unknown
    assert len(set(similarity_groups(sketch(sequences(codes))).groups.tolist())) == 50


def test_identical_examples_shorter_than_a_kmer_are_together_on_either_strand() -> None:
    groups = similarity_groups(sketch(sequences(np.array([[0, 1, 1], [2, 2, 3], [0, 0, 0]], dtype=np.uint8)))).groups
    assert groups[0] == groups[1] != groups[2]


def test_sequences_of_unequal_length_are_compared_without_their_padding() -> None:
    long, short = random_codes(1, 90, 2)[0], random_codes(1, 40, 3)[0]
    pieces = [long, short, reverse_complement(short, DNA), long[20:70]]
    ragged = Ragged(np.concatenate(pieces), np.cumsum([len(each) for each in pieces]))
    examples = ArrayExamples({"dna": ragged}, {"dna": SequenceInput(DNA, None)})
    found = sketch(examples)
    assert found.whole[1] == found.whole[2] and len(set(found.whole.tolist())) == 3
    groups = similarity_groups(found).groups
    assert groups[0] == groups[3] and groups[1] == groups[2] != groups[0]


@pytest.mark.parametrize("letter", range(20))
def test_a_letter_at_the_end_is_no_padding(letter: int) -> None:
    pieces = [np.array([0, 1, *[letter] * more], dtype=np.uint8) for more in range(3)]
    ragged = Ragged(np.concatenate(pieces), np.cumsum([len(each) for each in pieces]))
    examples = ArrayExamples({"p": ragged}, {"p": SequenceInput(Alphabet.of("protein"), None)})
    assert len(set(sketch(examples).whole.tolist())) == 3


def test_proteins_are_compared_on_the_one_strand_they_have() -> None:
    protein = Alphabet.of("protein")
    codes = np.random.default_rng(4).integers(0, 20, (4, 80), dtype=np.uint8)
    codes[1, 10:60], codes[2, 10:60] = codes[0, 20:70], codes[3, 20:70][::-1]
    groups = similarity_groups(sketch(ArrayExamples({"p": codes}, {"p": SequenceInput(protein, 80)}))).groups
    assert groups[0] == groups[1] and len(set(groups.tolist())) == 3


def test_numbers_are_alike_where_they_are_identical() -> None:
    numbers = np.array([[1, 2], [1, 2], [2, 1]], dtype=np.float32)
    found = sketch(ArrayExamples({"n": numbers}, {"n": NumbersInput(2)}))
    assert similarity_groups(found).groups.tolist() == [0, 0, 1] and found.stretch == 0


def test_says_where_one_group_holds_most() -> None:
    codes = random_codes(10, 100, 5)
    codes[:8, :60] = codes[0, :60]
    notes = similarity_groups(sketch(sequences(codes))).notes
    assert notes[0] == "10 examples make 3 groups of near-duplicates, the largest of 8."
    assert "longer `stretch`" in notes[1]
    assert len(set(similarity_groups(sketch(sequences(codes), stretch=80)).groups.tolist())) == 10


def test_of_long_sequences_one_of_twenty_kmers_is_sampled() -> None:
    found = sketch(sequences(random_codes(4, 500, 6)), stretch=200)
    assert (found.kmer, found.window, found.stretch) == (181, 20, 200)


def test_refuses_a_stretch_of_nothing() -> None:
    with pytest.raises(DataError, match="stretch must be a positive integer"):
        sketch(sequences(random_codes(2, 10, 0)), stretch=0)

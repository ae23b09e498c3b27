"""Hashes of sequences and samples of their k-mers, beside what plain Python finds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber.data.encoding.alphabets import PADDING, Alphabet
from amber.data.encoding.one_hot import reverse_complement
from amber.data.examples import SequenceInput
from amber.data.splits.sketches import (
    _minimizers,
    _of_codes,
    _of_kmers,
    _sampling,
    _sliding_minimum,
    _turned,
)

DNA = Alphabet.of("dna")
NUCLEOTIDES, AMINO_ACIDS = SequenceInput(DNA, 60), SequenceInput(Alphabet.of("protein"), 60)


def drawn(seed: int, rows: int, length: int, letters: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, letters, (rows, length)).astype(np.uint8)


def padded(codes: np.ndarray, width: int) -> np.ndarray:
    return np.pad(codes, ((0, 0), (0, width)), constant_values=PADDING)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(0, 20), st.integers(0, 1000))
def test_sliding_minimum(window: int, more: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 50, (2, window + more)).astype(np.uint64)
    wanted = [[row[start : start + window].min() for start in range(more + 1)] for row in values]
    np.testing.assert_array_equal(_sliding_minimum(values, window), wanted)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 33), st.integers(0, 10), st.integers(0, 1000))
def test_equal_kmers_have_equal_hashes_and_others_have_not(kmer: int, more: int, seed: int) -> None:
    codes = drawn(seed, 3, kmer + more)
    hashes = _of_kmers(codes, kmer)
    assert hashes.shape == (3, more + 1)
    texts = [bytes(row[start : start + kmer]) for row in codes for start in range(more + 1)]
    assert len(set(hashes.reshape(-1).tolist())) == len(set(texts)) == len(set(zip(texts, hashes.flat, strict=True)))


@pytest.mark.parametrize("width", [1, 2, 7])
def test_padding_does_not_count(width: int) -> None:
    codes = drawn(1, 20, 9)
    hashes = _of_codes(codes)
    np.testing.assert_array_equal(_of_codes(padded(codes, width)), hashes)
    np.testing.assert_array_equal(
        _of_codes(_turned(padded(codes, width), NUCLEOTIDES)), _of_codes(reverse_complement(codes, DNA))
    )
    np.testing.assert_array_equal(_turned(codes, NUCLEOTIDES), reverse_complement(codes, DNA))
    # A letter more, whichever it is, does count, and so does the order.
    longer = {int(_of_codes(np.pad(codes[:1], ((0, 0), (0, 1)), constant_values=letter))[0]) for letter in range(4)}
    assert len(longer) == 4 and int(hashes[0]) not in longer
    assert len(set(_of_codes(np.array([[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 0, 0]], np.uint8)).tolist())) == 4


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 1000))
def test_sequences_with_a_stretch_in_common_share_a_sample(kmer: int, window: int, seed: int) -> None:
    stretch = kmer + window - 1
    codes = drawn(seed, 2, stretch + 25)
    codes[1, 3 : 3 + stretch] = codes[0, 20 : 20 + stretch]
    for turned in (False, True):
        if turned:
            codes[1] = reverse_complement(codes[1:], DNA)[0]
        rows, hashes = _minimizers(codes, NUCLEOTIDES, kmer, window)
        assert set(hashes[rows == 0].tolist()) & set(hashes[rows == 1].tolist())


def test_samples_are_the_smallest_of_each_window() -> None:
    codes = drawn(3, 4, 50, 20)
    rows, every = _minimizers(codes, AMINO_ACIDS, 5, 1)
    assert len(every) == 4 * 46 and np.bincount(rows).tolist() == [46] * 4
    for window in (2, 7, 46, 60):
        rows, found = _minimizers(codes, AMINO_ACIDS, 5, window)
        for row in range(4):
            own = every[46 * row : 46 * (row + 1)]
            least = [own[start : start + window].min() for start in range(max(46 - window, 0) + 1)]
            assert found[rows == row].tolist() == [
                each for number, each in enumerate(least) if number == 0 or each != least[number - 1]
            ]


@pytest.mark.parametrize("place", [0, 10, 29])
def test_kmers_with_unknown_letters_are_left_out(place: int) -> None:
    codes = drawn(5, 1, 30)
    _, every = _minimizers(codes, NUCLEOTIDES, 6, 1)
    changed = codes.copy()
    changed[0, place] = PADDING
    rows, found = _minimizers(changed, NUCLEOTIDES, 6, 1)
    clear = [start for start in range(25) if not start <= place < start + 6]
    assert found.tolist() == every[clear].tolist() and set(rows.tolist()) == {0}


def test_sequences_shorter_than_a_kmer_have_no_samples() -> None:
    for length, count in ((5, 0), (6, 1)):
        rows, found = _minimizers(drawn(0, 1, length), NUCLEOTIDES, 6, 3)
        assert len(rows) == len(found) == count


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 10**6),
    st.lists(st.integers(1, 5000), min_size=1, max_size=3),
    st.sampled_from([4, 20]),
    st.one_of(st.none(), st.integers(1, 200)),
)
def test_what_is_sampled(count: int, lengths: list[int], letters: int, stretch: int | None) -> None:
    kmer, window = _sampling(count, lengths, letters, stretch)
    assert kmer >= 1 and 1 <= window <= 20
    if stretch is not None:
        assert kmer + window - 1 == stretch
    else:
        wanted = min(40, max(min(lengths), 3) // 3)
        by_chance = max((count * sum(lengths)) ** 2 / 2, 1.0) / (0.01 * count)
        assert kmer + window - 1 >= wanted
        # Hardly any pair shares a k-mer by chance, and no longer ones are asked for than that needs.
        assert letters**kmer >= by_chance * 0.999
        assert kmer + window - 1 == max(wanted, math.ceil(math.log(max(by_chance, 2.0), letters)))

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.data.encoding.alphabets import PADDING, Alphabet
from amber.data.encoding.one_hot import one_hot, one_hot_complement, reverse_complement
from amber.data.encoding.sequences import encode_sequences
from amber.errors import DataError

nucleotides = st.text("ACGTURYSWKMBDHVNacgtn", min_size=1, max_size=40)


@given(nucleotides)
def test_one_hot_of_nucleotides_is_what_encode_sequences_gives(text: str) -> None:
    dna = Alphabet.of("dna")
    assert np.array_equal(one_hot(dna.codes(text.encode()), dna), encode_sequences([text])[0])


@given(nucleotides, st.sampled_from(["DNA", "RNA", "TGCA"]))
def test_reverse_complement_twice_is_the_identity(text: str, letters: str) -> None:
    alphabet = Alphabet.of(letters)
    codes = alphabet.codes(text.encode())
    turned = reverse_complement(codes, alphabet)
    assert np.array_equal(reverse_complement(turned, alphabet), codes)
    assert np.array_equal(one_hot(turned, alphabet), one_hot_complement(one_hot(codes, alphabet), alphabet))


@pytest.mark.parametrize("letters", ["DNA", "RNA", "TGCA"])
def test_the_other_strand_of_ambiguous_letters(letters: str) -> None:
    alphabet = Alphabet.of(letters)
    turned = reverse_complement(alphabet.codes(b"ACGTRYSWKMBDHVN"), alphabet)
    assert turned.tolist() == alphabet.codes(b"NBDHVKMWSRYACGT").tolist()


def test_unknown_letters_are_zeros_or_the_mean_and_padding_is_zeros() -> None:
    protein = Alphabet.of("protein")
    codes = np.append(protein.codes(b"XBA"), np.uint8(PADDING))
    mean, zeros = one_hot(codes, protein), one_hot(codes, protein, unknown="zeros", dtype="uint8")
    assert mean.sum(axis=1) == pytest.approx([1, 1, 1, 0]) and mean[1, [2, 11]].tolist() == [0.5, 0.5]
    assert zeros.dtype == np.uint8 and zeros.sum(axis=1).tolist() == [0, 0, 1, 0]


def test_one_hot_into_a_given_array() -> None:
    dna = Alphabet.of("dna")
    out = np.full((1, 2, 4), 7, dtype=np.float32)
    assert one_hot(dna.codes(b"AC")[None], dna, out=out) is out
    assert out.tolist() == [[[1, 0, 0, 0], [0, 1, 0, 0]]]
    with pytest.raises(DataError, match=r"shape \(1, 2, 4\).*Received: float32, \(1, 3, 4\)"):
        one_hot(dna.codes(b"AC")[None], dna, out=np.empty((1, 3, 4), dtype=np.float32))


def test_refuses_a_strand_that_is_not_there_and_types_that_do_not_fit() -> None:
    protein = Alphabet.of("protein")
    with pytest.raises(DataError, match="DNA and RNA only"):
        reverse_complement(np.zeros((1, 3), dtype=np.uint8), protein)
    with pytest.raises(DataError, match="unknown='zeros'"):
        one_hot(np.zeros((1, 3), dtype=np.uint8), protein, dtype="uint8")
    with pytest.raises(DataError, match="Received: 'middling'"):
        one_hot(np.zeros((1, 3), dtype=np.uint8), protein, unknown="middling")  # type: ignore[arg-type]

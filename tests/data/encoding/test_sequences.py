"""Sequences to arrays: exact values, properties, and every bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.data import encode_sequences
from amber.errors import DataError

CODES = "ACGTURYSWKMBDHVN"


def same_length(letters: str) -> st.SearchStrategy[list[str]]:
    return st.integers(1, 20).flatmap(
        lambda n: st.lists(st.text(letters, min_size=n, max_size=n), min_size=1, max_size=8)
    )


@given(same_length(CODES + CODES.lower()))
def test_channels_sum_to_one(sequences: list[str]) -> None:
    x = encode_sequences(sequences)
    assert x.dtype == np.float32
    assert x.shape == (len(sequences), len(sequences[0]), 4)
    np.testing.assert_allclose(x.sum(axis=-1), 1, atol=1e-6)


@given(same_length("ACGT"), st.permutations("ACGT"))
def test_bases_make_a_round_trip(sequences: list[str], order: list[str]) -> None:
    x = encode_sequences(sequences, "".join(order))
    assert set(np.unique(x)) <= {0.0, 1.0}
    assert ["".join(order[i] for i in row) for row in x.argmax(axis=-1)] == sequences


@pytest.mark.parametrize(
    ("code", "bases"),
    [
        ("A", "A"), ("C", "C"), ("G", "G"), ("T", "T"), ("U", "T"), ("R", "AG"), ("Y", "CT"), ("S", "CG"),
        ("W", "AT"), ("K", "GT"), ("M", "AC"), ("B", "CGT"), ("D", "AGT"), ("H", "ACT"), ("V", "ACG"),
        ("N", "ACGT"),
    ],
)  # fmt: skip
def test_codes_are_the_mean_of_their_bases(code: str, bases: str) -> None:
    expected = np.mean([encode_sequences([base])[0, 0] for base in bases], axis=0)
    np.testing.assert_allclose(encode_sequences([code])[0, 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(encode_sequences([code]), encode_sequences([code.lower()]))


def test_alphabet_may_spell_u() -> None:
    np.testing.assert_array_equal(encode_sequences(["ACGU"], "UGCA"), encode_sequences(["ACGT"], "TGCA"))


@pytest.mark.parametrize("letter", ["X", "-", " ", "?", "é", "Ω", "0"])
def test_unknown_sign_names_example_position_and_sign(letter: str) -> None:
    with pytest.raises(DataError, match=r"^b, position 3: .*Received: ") as caught:
        encode_sequences(["ACGT", f"AC{letter}T"], names=["a", "b"])
    assert str(caught.value).endswith(repr(letter))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequences": []}, "empty list"),
        ({"sequences": "ACGT"}, "not one string"),
        ({"sequences": ["ACG", "ACGT"]}, r"example 1: .* the first, 3;.*from 3 to 4.*Received: a sequence of length 4"),
        ({"sequences": [""]}, "example 0: .*empty string"),
        ({"sequences": ["ACG", 7]}, "example 1: .*Received: 7"),
        ({"sequences": ["ACG"], "names": []}, "Received: 0 names"),
        ({"sequences": ["ACG"], "alphabet": "ACGG"}, "alphabet='ACGG'"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        encode_sequences(**arguments)  # type: ignore[arg-type]

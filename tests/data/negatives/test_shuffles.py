from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.data.negatives.shuffles import dinucleotide_shuffle
from amber.errors import DataError


def pairs(row: np.ndarray) -> Counter[tuple[int, int]]:
    return Counter(zip(row[:-1].tolist(), row[1:].tolist(), strict=True))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 100))
def test_counts_of_pairs_and_both_ends_stay(letters: list[int], seed: int) -> None:
    codes = np.array([letters, letters[::-1]], dtype=np.uint8)
    shuffled = dinucleotide_shuffle(codes, np.random.default_rng(seed))
    assert shuffled.dtype == codes.dtype
    for before, after in zip(codes, shuffled, strict=True):
        assert pairs(before) == pairs(after)
        assert (before[0], before[-1]) == (after[0], after[-1])


def test_the_order_changes_and_the_seed_decides_it() -> None:
    codes = np.random.default_rng(0).integers(0, 4, (20, 200)).astype(np.uint8)
    kept = codes.copy()
    first, again, other = (dinucleotide_shuffle(codes, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(codes, kept)
    assert (first != other).mean() > 0.5 and (first != codes).mean() > 0.5


def test_every_arrangement_is_as_likely() -> None:
    # AACAGA: the six orders of the three edges out of A with its loop first or between; each path ends in A.
    codes = np.repeat(np.array([[0, 0, 1, 0, 2, 0]], dtype=np.uint8), 6000, axis=0)
    found = Counter(map(bytes, dinucleotide_shuffle(codes, np.random.default_rng(0))))
    assert len(found) == 6
    assert max(found.values()) < 1.15 * min(found.values())


def test_a_letter_that_is_hardly_ever_left_in_another_way() -> None:
    codes = np.array([[0] * 5000 + [1]], dtype=np.uint8)
    np.testing.assert_array_equal(dinucleotide_shuffle(codes, np.random.default_rng(0)), codes)


def test_one_sequence_without_its_axis_is_refused() -> None:
    with pytest.raises(DataError, match="sequences, length"):
        dinucleotide_shuffle(np.zeros(5, dtype=np.uint8), np.random.default_rng(0))

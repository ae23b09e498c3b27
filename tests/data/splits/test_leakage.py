from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.one_hot import reverse_complement
from amber.data.examples import ArrayExamples, SequenceInput
from amber.data.splits.leakage import Leak, find_leaks, identical_across, overlapping_across
from amber.data.splits.parts import SplitIndices

DNA = Alphabet.of("dna")
ROWS = SplitIndices(np.arange(0, 6), np.arange(6, 8), np.arange(8, 12))


def examples(seed: int = 0) -> tuple[np.ndarray, ArrayExamples]:
    codes = np.random.default_rng(seed).integers(0, 4, (12, 200), dtype=np.uint8)
    return codes, ArrayExamples({"dna": codes}, {"dna": SequenceInput(DNA, 200)})


def test_nothing_is_found_among_random_sequences() -> None:
    assert find_leaks(examples()[1], ROWS) == []


def test_identical_and_near_identical_examples_are_counted_apart() -> None:
    codes, source = examples()
    codes[9] = codes[2]
    codes[10] = reverse_complement(codes[3], DNA)
    codes[6, :150] = codes[4, 50:]
    codes[11, :40] = codes[5, :40]
    found = find_leaks(source, ROWS)
    assert found == [
        Leak("identical", "test", "train", 2, 4, ((9, 2), (10, 3))),
        Leak("near-identical", "validation", "train", 1, 2, ((6, 4),)),
    ]
    assert found[0].describe() == (
        "2 of 4 test examples are identical to examples of the train part, such as example 9 and example 2; "
        "example 10 and example 3."
    )
    assert "f.csv, line 8 and f.csv, line 6" in found[1].describe(lambda row: f"f.csv, line {row + 2}")


def test_a_shared_example_of_validation_and_test_is_found() -> None:
    codes, source = examples()
    codes[8] = codes[7]
    assert [(leak.kind, leak.part, leak.other) for leak in find_leaks(source, ROWS)] == [
        ("identical", "test", "validation")
    ]


def test_text_can_be_compared_as_it_is() -> None:
    text = np.array(["A", "C", "G", "T", "AA", "CC", "A", "GG", "TT", "C", "C", "N"])
    found = identical_across(text, ROWS)
    assert [(leak.part, leak.other, leak.count, leak.pairs) for leak in found] == [
        ("validation", "train", 1, ((6, 0),)),
        ("test", "train", 2, ((9, 1), (10, 1))),
    ]


intervals = st.lists(
    st.tuples(st.sampled_from(["chr1", "chr2"]), st.integers(-5, 40), st.integers(0, 12)), min_size=6, max_size=40
)


@settings(deadline=None)
@given(intervals, st.randoms())
def test_overlaps_are_those_of_every_pair(given_intervals: list[tuple[str, int, int]], random: object) -> None:
    names, start, size = (np.array(each) for each in zip(*given_intervals, strict=True))
    columns = {"chromosome": names, "start": start, "end": start + size}
    order = np.array(random.sample(range(len(names)), len(names)))  # type: ignore[attr-defined]
    rows = SplitIndices(np.sort(order[2:]), order[:1], order[1:2])

    def overlap(a: int, b: int) -> bool:
        return bool(names[a] == names[b] and max(start[a], start[b]) < min((start + size)[a], (start + size)[b]))

    found = {(leak.part, leak.other): leak for leak in overlapping_across(columns, rows)}
    for part, other in (("validation", "train"), ("test", "train"), ("test", "validation")):
        mine, theirs = getattr(rows, part), getattr(rows, other)
        expected = sum(any(overlap(a, b) for b in theirs) for a in mine)
        leak = found.get((part, other))
        assert (leak.count if leak else 0) == expected
        assert all(overlap(a, b) for a, b in (leak.pairs if leak else ()))


def test_without_positions_there_are_no_overlaps() -> None:
    assert overlapping_across({"chromosome": np.array(["1"] * 12)}, ROWS) == []


@pytest.mark.parametrize("kind", ["identical", "near-identical", "overlapping"])
def test_each_kind_has_its_sentence(kind: str) -> None:
    said = Leak(kind, "test", "train", 1, 2000, ()).describe()
    assert said.startswith("1 of 2,000 test examples ") and said.endswith("the train part.")

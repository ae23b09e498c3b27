from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber.data.encoding.alphabets import Alphabet
from amber.data.examples import ArrayExamples, NumbersInput, SequenceInput
from amber.data.genomics import Genome, Windows, read_intervals
from amber.data.negatives.matched import matched_windows, with_shuffled_negatives
from amber.errors import DataError

LENGTH = 50


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Genome:
    """Two chromosomes whose GC content rises, with repeats in lower case and a run of N."""
    rng, lines = np.random.default_rng(0), []
    for name in ("chr1", "chr2"):
        share = np.linspace(0.1, 0.45, 20_000)
        draws = rng.random(20_000)
        text = np.where(draws < share, "G", np.where(draws < 2 * share, "C", np.where(draws < 0.5 + share, "A", "T")))
        repeat = (np.arange(20_000) // 500) % 3 == 0
        text = np.where(repeat, np.char.lower(text), text)
        text[5000:5500] = "N"
        lines.append(f">{name}\n{''.join(text)}\n")
    path = tmp_path_factory.mktemp("genome") / "g.fa"
    path.write_text("".join(lines))
    return Genome(path)


def positives(count: int, seed: int = 1) -> Windows:
    rng = np.random.default_rng(seed)
    start = rng.integers(6000, 19_900, count)
    strand = np.array(["+", "-"])[rng.integers(0, 2, count)]
    return Windows(np.array(["chr1"] * count, dtype=object), start, start + LENGTH, strand, np.arange(count))


def shares(genome: Genome, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    text = genome.fetch_codes(windows.chromosome, windows.start, windows.end)
    return np.isin(text, list(b"GCgc")).mean(axis=1), (text > 96).mean(axis=1)


def test_matched_windows_have_the_composition_of_their_positives(genome: Genome, tmp_path: Path) -> None:
    (tmp_path / "no.bed").write_text("chr1\t0\t9000\n2\t10000\t12000\n")
    given_windows = positives(60)
    found = matched_windows(genome, given_windows, 2, excluded=[read_intervals(tmp_path / "no.bed")], seed=4)
    assert len(found) > 100 and np.bincount(found.interval).max() == 2
    mine, theirs = shares(genome, found), shares(genome, given_windows)
    assert np.abs(mine[0] - theirs[0][found.interval]).max() <= 0.02
    assert np.abs(mine[1] - theirs[1][found.interval]).max() <= 0.1
    assert (found.strand == given_windows.strand[found.interval]).all()
    first = found.chromosome == "chr1"
    assert (found.start[first] >= 9000).all()
    assert not ((found.start[~first] < 12_000) & (found.end[~first] > 10_000)).any()
    for start, end in zip(found.start[first], found.end[first], strict=True):
        assert not ((given_windows.start < end) & (given_windows.end > start)).any()
    assert not (genome.fetch_codes(found.chromosome, found.start, found.end) == ord("N")).any()


def test_the_same_seed_draws_the_same_windows(genome: Genome) -> None:
    one, other, third = (matched_windows(genome, positives(20), seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.start, other.start) and not np.array_equal(one.start, third.start)


def test_says_how_many_have_no_match(genome: Genome, tmp_path: Path) -> None:
    (tmp_path / "all.bed").write_text("chr1\t0\t20000\nchr2\t0\t19900\n")
    found = matched_windows(genome, positives(10), excluded=[read_intervals(tmp_path / "all.bed")])
    assert len(found) < 10
    assert found.notes[-1] == f"The genome has no window that matches for {10 - len(found)} of 10 negatives."


def test_windows_that_cannot_be_drawn_are_refused(genome: Genome) -> None:
    none = positives(0)
    with pytest.raises(DataError, match="need positive ones"):
        matched_windows(genome, none)
    long = Windows(np.array(["chr1"], dtype=object), np.array([0]), np.array([30_000]), np.array(["+"]), np.array([0]))
    with pytest.raises(DataError, match="at least 30,000 bases. Received: the longest has 20,000"):
        matched_windows(genome, long)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 20), st.integers(1, 3), st.integers(0, 1000))
def test_shuffled_negatives_keep_the_dinucleotides_of_their_positives(count: int, number: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 4, (count, 40), dtype=np.uint8)
    source = ArrayExamples(
        {"dna": codes, "age": np.arange(count, dtype=np.float32)[:, None]},
        {"dna": SequenceInput(Alphabet.of("dna"), 40), "age": NumbersInput(1)},
        {"chromosome": np.array([f"chr{row}" for row in range(count)], dtype=object)},
    )
    found = with_shuffled_negatives(source, number, seed)
    assert len(found) == count * (number + 1) and (found.columns["label"] == "negative").sum() == count * number
    pair = found.columns["pair"]
    read = found.read(np.arange(len(found)))

    def pairs_of(row: np.ndarray) -> list[int]:
        return np.bincount(row[:-1] * 4 + row[1:], minlength=16).tolist()

    for row in range(len(found)):
        assert pairs_of(read["dna"][row]) == pairs_of(codes[pair[row]])
        assert read["age"][row] == pair[row] and found.columns["chromosome"][row] == f"chr{pair[row]}"
    again = with_shuffled_negatives(source, number, seed)
    assert found.fingerprint == again.fingerprint


def test_shuffles_need_sequences() -> None:
    numbers = ArrayExamples({"age": np.zeros((2, 1), dtype=np.float32)}, {"age": NumbersInput(1)})
    with pytest.raises(DataError, match="sequences of one length. Received: the inputs age"):
        with_shuffled_negatives(numbers)

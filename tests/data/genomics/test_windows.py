"""Windows around intervals: where they lie, which strand is read, and what becomes of those that leave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.data.genomics import Genome, Intervals, read_intervals, windows
from amber.errors import DataError

SEQUENCE = "ACGTTGCAAGTCCGATTACG" * 5


@pytest.fixture
def genome(tmp_path: Path) -> Genome:
    path = tmp_path / "g.fa"
    path.write_text(f">chrI\n{SEQUENCE}\n>chrII\n{SEQUENCE[:30]}\n>chrM\n{SEQUENCE[:5]}\n")
    return Genome(path)


def peaks(folder: Path, rows: str, name: str = "p.bed") -> Intervals:
    path = folder / name
    path.write_text(rows.replace(" ", "\t"))
    return read_intervals(path)


@given(start=st.integers(20, 40), size=st.integers(0, 9), length=st.integers(1, 12), minus=st.booleans())
def test_the_other_strand_is_the_mirror_image(
    tmp_path_factory: pytest.TempPathFactory, start: int, size: int, length: int, minus: bool
) -> None:
    """What is read of a feature on the minus strand is what is read of it after the genome was turned round."""
    folder = tmp_path_factory.getbasetemp() / "mirror"
    folder.mkdir(exist_ok=True)
    turned = SEQUENCE.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    path = folder / "both.fa"
    if not path.exists():
        path.write_text(f">a\n{SEQUENCE}\n>b\n{turned}\n")
    both, end, total = Genome(path), start + size, len(SEQUENCE)
    sign, other = ("-", "+") if minus else ("+", "-")
    rows = f"a {start} {end} x 0 {sign}\nb {total - end} {total - start} x 0 {other}\n"
    intervals = peaks(folder, rows)
    for centre in ("middle", "start") if size else ("middle",):
        found = windows(intervals, length, both, centre=centre)
        codes = both.fetch_codes(found.chromosome, found.start, found.end, found.strand)
        assert bytes(codes[0]) == bytes(codes[1]) and len(codes[0]) == length
        if centre == "start":
            text = SEQUENCE if sign == "+" else turned
            assert (
                bytes(codes[0])[length // 2 :].decode()
                == text[(start if sign == "+" else total - end) :][: -(-length // 2)]
            )
        elif size == length:
            assert found.start[0] == start


def test_centres(tmp_path: Path, genome: Genome) -> None:
    rows = "chrI 10 20 a 1 + 1 1 1 2\nchrI 10 20 b 1 - 1 1 1 2\nchrI 30 41 c 1 . 1 1 1 -1\n"
    intervals = peaks(tmp_path, rows, "p.narrowPeak")
    summits = windows(intervals, 4, genome, centre="summit")
    assert summits.start.tolist() == [10, 11, 33] and summits.strand.tolist() == ["+", "-", "+"]
    assert summits.notes == ("1 of 3 intervals have no summit: their middle is taken.",)
    assert windows(intervals, 5, genome, centre="summit").start.tolist() == [10, 10, 33]
    assert windows(intervals, 5, genome).start.tolist() == [13, 12, 33]
    forward = windows(intervals, 4, genome, centre="start", strand="forward")
    assert forward.start.tolist() == [8, 17, 28] and set(forward.strand) == {"+"}
    assert windows(intervals, 4, genome, centre="start").start.tolist() == [8, 18, 28]
    with pytest.raises(DataError, match="choose centre='middle'. Received: BED3 without any"):
        windows(peaks(tmp_path, "chrI 1 5\n"), 3, genome, centre="summit")


def test_ends_of_chromosomes(tmp_path: Path, genome: Genome) -> None:
    intervals = peaks(tmp_path, "1 0 4\nI 50 52\n2 28 30\n2 40 50\nchrM 1 3\nchrZ 5 9\n")
    found = {each: windows(intervals, 10, genome, at_end=each) for each in ("drop", "pad", "shift")}
    assert {each: list(zip(w.chromosome, w.start.tolist(), strict=True)) for each, w in found.items()} == {
        "drop": [("chrI", 46)],
        "pad": [("chrI", -3), ("chrI", 46), ("chrII", 24), ("chrM", -3)],
        "shift": [("chrI", 0), ("chrI", 46), ("chrII", 20)],
    }
    assert found["shift"].interval.tolist() == [0, 1, 2] and (found["shift"].end - found["shift"].start == 10).all()
    beyond = "1 of 6 intervals end beyond their chromosome and were dropped"
    foreign = f"p.bed: {beyond}, the first in line 4: is this their genome?"
    assert found["drop"].notes == (
        "Chromosomes are found in the genome g.fa under other names: 1 as chrI, I as chrI, 2 as chrII.",
        "p.bed: 1 of 6 intervals were dropped, the first in line 6: g.fa does not have their chromosomes, 'chrZ'.",
        foreign,
        "p.bed: 3 of 6 windows leave their chromosome and were dropped, the first in line 1.",
    )
    assert found["pad"].notes[3] == (
        "p.bed: 3 of 6 windows leave their chromosome and are padded with N, the first in line 1."
    )
    assert found["shift"].notes[3:] == (
        "p.bed: 1 of 6 windows are longer than their chromosome and were dropped, the first in line 5.",
        "p.bed: 2 of 6 windows were shifted into their chromosome, the first in line 1.",
    )
    pad = found["pad"]
    codes = genome.fetch_codes(pad.chromosome, pad.start, pad.end, pad.strand, at_end="pad")
    assert bytes(codes[0]).decode() == "NNN" + SEQUENCE[:7] and bytes(codes[3]).decode() == "NNN" + SEQUENCE[:5] + "NN"


@pytest.mark.parametrize(("rows", "inside"), [("2 29 30", 1), ("2 29 29", 1), ("2 30 30", 0), ("2 29 31", 0)])
def test_an_interval_lies_within_if_the_base_before_its_end_does(
    tmp_path: Path, genome: Genome, rows: str, inside: int
) -> None:
    assert len(windows(peaks(tmp_path, f"{rows}\n"), 1, genome, at_end="pad")) == inside


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "chrI 50 52\nchrI 2 4\n",
            "line 2: an interval and its window of 10 bases must lie .*of 100; .*window -2 to 8",
        ),
        ("chrI 50 52\nchrI 95 101\n", "line 2: .*interval 95 to 101"),
        ("chrI 50 52\nchrQ 2 4\n", "line 2: the genome g.fa must have .* Received: 'chrQ'"),
    ],
)
def test_windows_that_are_refused(tmp_path: Path, genome: Genome, rows: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as raised:
        windows(peaks(tmp_path, rows), 10, genome, at_end="refuse")
    assert raised.value.line == 2


def test_another_genome_and_bad_arguments(tmp_path: Path, genome: Genome) -> None:
    intervals = peaks(tmp_path, "scaffold_1 5 9\nscaffold_2 5 9\n")
    with pytest.raises(DataError, match="line 1: the genome g.fa must have .*It has 'chrI', 'chrII', 'chrM'"):
        windows(intervals, 10, genome)
    assert len(windows(peaks(tmp_path, "# nothing\n"), 10, genome, centre="summit")) == 0
    with pytest.raises(DataError, match="`centre` must be one of 'middle', 'summit', 'start'. Received: 'end'"):
        windows(intervals, 10, genome, centre="end")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="length must be a positive integer. Received: 0"):
        windows(intervals, 0, genome)


def test_windows_are_whole_numbers(tmp_path: Path, genome: Genome) -> None:
    found = windows(peaks(tmp_path, "chrI 50 53\n"), 4, genome)
    whole = windows(peaks(tmp_path, "chrII 0 10\nchrII 20 30\n"), 10, genome)
    assert whole.start.tolist() == [0, 20] and len(whole.notes) == 0
    assert found.start.dtype == found.end.dtype == found.interval.dtype == np.int64 and len(found) == 1

"""Windows around intervals as examples: classes by file, labels by overlap, bins, tables, and what cannot be used."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from amber.data.encoding.alphabets import Alphabet
from amber.data.sources import IntervalsSource, Wanted
from amber.data.sources.windows_on_genome import GenomeWindows
from amber.errors import DataError

CHROMOSOME = "".join("ACGTTGCAAC"[(7 * k + k // 10) % 10] for k in range(1000))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "g.fa").write_text(f">chr1\n{CHROMOSOME}\n>chr2\n{CHROMOSOME[:500].lower()}\n")
    (tmp_path / "a.bed").write_text("chr1\t100\t110\tx\t5\t-\nchr2\t5\t9\ty\t7\t+\nchr1\t200\t210\tz\t1\t+\n")
    (tmp_path / "b.bed").write_text("1\t300\t310\n")
    return tmp_path


def _examples(folder: Path, intervals: object, wanted: Wanted | None = None, **settings: object) -> GenomeWindows:
    values: dict[str, object] = {"genome": "g.fa", "window": 20, **settings}
    return IntervalsSource(intervals, **values).at(folder).examples(wanted or Wanted())  # type: ignore[arg-type]


def test_windows_are_read_along_the_strand(folder: Path) -> None:
    examples = _examples(folder, "a.bed")
    again = pickle.loads(pickle.dumps(examples))
    dna = Alphabet.of("dna")
    forward = dna.codes(CHROMOSOME.encode())
    read = again.read(np.array([1, 0]))["sequence"]
    assert read[0].tolist() == forward[195:215].tolist()
    assert read[1].tolist() == dna.complement()[forward[95:115]][::-1].tolist()
    assert examples.columns["start"].tolist() == [95, 195]
    assert examples.columns["score"].tolist() == [5, 1]
    assert "a.bed: 1 of 3 windows leave their chromosome and were dropped, the first in line 2." in examples.notes
    assert examples.describe(1) == f"{folder / 'a.bed'}, line 3"
    assert again.fingerprint == examples.fingerprint != _examples(folder, "a.bed", strand="forward").fingerprint
    assert len(pickle.dumps(examples)) < 10_000


def test_a_window_beyond_the_end_is_padded_with_unknown(folder: Path) -> None:
    padded = _examples(folder, "a.bed", at_end="pad").read(np.array([1]))["sequence"][0]
    assert padded[:3].tolist() == [4, 4, 4] and padded[3:].max() < 4
    with pytest.raises(DataError, match=r"a\.bed, line 2: .*choose at_end: drop, pad or shift"):
        _examples(folder, "a.bed", at_end="refuse")


def test_one_file_for_each_class_and_names_without_chr(folder: Path) -> None:
    examples = _examples(folder, {"bound": "a.bed", "free": "b.bed"})
    assert examples.columns["label"].tolist() == ["bound", "bound", "free"]
    assert examples.columns["chromosome"].tolist() == ["chr1", "chr1", "chr1"]
    assert examples.describe(2) == f"{folder / 'b.bed'}, line 1"
    assert any("1 as chr1" in note for note in examples.notes)


def test_a_table_keeps_its_other_columns(folder: Path) -> None:
    (folder / "t.tsv").write_text("chrom\tstart\tend\tReb1\tsplit\nchr1\t100\t110\t1\ttrain\nchr1\t300\t310\t0\ttest\n")
    examples = _examples(folder, "t.tsv")
    assert examples.columns["Reb1"].tolist() == ["1", "0"]
    assert examples.columns["split"].tolist() == ["train", "test"]


def test_labels_by_the_share_that_is_covered(folder: Path) -> None:
    (folder / "half.bed").write_text("chr1\t100\t105\nchr1\t205\t208\nchr1\t206\t211\n")
    (folder / "none.bed").write_text("chr7\t1\t9\n")
    examples = _examples(folder, "a.bed", labels={"h": "half.bed", "n": "none.bed"})
    # 5 of 10 bases are no more than half; 5 bases of the second, from two that overlap, either.
    assert examples.columns["h"].tolist() == [0, 0]
    assert _examples(folder, "a.bed", labels={"h": "half.bed"}, overlap=0.4).columns["h"].tolist() == [1, 1]
    assert examples.columns["n"].tolist() == [0, 0]
    assert any("none.bed covers nothing of the genome" in note for note in examples.notes)


def test_bins_by_the_rule_of_deepsea(folder: Path) -> None:
    (folder / "p.bed").write_text("chr1\t150\t301\nchr1\t500\t700\n")
    (folder / "q.bed").write_text("chr2\t90\t300\nchr1\t599\t601\n")
    examples = _examples(folder, {"p": "p.bed", "q": "q.bed"}, bins=100, window=120)
    rows = list(zip(*(examples.columns[name].tolist() for name in ("chromosome", "start", "p", "q")), strict=True))
    # Bin 100 of chr1 is covered by exactly a half, which is not more than a half; the first base of 300 is not either.
    assert rows == [
        ("chr1", 190, 1, 0),
        ("chr1", 490, 1, 0),
        ("chr1", 590, 1, 0),
        ("chr2", 90, 0, 1),
        ("chr2", 190, 0, 1),
    ]
    assert examples.describe(0) == f"{folder / 'g.fa'}, bin of 100 bases 3 (chr1)"
    any_base = _examples(folder, {"p": "p.bed", "q": "q.bed"}, bins=100, window=120, overlap=0.0)
    # Five bins of chr1, three of chr2, of which the window around the first leaves the chromosome.
    assert len(any_base) == 7


def test_bins_without_a_peak_are_refused_with_a_way_out(folder: Path) -> None:
    with pytest.raises(DataError, match="write a smaller `overlap`"):
        _examples(folder, {"p": "a.bed", "q": "b.bed"}, bins=200)


def test_features_of_one_type(folder: Path) -> None:
    lines = ["chr1\tx\tgene\t101\t110\t.\t+\t.\tID=a", "chr1\tx\texon\t201\t210\t.\t+\t.\tID=b"]
    (folder / "x.gff3").write_text("##gff-version 3\n" + "\n".join(lines) + "\n")
    assert _examples(folder, "x.gff3", feature="exon", centre="start").columns["start"].tolist() == [190]
    with pytest.raises(DataError, match=r"of the type 'CDS'; it has 'exon', 'gene'"):
        _examples(folder, "x.gff3", feature="CDS")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("chr1\t20\t10\n", r"x\.bed, line 1: an interval must not start after its end"),
        ("chr1\t-5\t10\n", r"x\.bed, line 1: the start must be an integer of at least 0"),
        ("chr1\t10\tend\n", r"x\.bed, line 1: the end must be an integer"),
        ("chrZ\t1\t10\n", r"x\.bed, line 1: .*must have the chromosomes.*It has 'chr1', 'chr2'.*'chrZ'"),
        ("chr1\t5000\t5010\n", r"none of 1\. .*is this their genome\?"),
        ("", r"x\.bed: expected intervals\. Received: none"),
        ("chrom,start,end,y\nchr1,9,a,0\n", r"x\.bed, line 2: the end must be an integer of at least 0"),
        ("chrom,start,end,y\nchr1,9,1,0\n", r"x\.bed, line 2: an interval must not start after its end"),
    ],
)
def test_intervals_that_cannot_be_used(folder: Path, content: str, message: str) -> None:
    (folder / "x.bed").write_text(content)
    with pytest.raises(DataError, match=message):
        _examples(folder, "x.bed")


def test_a_class_of_which_no_window_is_left_is_named(folder: Path) -> None:
    (folder / "far.bed").write_text("chr1\t9000000\t9000010\n")
    with pytest.raises(DataError, match="far.bed: expected intervals whose windows .* Received: none of 1"):
        _examples(folder, {"near": "a.bed", "far": "far.bed"})


def test_unsorted_lower_case_and_crlf_are_read(folder: Path) -> None:
    (folder / "x.bed").write_bytes(b"\xef\xbb\xbfchr2\t100\t110\r\nchr1\t50\t60\r\n")
    assert _examples(folder, "x.bed").read(np.array([0]))["sequence"].max() < 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 0}, "window"),
        ({"bins": 0, "intervals": {"a": "a.bed"}}, "bins"),
        ({"bins": 200}, "`bins` needs a file of intervals for each label"),
        ({"intervals": {"a": "a.bed"}}, "two classes at least"),
        ({"intervals": ""}, "must name a file"),
        ({"overlap": 1.0}, "a share from 0 to below 1"),
        ({"negatives": 0}, "negatives must be a positive integer"),
        ({"centre": "end"}, "`centre` must be one of"),
    ],
)
def test_settings_that_cannot_be(folder: Path, settings: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        _examples(folder, settings.pop("intervals", "a.bed"), **settings)


def test_proteins_are_not_read_from_a_genome(folder: Path) -> None:
    from amber.data.encoding.coding import SequenceForm

    with pytest.raises(DataError, match="expected the alphabet dna or rna"):
        _examples(folder, "a.bed", Wanted(form=SequenceForm("protein")))


def test_a_table_may_write_strands_as_numbers(folder: Path) -> None:
    (folder / "t.tsv").write_text("chrom\tstart\tend\tstrand\tReb1\nchr1\t100\t110\t-1\t1\nchr1\t300\t310\t1\t0\n")
    assert _examples(folder, "t.tsv").columns["strand"].tolist() == ["-", "+"]

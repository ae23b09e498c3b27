"""Delimited tables as examples: separators, encodings, headers, inputs, unequal lengths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amber.data.encoding.alphabets import PADDING
from amber.data.encoding.coding import SequenceForm
from amber.data.examples import ArrayExamples, NumbersInput
from amber.data.sources import TableSource, Wanted
from amber.errors import DataError

ROWS = "seq,label,age\nACGT,a,1.5\nacgn,b,2\n"


def _read(path: Path, content: bytes | str, wanted: Wanted | None = None, **settings: object) -> ArrayExamples:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return TableSource(str(path), **settings).examples(wanted or Wanted()).held  # type: ignore[arg-type]


def test_a_table_gives_sequences_and_the_other_columns(tmp_path: Path) -> None:
    examples = _read(tmp_path / "t.csv", ROWS)
    assert examples.read(np.array([1, 0]))["seq"].tolist() == [[0, 1, 2, 4], [0, 1, 2, 3]]
    assert set(examples.columns) == {"label", "age"}
    assert examples.columns["label"].tolist() == ["a", "b"]
    assert examples.describe(1) == f"{tmp_path / 't.csv'}, line 3"


def test_blocks_of_numbers_and_sequences_with_their_own_alphabet(tmp_path: Path) -> None:
    wanted = Wanted(blocks={"dna": {"sequence": "seq"}, "chain": {"sequence": "aa", "alphabet": "protein"}, "n": "x_*"})
    examples = _read(tmp_path / "t.csv", "seq,aa,x_1,x_2,y\nAC,MK,1,2,0\nGT,LV,3,4,1\n", wanted)
    read = examples.read(np.arange(2))
    assert read["n"].tolist() == [[1, 2], [3, 4]] and read["n"].dtype == np.float32
    assert examples.inputs["n"] == NumbersInput(2, ("x_1", "x_2"))
    assert read["chain"].tolist() == [[10, 8], [9, 17]]
    assert set(examples.columns) == {"y"}


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (ROWS.replace(",", ";"), "semicolons between"),
        (ROWS.encode("utf-16"), "the encoding utf-16"),
        ("seq,label,age\nACGT,ä,1.5\nacgn,b,2\n".encode("latin-1"), "the encoding cp1252"),
        (b"\xef\xbb\xbf" + ROWS.replace("\n", "\r\n").encode(), ""),
    ],
)
def test_separator_and_encoding_are_recognised_and_said(tmp_path: Path, content: bytes | str, note: str) -> None:
    examples = _read(tmp_path / "t.csv", content)
    assert len(examples) == 2 and examples.columns["label"][0] in ("a", "ä")
    assert note in " ".join(examples.notes)


def test_a_table_without_a_header(tmp_path: Path) -> None:
    examples = _read(tmp_path / "t.tsv", "ACGTACGTA\t1\nACGTACGTC\t0\n")
    assert examples.columns["label"].tolist() == ["1", "0"]
    assert "has no header: its columns are called 'seq', 'label'" in " ".join(examples.notes)
    with pytest.raises(DataError, match="column 'seq'|a column of the file"):
        _read(tmp_path / "t.tsv", "ACGTACGTA\t1\nACGTACGTC\t0\n", header=True)


def test_a_given_separator_and_encoding(tmp_path: Path) -> None:
    examples = _read(tmp_path / "t.txt", "seq:label\nAC:ß\n".encode("cp1252"), separator=":", encoding="cp1252")
    assert examples.columns["label"].tolist() == ["ß"]
    with pytest.raises(DataError, match=r"t\.txt: expected text in ascii"):
        _read(tmp_path / "t.txt", "seq,label\nAC,ß\n", encoding="ascii")
    with pytest.raises(DataError, match="one character"):
        TableSource("t.txt", separator="::")


@pytest.mark.parametrize(
    ("align", "expected"),
    [
        ("left", [[0, 1, 2], [3, 3, PADDING]]),
        ("right", [[1, 2, 3], [PADDING, 3, 3]]),
        ("centre", [[1, 2, 3], [3, 3, PADDING]]),
    ],
)
def test_unequal_lengths_are_cut_and_filled_up_as_chosen(tmp_path: Path, align: str, expected: object) -> None:
    form = SequenceForm(length=3, align=align)  # type: ignore[arg-type]
    examples = _read(tmp_path / "t.csv", "seq,label\nACGT,a\nTT,b\n", Wanted(form=form))
    assert examples.read(np.arange(2))["seq"].tolist() == expected
    assert "1 of 2 sequences were cut" in " ".join(examples.notes)
    assert "1 of 2 sequences were filled up" in " ".join(examples.notes)


def test_centres_stay_in_the_middle(tmp_path: Path) -> None:
    examples = _read(tmp_path / "t.csv", "seq,label\nAACCA,a\nT,b\n", Wanted(form=SequenceForm(length=3)))
    assert examples.read(np.arange(2))["seq"].tolist() == [[0, 1, 1], [PADDING, 3, PADDING]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("seq,label\nACGT,a\nAC,b\n", r"line 3: all sequences must have the length of the first, 4.*data\.length"),
        ("seq,label\nACGT,a\nAC-T,b\n", r"line 3, position 3: expected letters of ACGT.*write N.*'-'"),
        ("seq,label\nACGT,a\nMKLV,b\n", r"line 3, position 3: .*is data\.alphabet right\?"),
        ("seq,label\nACGT,a\n,b\n", "line 3: a sequence must have at least one letter"),
    ],
)
def test_sequences_that_cannot_be_used(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _read(tmp_path / "t.csv", content)


def test_numbers_that_are_none_and_infinite(tmp_path: Path) -> None:
    wanted = Wanted(blocks={"x": "x"})
    for value in ("oops", "inf", "", "1,5"):
        with pytest.raises(DataError, match=r"t\.csv, line 3, column 'x': expected a finite number") as caught:
            _read(tmp_path / "t.csv", f'x,label\n1,a\n"{value}",b\n', wanted)
        assert caught.value.field == ("inputs", "x")


@pytest.mark.parametrize(("form", "key"), [({"align": "up"}, "align"), ({"length": 0}, "length")])
def test_a_form_that_cannot_be(form: dict[str, object], key: str) -> None:
    with pytest.raises(DataError, match=key):
        SequenceForm(**form)  # type: ignore[arg-type]

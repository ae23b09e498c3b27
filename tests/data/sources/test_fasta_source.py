"""FASTA files as examples: classes by file, labels by header or table, and what cannot be used."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from amber.data.encoding.coding import SequenceForm
from amber.data.sources import SOURCES, FastaSource, Wanted
from amber.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.fa").write_text(">one class=x\nACGT\n>two class=y\nAC\nGN\n")
    (tmp_path / "b.fa").write_bytes(b"\xef\xbb\xbf>three\r\nTTTT\r\n")
    (tmp_path / "t.csv").write_text("name,y,split\ntwo,1,train\nthree,0,test\n")
    return tmp_path


def test_one_file_for_each_class(folder: Path) -> None:
    source = FastaSource({"pos": "a.fa", "neg": "b.fa"}).at(folder)
    examples = pickle.loads(pickle.dumps(source.examples(Wanted())))
    assert examples.columns["label"].tolist() == ["pos", "pos", "neg"]
    assert examples.columns["name"].tolist() == ["one", "two", "three"]
    assert examples.read(np.array([2, 1]))["sequence"].tolist() == [[3, 3, 3, 3], [0, 1, 2, 4]]
    assert examples.describe(1) == f"{folder / 'a.fa'}, line 3 (two)"
    assert dict(source.files()) == {("fasta", "pos"): str(folder / "a.fa"), ("fasta", "neg"): str(folder / "b.fa")}
    assert SOURCES.get("fasta") is FastaSource


def test_several_files_of_a_class(folder: Path) -> None:
    examples = FastaSource({"pos": ["a.fa", "b.fa"], "neg": "b.fa"}).at(folder).examples(Wanted())
    assert examples.columns["label"].tolist() == ["pos", "pos", "pos", "neg"]


@pytest.mark.parametrize(("pattern", "column"), [(r"class=(\w)", "label"), (r"class=(?P<kind>\w)", "kind")])
def test_labels_from_headers(folder: Path, pattern: str, column: str) -> None:
    examples = FastaSource("a.fa", labels=pattern).at(folder).examples(Wanted())
    assert examples.columns[column].tolist() == ["x", "y"]


def test_labels_from_a_table_by_name(folder: Path) -> None:
    examples = FastaSource(["a.fa", "b.fa"], table="t.csv").at(folder).examples(Wanted())
    assert examples.columns["y"].tolist() == ["1", "0"]
    assert examples.columns["split"].tolist() == ["train", "test"]
    assert examples.describe(1).endswith("b.fa, line 1 (three)")
    assert "1 of 3 sequences are left out: t.csv does not name them." in examples.notes


def test_proteins_of_unequal_length(folder: Path) -> None:
    (folder / "p.fa").write_text(">one\nMKLV*\n>two\nMX\n")
    form = SequenceForm("protein", "longest", "left")
    examples = FastaSource("p.fa").at(folder).examples(Wanted(form=form))
    assert examples.read(np.arange(2))["sequence"].shape == (2, 5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": r"class=(\w)"}, r"b\.fa, line 1 \(three\): expected a header in which the pattern"),
        ({"table": "u.csv"}, r"u\.csv, line 1: expected a column 'name'.*'id'"),
        ({"table": "u.csv", "name": "id"}, r"u\.csv: expected the names of the sequences, such as 'one'"),
        ({"table": "v.csv"}, r"v\.csv, line 3, column 'name': a name must stand once.*as in line 2"),
    ],
)
def test_labels_that_are_not_there(folder: Path, settings: dict[str, str], message: str) -> None:
    (folder / "u.csv").write_text("id,y\nnobody,1\n")
    (folder / "v.csv").write_text("name,y\none,1\none,0\n")
    with pytest.raises(DataError, match=message):
        FastaSource(["a.fa", "b.fa"], **settings).at(folder).examples(Wanted())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fasta": ""}, "must name a file"),
        ({"fasta": {"a": "a.fa"}}, "each of two classes"),
        ({"fasta": {"a": "a.fa", "b": "b.fa"}, "labels": "(x)"}, "left out"),
        ({"fasta": "a.fa", "labels": "(x"}, "regular expression"),
        ({"fasta": "a.fa", "labels": "x"}, "one group in parentheses"),
        ({"fasta": "a.fa", "labels": "(x)(y)"}, "one group in parentheses"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        FastaSource(**settings)  # type: ignore[arg-type]


def test_a_letter_that_is_none_is_named(folder: Path) -> None:
    (folder / "a.fa").write_text(">one\nACGT\n>two\nAC\nG?\n")
    with pytest.raises(DataError, match=r"a\.fa, line 3 \(two\), position 4: .*Received: '\?'"):
        FastaSource("a.fa").at(folder).examples(Wanted())

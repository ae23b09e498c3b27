"""Examples by number, and the alphabets their sequences are coded in."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from amber.data.encoding.alphabets import PADDING, Alphabet
from amber.data.encoding.sequences import encode_sequences
from amber.data.examples import ArrayExamples, Examples, NumbersInput, Places, Ragged, SequenceInput
from amber.errors import DataError

DNA = Alphabet.of("dna")


def _examples() -> ArrayExamples:
    codes = DNA.codes(b"ACGTAC").reshape(2, 3)
    return ArrayExamples(
        {"seq": codes, "size": np.array([[1.0], [2.0]], np.float32)},
        {"seq": SequenceInput(DNA, 3), "size": NumbersInput(1)},
        {"label": np.array(["a", "b"], dtype=object)},
        Places.in_file("x.csv", np.array([2, 4])),
    )


def test_examples_are_read_by_number_and_named_by_line() -> None:
    examples = _examples()
    assert isinstance(examples, Examples)
    read = pickle.loads(pickle.dumps(examples)).read(np.array([1, 0]))
    assert read["seq"].tolist() == [[3, 0, 1], [0, 1, 2]]
    assert read["size"].tolist() == [[2.0], [1.0]]
    assert examples.describe(1) == "x.csv, line 4"


def test_a_changed_letter_changes_the_fingerprint() -> None:
    examples = _examples()
    changed = examples.arrays["seq"].copy()
    changed[0, 0] = 1
    other = ArrayExamples({**examples.arrays, "seq": changed}, examples.inputs, examples.columns)
    assert other.fingerprint != examples.fingerprint == _examples().fingerprint


def test_columns_of_another_length_are_refused() -> None:
    with pytest.raises(DataError, match=r"label of 1"):
        ArrayExamples({"seq": np.zeros((2, 3), np.uint8)}, {"seq": SequenceInput(DNA, 3)}, {"label": np.array([1])})


def test_unequal_sequences_are_filled_up_with_padding() -> None:
    ragged = Ragged(DNA.codes(b"ACGTA"), np.array([2, 5]))
    assert ragged.rows(np.array([1, 0])).tolist() == [[2, 3, 0], [0, 1, PADDING]]


def test_channels_are_those_of_encode_sequences() -> None:
    text = "ACGTURYSWKMBDHVNacgtn"
    expected = encode_sequences([text])[0]
    np.testing.assert_allclose(DNA.channels()[DNA.codes(text.encode())], expected, atol=1e-7)
    assert DNA.channels("zeros")[DNA.unknown].tolist() == [0, 0, 0, 0]
    assert DNA.channels()[PADDING].tolist() == [0, 0, 0, 0]


def test_the_other_strand_of_each_code() -> None:
    codes = DNA.codes(b"ACGTRYSWKMBDHVN")
    assert DNA.complement()[codes].tolist() == DNA.codes(b"TGCAYRSWMKVHDBN").tolist()
    assert DNA.complement()[PADDING] == PADDING
    with pytest.raises(DataError, match="DNA and RNA only"):
        Alphabet.of("protein").complement()


def test_proteins_and_letters_of_ones_own() -> None:
    protein = Alphabet.of("protein")
    table = protein.channels()
    assert table[protein.codes(b"b")[0]].sum() == pytest.approx(1)
    assert protein.codes(b"X*")[0] == protein.unknown
    assert table[protein.codes(b"*")[0]].tolist() == table[protein.unknown].tolist()
    own = Alphabet.of("aB")
    assert own.codes(b"aB").tolist() == [0, 1]
    with pytest.raises(DataError, match="letters of aB") as caught:
        own.codes(b"aBb")
    assert caught.value.field == ("position", 2)


@pytest.mark.parametrize("written", ["", "A", "AA", "A C", 3])
def test_no_alphabet(written: object) -> None:
    with pytest.raises(DataError, match="alphabet"):
        Alphabet.of(written)  # type: ignore[arg-type]

"""How data become inputs: round trips, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.data.encoding.sequences import encode_sequences
from amber.errors import ConfigError, DataError
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.trained.preprocessing import Preprocessing

RECORD: dict[str, Any] = {
    "inputs": {"dna": [6, 4], "signal": [6, 2], "age": [1]},
    "outputs": {"kind": ["off", "on"], "marks": {"labels": ["Reb1", "Abf1"], "missing": True}, "level": None},
    "scaling": {"age": {"mean": [40.0], "scale": [10.0]}},
    "output_scaling": {"level": {"mean": [10.0], "scale": [2.0]}},
}
SIGNAL = np.arange(24.0).reshape(2, 6, 2)


def preprocessing(**section: Any) -> Preprocessing:
    return Preprocessing.of_run(RECORD, DataSection(**section))


def test_inputs_are_what_the_network_reads() -> None:
    read = preprocessing().inputs({"dna": ["ACGTNA", "acgtra"], "signal": SIGNAL, "age": [50, 20]})
    np.testing.assert_array_equal(read["dna"], encode_sequences(["ACGTNA", "ACGTRA"]))
    np.testing.assert_array_equal(read["signal"], SIGNAL)
    np.testing.assert_allclose(read["age"], [[1.0], [-2.0]])
    again = preprocessing().inputs({"dna": read["dna"], "signal": SIGNAL, "age": [[50], [20]]})
    np.testing.assert_array_equal(again["dna"], read["dna"])


@pytest.mark.parametrize(
    ("section", "texts", "like"),
    [
        ({"length": 6, "align": "left"}, ["AC", "ACGTACGT"], [["AC", 0], ["ACGTAC", 0]]),
        ({"length": "longest", "align": "right"}, ["AC", "TTACGTAC"], [["AC", 4], ["ACGTAC", 0]]),
    ],
)
def test_other_lengths_are_fitted_as_in_training(
    section: dict[str, Any], texts: list[str], like: list[tuple[str, int]]
) -> None:
    found = preprocessing(**section).sequences["dna"].read(texts, "dna")
    for row, (letters, start) in zip(found, like, strict=True):
        expected = np.zeros((6, 4), "float32")
        expected[start : start + len(letters)] = encode_sequences([letters])[0]
        np.testing.assert_array_equal(row, expected)


def test_the_order_of_channels_and_unknown_letters_are_those_of_the_run() -> None:
    read = preprocessing(alphabet="TGCA", unknown="zeros").sequences["dna"].read(["ACGTNA"], "dna")
    expected = encode_sequences(["ACGTNA"], "TGCA")
    expected[0, 4] = 0
    np.testing.assert_array_equal(read, expected)


def test_json_round_trip() -> None:
    import json

    made = preprocessing(length=6)
    assert Preprocessing.from_dict(json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"dna": ["ACGTAC"], "signal": SIGNAL[:1]},
            "Expected the inputs dna, signal, age, by name. Received: dna, sig",
        ),
        (["ACGTAC"], "Expected a mapping with the inputs dna, signal, age. Received: list"),
        ({"dna": ["ACG", "ACGTAC"], "signal": SIGNAL, "age": [1, 2]}, "example 0: the network reads 6 letters. Rec"),
        ({"dna": ["ACGTAX", "ACGTAC"], "signal": SIGNAL, "age": [1, 2]}, "input 'dna', example 0.*Received: 'X'"),
        ({"dna": "ACGTAC", "signal": SIGNAL, "age": [1, 2]}, "expected a list of sequences, not one. Received: 'ACG"),
        (
            {"dna": ["ACGTAC", 3], "signal": SIGNAL, "age": [1, 2]},
            "example 1: expected a sequence as text. Received: 3",
        ),
        (
            {"dna": ["ACGTAC"] * 2, "signal": SIGNAL[:, :5], "age": [1, 2]},
            r"reads examples of shape \(6, 2\).*\(5, 2\)",
        ),
        ({"dna": ["ACGTAC"] * 2, "signal": SIGNAL, "age": ["x", 2]}, "Input 'age': expected numbers. .* Received: "),
        ({"dna": ["ACGTAC"] * 3, "signal": SIGNAL, "age": [1, 2]}, "same number of examples. Received: {'dna': 3"),
    ],
)
def test_what_does_not_fit_is_refused(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        preprocessing().inputs(given)


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("format_version", 2, ("format_version",)),
        ("inputs", None, ("inputs",)),
        ("scaling", [], ("scaling",)),
        ("scaling", {"age": {"mean": [1.0]}}, ("scaling",)),
        ("sequences", {"dna": {"alphabet": "ACGT"}}, ("sequences", "dna")),
        ("sequences", {"x": {"alphabet": "ACGT", "length": 6, "align": None, "unknown": "mean"}}, ("sequences", "x")),
        (
            "sequences",
            {"dna": {"alphabet": "ACGT", "length": 7, "align": None, "unknown": "mean"}},
            ("sequences", "dna"),
        ),
        (
            "sequences",
            {"dna": {"alphabet": "ACGT", "length": 6, "align": "up", "unknown": "mean"}},
            ("sequences", "dna"),
        ),
    ],
)
def test_damaged_files_are_refused_by_key(key: str, value: object, field: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as refused:
        Preprocessing.from_dict({**preprocessing().to_dict(), key: value})
    assert refused.value.field == field


def test_the_other_strand_of_every_kind_of_input() -> None:
    made = preprocessing()
    read = made.inputs({"dna": ["AACGTG", "ACGTAC"], "signal": SIGNAL, "age": [50, 20]})
    other = made.other_strand(read)
    np.testing.assert_array_equal(other["dna"], encode_sequences(["CACGTT", "GTACGT"]))
    np.testing.assert_array_equal(other["signal"], SIGNAL[:, ::-1])
    np.testing.assert_array_equal(other["age"], read["age"])
    numbers = Preprocessing.of_run({**RECORD, "inputs": {"age": [1]}}, DataSection())
    with pytest.raises(DataError, match="Both strands need an input of DNA or RNA sequences"):
        numbers.other_strand({"age": read["age"]})


def test_columns_of_every_kind_of_output_and_classes_that_are_called_as_columns_are() -> None:
    record = {**RECORD, "outputs": {"output": ["predicted", "name", "on"]}}
    found = [np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])]
    columns = Preprocessing.of_run(record, DataSection()).columns(found, ("name",))
    assert list(columns) == ["class predicted", "class name", "on", "predicted"]
    assert columns["predicted"] == ["name", "predicted"] and columns["on"] == ["0.300000", "0.100000"]
    several = preprocessing().columns([np.array([[0.4, 0.6]]), np.array([[0.1, 0.9]]), np.array([[1.5]])])
    assert {name: texts[0] for name, texts in several.items()} == {
        "kind_off": "0.400000",
        "kind_on": "0.600000",
        "kind_predicted": "on",
        "Reb1": "0.100000",
        "Abf1": "0.900000",
        "level": "13",
    }

"""Tables that spreadsheets open: text stays text, numbers stay numbers."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from amber.files.csv_text import csv_text

COMMANDS = [
    '=HYPERLINK("http://x.example","y")',
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "\n=1",
    "\x00=1",
    "＝1+1",
    "-",
    "=",
    "-1-1",
    "+1,2",
    "-inf",
]
NUMBERS = ["-3", "+4", "-0.25", "1e-3", "-1.5E+10", "3.", "-.5"]
TEXTS = ["", "positive", "a=b", "x-y", "a@b", "N/A", "-".join("ab")]


def cells(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("text", COMMANDS)
def test_what_a_spreadsheet_would_run_is_text(text: str, delimiter: str) -> None:
    (heading, row) = cells(csv_text([text, "b"], [[text, 1]], delimiter=delimiter), delimiter)
    assert heading[0] == row[0] == f"'{text}"


@pytest.mark.parametrize("text", NUMBERS + TEXTS)
def test_numbers_and_other_texts_stay_as_they_are(text: str) -> None:
    assert cells(csv_text(["a", "b"], [[text, 1]]))[1] == [text, "1"]


def test_values_are_written_in_full() -> None:
    row = [1, -2.5, 0.1 + 0.2, True, None, np.float64(-0.125), np.int64(-7)]
    assert cells(csv_text("abcdefg", [row]))[1] == ["1", "-2.5", "0.30000000000000004", "True", "", "-0.125", "-7"]


def test_quotes_and_delimiters_within_a_cell() -> None:
    assert cells(csv_text(["a"], [['x,"y"\nz']])) == [["a"], ['x,"y"\nz']]

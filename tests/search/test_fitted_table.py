"""Rankings on terminals of any width: all lines fit, and every architecture is there as a whole."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from amber.search.fitted_table import FoldedWords
from amber.search.ranking import front_table, ranking_table
from amber.search.result import SearchResult
from amber.search.trial import Trial

LONG = "conv64(k12)-batchnorm-maxpool(size2)-dropout0.3-conv32(k5,dilation{})+0-batchnorm-globalmaxpool-dense32"
WORDS = (LONG.format(2), LONG.format(4), "conv8-dense4")
TRIALS = tuple(
    Trial(number, (number,), str(number), "complete", 0.5 - number / 10, 1_234_567, 12_345_678, seconds=3.2,
          architecture=words)
    for number, words in enumerate(WORDS)
)  # fmt: skip


def shown(width: int, trials: tuple[Trial, ...] = TRIALS, **options: str) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(ranking_table(trials, metric="val_loss", **options))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def cells(lines: list[str]) -> list[str]:
    """Return the architectures, put together from the lines that they are folded into."""
    rows = [line.strip("│").split("│") for line in lines if line.startswith("│")]
    text = "".join(("\n" if row[0].strip() else "") + row[-1].strip() for row in rows)
    return text.split()


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(60, ["seconds", "FLOPs", "parameters"]), (80, ["seconds", "FLOPs"]), (120, []), (300, [])],
)
def test_every_architecture_is_there_at_any_width(width: int, left_out: list[str]) -> None:
    lines = shown(width)
    assert all(len(line) <= width for line in lines)
    assert cells(lines) == list(WORDS) and "…" not in "".join(lines)
    for column in ("seconds", "FLOPs", "parameters"):
        assert (column in lines[2]) == (column not in left_out)
    assert (f"Left out on a narrow screen: {', '.join(left_out)}" in "\n".join(lines)) == bool(left_out)


def test_short_architectures_leave_room_for_all_columns() -> None:
    assert "seconds" in shown(80, TRIALS[2:])[2]


def test_what_was_not_trained_is_said_at_any_width() -> None:
    invalid = Trial(9, (9,), "", "invalid", error="too short")
    for width in (60, 200):
        assert "Also proposed: 1 invalid" in "\n".join(shown(width, (*TRIALS, invalid)))


def test_a_table_that_is_shown_twice_is_the_same() -> None:
    table, texts = ranking_table(TRIALS), []
    for width in (60, 120, 60):
        console = Console(file=io.StringIO(), width=width, color_system=None)
        console.print(table)
        texts.append(console.file.getvalue())  # type: ignore[attr-defined]
    assert texts[0] == texts[2] and "FLOPs ┃" in texts[1] and len(table.columns) == 6


def test_the_front_is_folded_too() -> None:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(front_table(SearchResult(TRIALS, "val_loss", "maximize", 0), ("parameters",)))
    assert re.search(r"conv64\(k12\)-.*-\s", console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [1, 8, 14, 30, 200])
def test_folded_words_are_whole(width: int) -> None:
    lines = FoldedWords(LONG).lines(width)
    assert "".join(line.strip() for line in lines) == LONG
    assert all(len(line) <= width or line.count("-") <= 1 for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])
    assert FoldedWords("dense8").lines(width) == ["dense8"]

"""How the examples of a file are divided where it says so, says a part of it, or nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amber.data import Dataset, load_dataset
from amber.data.examples import ArrayExamples, NumbersInput
from amber.data.splits.division import SplitSpec, divide_examples
from amber.errors import DataError


def write(folder: Path, n: int = 40, **columns: list[object]) -> Path:
    names = ["seq", "label", *columns]
    rows = [[f"{'ACGT'[k % 4]}A", "ab"[k % 2], *(values[k] for values in columns.values())] for k in range(n)]
    path = folder / "d.csv"
    path.write_text("\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


PARTS: list[object] = ["train"] * 28 + ["val"] * 4 + ["test"] * 8


def sizes(data: Dataset) -> list[int]:
    return list(data.sizes.values())


def test_no_split_column(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path))
    assert data.split == "random" and sizes(data) == [28, 4, 8]
    assert data.split_origin == "drawn at random, stratified, seed 0 (guessed)"
    assert data.notes == ("No column says which examples train, validate and test: they are drawn at random.",)
    given = load_dataset(write(tmp_path), split="random")
    assert given.split_origin == "drawn at random, stratified, seed 0" and given.notes == ()
    assert given.fingerprint == data.fingerprint


@pytest.mark.parametrize("name", ["gsplit", "split", "Split", "GSPLIT"])
def test_a_split_column_is_found(tmp_path: Path, name: str) -> None:
    data = load_dataset(write(tmp_path, **{name: PARTS}))
    assert sizes(data) == [28, 4, 8] and data.split_origin == f"column {name} (guessed)" and data.notes == ()
    assert load_dataset(write(tmp_path, **{name: PARTS}), split=name).split_origin == f"column {name}"


def test_groups_are_known_however_parts_are_made(tmp_path: Path) -> None:
    groups: list[object] = [f"g{k // 4}" for k in range(40)]
    texts = ["".join(each) for each in np.random.default_rng(0).choice(list("ACGT"), (20, 60))]
    twice = tmp_path / "twice.csv"
    rows = [f"{texts[k // 2]},{'ab'[k // 2 % 2]}" for k in range(40)]
    twice.write_text("\n".join(["seq,label", *rows]) + "\n")
    for path, split in (
        (write(tmp_path, group=groups), "random"),
        (tmp_path / "d.csv", "grouped"),
        (twice, "similarity"),
    ):
        data = load_dataset(path, split=split)
        parts = [data.train.groups, data.validation.groups, data.open_test().groups]
        assert [len(each) for each in parts if each is not None] == sizes(data)
        kept = [set(each.tolist()) for each in parts if each is not None]
        assert len(set().union(*kept)) == (20 if split == "similarity" else 10)
        together = not (kept[0] & kept[1] or kept[0] & kept[2] or kept[1] & kept[2])
        assert together == (split != "random")
    assert load_dataset(write(tmp_path)).train.groups is None


def test_words_of_a_split_column(tmp_path: Path) -> None:
    words = {"train": "Train ", "val": "VALID", "test": " testing"}
    assert sizes(load_dataset(write(tmp_path, split=[words[str(part)] for part in PARTS]))) == [28, 4, 8]


def test_a_column_that_says_something_else(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, split=[k % 5 for k in range(40)]))
    assert data.split == "random"
    assert any("column split does not say the parts" in note and "'0', '1'" in note for note in data.notes)
    with pytest.raises(DataError, match="line 2: a split must be one of 'train', 'val', 'test'. Received: '0'"):
        load_dataset(write(tmp_path, split=[k % 5 for k in range(40)]), split="split")


def test_without_validation_one_is_drawn_from_training(tmp_path: Path) -> None:
    parts: list[object] = ["train"] * 32 + ["test"] * 8
    data = load_dataset(write(tmp_path, split=parts))
    assert sizes(data) == [28, 4, 8]
    assert data.notes == (
        "The column split names no validation examples: 4 of the training examples are drawn for it "
        "(stratified, seed 0).",
    )
    groups: list[object] = [f"chr{k // 4}" for k in range(40)]
    grouped = load_dataset(write(tmp_path, split=parts, group=groups))
    assert sizes(grouped) == [28, 4, 8] and "(whole groups, seed 0)" in grouped.notes[0]


def test_without_test_part(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, split=["train"] * 36 + ["dev"] * 4))
    assert sizes(data) == [28, 4, 8] and "names no test examples: 8 of the training" in data.notes[0]
    with pytest.raises(DataError, match="The train part must have at least one example.*`split: random`"):
        load_dataset(write(tmp_path, split=["val"] * 36 + ["test"] * 4))


@pytest.mark.parametrize("count", [3, 5, 24])
def test_groups_fill_every_part(tmp_path: Path, count: int) -> None:
    groups: list[object] = [f"chr{min(k // 2, count - 1)}" for k in range(48)]
    data = load_dataset(write(tmp_path, 48, group=groups), split="grouped")
    assert min(sizes(data)) > 0 and sum(sizes(data)) == 48
    assert data.split_origin == "drawn at random, groups of the column group kept together, seed 0"


def test_too_few_groups_and_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least three.*`split: random`. Received: 2 groups") as raised:
        load_dataset(write(tmp_path, group=[k % 2 for k in range(40)]), split="grouped")
    assert raised.value.field == ("split",)
    with pytest.raises(DataError, match="expected a column 'group'") as raised:
        load_dataset(write(tmp_path), split="grouped")
    assert raised.value.field == ("split", "column")
    ungrouped = load_dataset(write(tmp_path, group=[k % 9 for k in range(40)]))
    assert "`split: grouped` would do that." in ungrouped.notes[1]


def numbered(count: int, **columns: list[object]) -> ArrayExamples:
    arrays = {name: np.array(values) for name, values in columns.items()}
    numbers = np.arange(count, dtype=np.float32).reshape(-1, 1)
    return ArrayExamples({"n": numbers}, {"n": NumbersInput(1)}, arrays)


def test_examples_are_divided_by_a_column_with_a_part_drawn() -> None:
    said = numbered(40, Part=["Train"] * 30 + ["TEST"] * 10)
    division = divide_examples(said, SplitSpec("Part"), None)
    assert [len(part) for part in (division.rows.train, division.rows.validation, division.rows.test)] == [26, 4, 10]
    assert division.notes == (
        "The column Part names no validation examples: 4 of the training examples are drawn for it (at random, seed "
        "0).",
    )


def test_examples_are_divided_by_chromosome() -> None:
    source = numbered(40, chromosome=[f"chr{number % 4 + 1}" for number in range(40)])
    spec = SplitSpec("chromosomes", chromosomes={"test": ["2"]})
    division = divide_examples(source, spec, None)
    assert division.origin.endswith("test 'chr2'") and len(division.rows.test) == 10
    assert len(division.notes) == 1 and division.notes[0].startswith("No chromosome is named for the validation part")
    with pytest.raises(DataError, match="the others train. Received: chromosomes for 'train'"):
        divide_examples(source, SplitSpec("chromosomes", chromosomes={"train": ["1"]}), None)


def test_folds_keep_together_what_the_split_says() -> None:
    source = numbered(40, chromosome=[f"chr{number % 8}" for number in range(40)])
    division = divide_examples(source, SplitSpec("chromosomes", folds=4), None)
    assert len(division.folds) == 4 and division.rows is division.folds[0]
    assert division.origin == "4 folds, chromosomes kept together, seed 0"
    assert divide_examples(source, SplitSpec(folds=4), np.arange(40) % 2).origin == "4 folds, stratified, seed 0"
    with pytest.raises(DataError, match="Received: 4 folds and the split 'part'"):
        divide_examples(numbered(4, part=["train"] * 4), SplitSpec("part", folds=4), None)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="'chromosomes' needs the column 'chromosome'. Received: the columns 'age'"):
        divide_examples(numbered(3, age=[1, 2, 3]), SplitSpec("chromosomes"), None)


def test_identical_examples_stay_together() -> None:
    numbers = np.repeat(np.arange(10, dtype=np.float32), 3).reshape(-1, 1)
    source = ArrayExamples({"n": numbers}, {"n": NumbersInput(1)})
    division = divide_examples(source, SplitSpec("similarity"), None)
    parts = [set((part // 3).tolist()) for part in (division.rows.train, division.rows.validation, division.rows.test)]
    assert sum(map(len, parts)) == 10
    assert division.notes == ("30 examples make 10 groups of near-duplicates, the largest of 3.",)


def test_of_two_split_columns_the_one_that_is_used_is_said(tmp_path: Path) -> None:
    other = ["test"] * 28 + ["val"] * 4 + ["train"] * 8
    data = load_dataset(write(tmp_path, split=PARTS, gsplit=other))
    assert sizes(data) == [8, 4, 28] and data.split_origin == "column gsplit (guessed)"
    assert data.notes == (
        "The column split divides the examples otherwise, and is not used; `split: split` would take it.",
    )
    assert load_dataset(write(tmp_path, split=PARTS, gsplit=other), split="split").notes == ()
    alike = [{"val": "Valid"}.get(str(part), part) for part in PARTS]
    assert load_dataset(write(tmp_path, split=alike, gsplit=PARTS)).notes == ()
    by_case = load_dataset(write(tmp_path, Split=PARTS, split=other))
    assert " divides the examples otherwise, and is not used" in by_case.notes[0]

"""Named blocks: how columns are named, what is read, split and scaled, and what is said when they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.data import (
    BlockSpec,
    Scaling,
    TargetSpec,
    load_blocks,
    logistic_regression_baseline,
    mean_absolute_error,
    r2,
    ridge_baseline,
    split_columns,
)
from amber.errors import DataError

HEADER = ["id", "rna_1", "rna_2", "rna_3", "protein_a", "protein_b", "seq", "grade", "dose"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [",".join(HEADER)]
    for number in range(60):
        a, b, c, d, e = rng.normal(size=5)
        letters = "".join(rng.choice(list("ACGT"), 6))
        rows.append(f"{number},{a:.3f},{b:.3f},{c:.3f},{d:.3f},{e:.3f},{letters},{'hi' if a > 0 else 'lo'},{3 * d:.3f}")
    path = tmp_path / "cells.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("written", "columns"),
    [
        ("rna_1..rna_3", ["rna_1", "rna_2", "rna_3"]),
        ("rna_2 .. protein_a", ["rna_2", "rna_3", "protein_a"]),
        ("protein_*", ["protein_a", "protein_b"]),
        ("rna_2", ["rna_2"]),
        (["rna_3", "rna_1..rna_2", "rna_*"], ["rna_3", "rna_1", "rna_2"]),
        ({"sequence": "seq"}, ["seq"]),
    ],
)
def test_columns_of_a_block(written: Any, columns: list[str]) -> None:
    assert BlockSpec.parse(written).select(HEADER) == columns


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("rna_3..rna_1", "must run in the order of the file, where 'rna_3' comes after 'rna_1'"),
        ("rna_1..rna_9", r"Block 'b': expected a column.*Did you mean 'rna_3'\? Received: 'rna_9'"),
        ("dna_*", "expected a pattern that matches a column. Received: 'dna_"),
        ([], "Received: \\[\\]"),
        (3, "Received: 3"),
        ({"columns": "a"}, "Received: {'columns': 'a'}"),
    ],
)
def test_blocks_that_cannot_be(written: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        BlockSpec.parse(written, "b").select(HEADER, "b")


def test_blocks_of_a_table(table: Path) -> None:
    blocks = {"rna": "rna_*", "protein": ["protein_b", "protein_a"], "dna": {"sequence": "seq"}}
    found = load_blocks(table, blocks, {"grade": "grade"}, seed=1)
    assert found.input_shape == {"rna": (3,), "protein": (2,), "dna": (6, 4)}
    assert (len(found.train), len(found.validation), len(found.test)) == (42, 6, 12)
    assert found.classes == ("hi", "lo")
    assert found.train.y.shape == (42,)
    for block in ("rna", "protein"):
        np.testing.assert_allclose(found.train.x[block].mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(found.train.x[block].std(axis=0), 1, atol=1e-5)
    assert set(found.scaling) == {"rna", "protein"}
    assert set(np.unique(found.train.x["dna"])) == {0, 1}
    raw = load_blocks(table, blocks, {"grade": "grade"}, seed=1, standardize=False)
    np.testing.assert_allclose(found.scaling["rna"].apply(raw.test.open_test().x["rna"]), found.open_test().x["rna"])


def test_several_targets(table: Path) -> None:
    targets = {"grade": TargetSpec("grade", classes=["lo", "hi"]), "amount": TargetSpec("dose", "number")}
    found = load_blocks(table, {"rna": "rna_*", "protein": "protein_*"}, targets)
    assert found.classes == ()
    assert [(target.name, target.classes) for target in found.targets] == [("grade", ("lo", "hi")), ("amount", None)]
    assert found.train.y["amount"].shape == (42, 1)
    scaling = found.targets[1].scaling
    assert scaling is not None
    np.testing.assert_allclose(found.train.y["amount"].mean(), 0, atol=1e-5)
    test = found.open_test()
    grade = logistic_regression_baseline(found, test, target="grade")
    amount = ridge_baseline(found, test, target="amount")
    assert grade.accuracy > 0.7
    # The dose is three times a feature, to three digits.
    assert amount.r2 > 0.99
    assert amount.mae < 0.2
    with pytest.raises(DataError, match="one of the targets 'grade', 'amount'. Received: None"):
        ridge_baseline(found, test)
    with pytest.raises(DataError, match="has classes"):
        ridge_baseline(found, test, target="grade")
    with pytest.raises(DataError, match="is a number"):
        logistic_regression_baseline(found, test, target="amount")


def test_a_target_must_not_be_in_a_block(table: Path) -> None:
    with pytest.raises(DataError, match="Block 'all' must not hold the column 'dose'"):
        load_blocks(table, {"all": "rna_1..dose"}, {"dose": TargetSpec("dose", "number")})


def test_bad_fields_name_file_and_line(table: Path) -> None:
    table.write_text(table.read_text().replace("\n1,", "\n1,x", 1))
    with pytest.raises(DataError, match=r"cells.csv, line 3, column 'rna_1': expected a finite number. Received: 'x"):
        load_blocks(table, {"rna": "rna_*"}, {"grade": "grade"})


@pytest.mark.parametrize("split", ["fold", "grouped"])
def test_a_split_needs_its_column(table: Path, split: str) -> None:
    with pytest.raises(DataError, match=f"{table}, line 1: expected a column '(fold|group)'"):
        load_blocks(table, {"rna": "rna_*"}, {"grade": "grade"}, split)


def test_packaged_digits() -> None:
    blocks = {name: f"{name}_*" for name in ("fou", "fac", "kar", "pix", "zer", "mor")}
    found = load_blocks("mfeat", blocks, {"digit": "digit"}, seed=0)
    assert {name: shape[0] for name, shape in found.input_shape.items()} == {
        "fou": 76, "fac": 216, "kar": 64, "pix": 240, "zer": 47, "mor": 6
    }  # fmt: skip
    assert found.classes == tuple("0123456789")
    assert [len(part) for part in (found.train, found.validation, found.test)] == [1400, 200, 400]
    assert np.bincount(found.open_test().y).tolist() == [40] * 10


@pytest.mark.parametrize("where", [(0, 2), [0, 1], range(2), slice(None, 2), np.array([0, 1])])
def test_columns_of_an_array(where: Any) -> None:
    x = np.arange(12.0).reshape(3, 4)
    found = split_columns(x, {"a": where, "b": (2, 4)})
    np.testing.assert_array_equal(found["a"], x[:, :2])
    np.testing.assert_array_equal(found["b"], x[:, 2:])


@pytest.mark.parametrize("where", [(0, 5), (2, 2), [-1], "a", None])
def test_columns_outside_an_array(where: Any) -> None:
    with pytest.raises(DataError, match="Block 'a'"):
        split_columns(np.ones((3, 4)), {"a": where})


def test_scaling_round_trip() -> None:
    x = np.array([[1.0, 5.0], [3.0, 5.0]])
    scaling = Scaling.fit(x)
    assert scaling == Scaling.from_dict(scaling.to_dict())
    assert scaling.scale[1] == 1
    np.testing.assert_allclose(scaling.invert(scaling.apply(x)), x)
    with pytest.raises(DataError, match="Expected 2 columns"):
        scaling.apply(x[:, :1])


def test_scores_of_numbers() -> None:
    true = [1.0, 2.0, 3.0]
    assert r2(true, true) == 1
    assert r2(true, [2.0, 2.0, 2.0]) == 0
    assert np.isnan(r2([1.0, 1.0], [0.0, 1.0]))
    assert mean_absolute_error(true, np.array([[1.0], [2.0], [6.0]])) == 1
    with pytest.raises(DataError, match="one number for each"):
        r2(true, [1.0])

"""Several numbers of each example, and profiles: read, scaled, scored and turned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber.data import NumbersScore
from amber.data.baselines.linear_models import numbers_baseline
from amber.data.examples import ArrayExamples, NumbersInput
from amber.data.from_examples import DatasetSpec, load
from amber.data.sources import TableSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.targets.number_columns import read_numbers, scaling_of
from amber.data.targets.target import MISSING_NUMBER, Numbers, known_numbers
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

SPEC = DatasetSpec({"output": TargetSpec(columns=["u", "v"])}, SplitSpec("random"), one_input=True)


def _examples(**columns: object) -> ArrayExamples:
    count = len(next(iter(columns.values())))  # type: ignore[arg-type]
    x = np.zeros((count, 1), dtype=np.float32)
    return ArrayExamples({"x": x}, {"x": NumbersInput(1)}, {name: np.array(each) for name, each in columns.items()})


def _table(folder: Path, cells: dict[int, str] | None = None) -> TableSource:
    path = folder / "d.csv"
    rng = np.random.default_rng(0)
    rows = []
    for k in range(80):
        text = "".join("ACGT"[each] for each in rng.integers(0, 4, 8))
        v = (cells or {}).get(k, str(10 * text.count("G")))
        rows.append(f"{text},{text.count('A') + k / 1000},{v},{'xy'[k % 2]}\n")
    path.write_text("seq,u,v,kind\n" + "".join(rows))
    return TableSource.plain(str(path))


def test_numbers_and_text_become_columns_of_one_output() -> None:
    found = read_numbers(_examples(a=[1.5, 3, np.nan], b=["2", "", " NA "]), ["a", "b"], "here")
    assert found.numbers == Numbers(("a", "b"), missing=True)
    np.testing.assert_array_equal(found.y, [[1.5, 2], [3, np.nan], [np.nan] * 2])
    whole = read_numbers(_examples(a=[1, 2], b=[3, 4], c=["x", "y"]), "a..b", "here")
    assert whole.numbers == Numbers(("a", "b")) and whole.notes == ()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": ["1", "two"]}, r"example 1, column 'a': expected a number.*Received: 'two'"),
        ({"a": [1.0, np.inf]}, r"example 1, column 'a': expected finite numbers"),
        ({"a": [1e300, 1.0]}, r"example 0, column 'a': expected finite numbers"),
        ({"a": ["", "NA"]}, r"none of 'a' in 2 examples"),
        ({"b": [1.0, 2.0]}, r"here: .*column.*'a'"),
    ],
)
def test_values_that_are_no_numbers_are_named(columns: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_numbers(_examples(**columns), ["a"], "here")


def test_a_data_set_of_several_numbers_masks_those_that_are_missing(tmp_path: Path) -> None:
    data = load(_table(tmp_path, {3: "", 4: "NA"}), Wanted(), SPEC, "d")
    (target,) = data.targets
    assert target.units == 2 and target.task == "regression" and target.numbers == Numbers(("u", "v"), missing=True)
    assert target.describe() == "regression, 2 numbers u, v, some missing"
    parts = np.concatenate([data.train.y, data.validation.y, data.open_test().y])
    assert parts.shape == (80, 2) and (parts == np.float32(MISSING_NUMBER)).sum() == 2
    known = known_numbers(data.train.y)
    np.testing.assert_allclose(np.nanmean(known, axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(np.nanstd(known, axis=0), 1, atol=1e-6)
    assert any("2 numbers (1.2 %) are missing" in note for note in data.notes)


def test_outputs_of_several_kinds_stand_beside_each_other(tmp_path: Path) -> None:
    targets = {
        "kind": TargetSpec("kind"),
        "both": TargetSpec(columns=["u", "v"]),
        "one": TargetSpec("u", "number"),
        "is_x": TargetSpec(columns="flag", wide="labels"),
    }
    source = _table(tmp_path, {5: ""})
    path = tmp_path / "d.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([f"{lines[0]},flag", *(f"{line},{k % 2}" for k, line in enumerate(lines[1:]))]) + "\n")
    data = load(source, Wanted(), replace(SPEC, targets=targets), "d")
    assert [each.name for each in data.targets] == list(targets)
    assert {name: each.shape[1:] for name, each in data.train.y.items()} == {
        "kind": (),
        "both": (2,),
        "one": (1,),
        "is_x": (1,),
    }
    assert data.targets[0].classes == ("x", "y")
    assert np.array_equal(data.train.y["kind"], data.train.y["is_x"].reshape(-1))
    scale = data.targets[1].scaling
    assert scale is not None and data.targets[2].scaling is not None
    assert scale.mean[0] == pytest.approx(data.targets[2].scaling.mean[0])


def test_an_example_without_any_number_is_left_out(tmp_path: Path) -> None:
    source = _table(tmp_path, {7: ""})
    text = (tmp_path / "d.csv").read_text().splitlines()
    cells = text[8].split(",")
    text[8] = ",".join([cells[0], "", *cells[2:]])
    (tmp_path / "d.csv").write_text("\n".join(text) + "\n")
    data = load(source, Wanted(), SPEC, "d")
    assert sum(data.sizes.values()) == 79
    assert any("1 of 80 examples have no known number: left out." in note for note in data.notes)


def test_numbers_that_do_not_vary_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Column 'v': .*different values.*Received: 3 in each of") as raised:
        load(_table(tmp_path, dict.fromkeys(range(80), "3")), Wanted(), SPEC, "d")
    assert raised.value.field == ("targets", "output")


def test_a_linear_model_of_several_numbers(tmp_path: Path) -> None:
    data = load(_table(tmp_path, {3: ""}), Wanted(), SPEC, "d")
    found = numbers_baseline(data, data.open_test())
    assert found.predictions.shape[1] == 2 and found.score.per_number_r2["v"] > 0.9
    assert found.score.r2 == pytest.approx(sum(found.score.per_number_r2.values()) / 2)
    # In the unit of the data: counts of G come in tens.
    assert found.score.mae < 3
    with pytest.raises(DataError, match="does not have several numbers"):
        plain = load(_table(tmp_path), Wanted(), replace(SPEC, targets={"output": TargetSpec("u")}), "d")
        numbers_baseline(plain, plain.open_test())


def test_the_score_of_a_profile_is_that_of_each_signal_over_all_bins() -> None:
    numbers = Numbers(("p", "q"), bins=3, bin_width=10)
    rng = np.random.default_rng(0)
    true = rng.normal(size=(20, 6))
    found = true.copy()
    found[:, 1::2] += rng.normal(size=(20, 3))
    true[0, 0] = np.nan
    score = NumbersScore.of(true, found, numbers)
    assert list(score.per_number_pearson) == ["p", "q"] and score.per_number_pearson["p"] == pytest.approx(1)
    expected = np.corrcoef(true[:, 1::2].reshape(-1), found[:, 1::2].reshape(-1))[0, 1]
    assert score.per_number_pearson["q"] == pytest.approx(expected)
    assert score.to_dict()["records"] == 20
    with pytest.raises(DataError, match="Expected 6 numbers"):
        NumbersScore.of(true[:, :5], found[:, :5], numbers)


def test_all_bins_of_a_signal_have_one_scale_and_turn_together() -> None:
    numbers = Numbers(("p", "q"), bins=2, bin_width=5, partners=(1, 0))
    y = np.array([[1.0, 10, 3, 30], [5, 50, np.nan, 70]])
    scaling = scaling_of(numbers, y)
    assert scaling.mean == (3, 40, 3, 40)
    assert numbers.names == ("p_1", "q_1", "p_2", "q_2") and numbers.units == 4
    np.testing.assert_array_equal(numbers.turned(y[:1]), [[30, 3, 10, 1]])
    np.testing.assert_array_equal(numbers.turned(numbers.turned(y[:1])), y[:1])
    assert np.array_equal(Numbers(("p", "q")).turned(y[:1, :2]), y[:1, :2])

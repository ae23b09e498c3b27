"""The packaged data as they are, data of one's own, and the baseline."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from amber.data import (
    Dataset,
    Split,
    SplitSpec,
    Target,
    TargetSpec,
    TestVault,
    find_data,
    load_blocks,
    load_dataset,
    load_sequences,
    logistic_regression_baseline,
    read_table,
    ridge_baseline,
)
from amber.errors import DataError

ROWS = "seq,label,gsplit,group\nACGT,a,train,1\nTTTT,b,train,1\nACGA,a,val,2\nACGN,b,test,3\n"


@pytest.fixture(autouse=True)
def no_data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMBER_DATA_DIR", raising=False)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(ROWS)
    return path


def test_the_splice_file() -> None:
    table = read_table(find_data("splice"), ["id", "seq", "label", "group", "gsplit"])
    assert len(table) == 3190
    assert Counter(table["label"]) == {"N": 1655, "IE": 768, "EI": 767}
    assert {len(sequence) for sequence in table["seq"]} == {60}
    assert sum(bool(set(sequence) - set("ACGT")) for sequence in table["seq"]) == 15
    parts = defaultdict(set)
    for group, part in zip(table["group"], table["gsplit"], strict=True):
        parts[group].add(part)
    assert len(parts) < 3190
    assert {len(found) for found in parts.values()} == {1}


def test_splice_as_loaded() -> None:
    data = load_dataset("splice")
    assert (data.name, data.classes, data.input_shape) == ("splice", ("EI", "IE", "N"), (60, 4))
    assert (len(data.train), len(data.validation), len(data.test)) == (2230, 320, 640)
    assert data.train.x.dtype == np.float32
    test = data.open_test()
    y = np.concatenate([data.train.y, data.validation.y, test.y])
    assert np.bincount(y).tolist() == [767, 768, 1655]
    x = np.concatenate([data.train.x, data.validation.x, test.x])
    assert int((x.max(axis=-1) < 1).any(axis=-1).sum()) == 15


def test_drawn_splits() -> None:
    first, again, other = (load_dataset("splice", split="random", seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.train.x, again.train.x)
    assert not np.array_equal(first.train.x, other.train.x)
    np.testing.assert_allclose(np.bincount(first.train.y) / len(first.train), [0.24, 0.24, 0.52], atol=0.01)
    assert load_dataset("splice", split="grouped").split == "grouped"


def test_the_baseline_on_splice() -> None:
    data = load_dataset("splice")
    test = data.open_test()
    result = logistic_regression_baseline(data, test)
    assert 0.94 <= result.accuracy <= 0.97
    assert result.n == 640
    assert result.C in (0.01, 0.1, 1.0)
    counts = np.bincount(test.y)
    correct = sum(result.per_class_accuracy[name] * counts[i] for i, name in enumerate(data.classes))
    assert correct / 640 == pytest.approx(result.accuracy)


def test_the_baseline_is_fitted_again_to_training_and_validation_data() -> None:
    rng = np.random.default_rng(1)
    y = np.arange(40) % 2
    # What is to be learnt stands in the validation data only.
    noise, telling = np.stack([0 * y, rng.normal(size=40)], axis=1), np.stack([4.0 * y, 0 * y], axis=1)
    train, validation, test = Split(noise, y), Split(telling, y), Split(telling[:30], y[:30])
    data = Dataset("d", train, validation, TestVault(test), ("a", "b"), (2,))
    assert logistic_regression_baseline(data, test, refit=True).accuracy == 1
    assert logistic_regression_baseline(data, test).accuracy < 1
    number = Target("amount")
    amounts = Dataset("d", train, validation, TestVault(test), (), (2,), targets=(number,))
    assert ridge_baseline(amounts, test, refit=True).r2 > ridge_baseline(amounts, test).r2


def test_the_baseline_leaves_the_vault_closed_and_repeats() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    part = Split(y[:, None] + rng.normal(size=(40, 3)), y)
    data = Dataset("d", part, part, TestVault(part), ("a", "b"), (3,))
    assert logistic_regression_baseline(data, part) == logistic_regression_baseline(data, part)
    assert data.test_opened == 0


def test_the_baseline_refuses_what_it_cannot_fit() -> None:
    one = Split(np.zeros((3, 2)), np.zeros(3, dtype=int))
    data = Dataset("d", one, one, TestVault(one), ("a", "b"), (2,))
    with pytest.raises(DataError, match=r"at least two classes. Received: \['a'\]"):
        logistic_regression_baseline(data, one)
    with pytest.raises(DataError, match=r"inputs of shape \(2,\).*Received: \(5,\)"):
        logistic_regression_baseline(data, Split(np.zeros((3, 5)), np.zeros(3, dtype=int)))


def test_own_data(own: Path) -> None:
    data = load_sequences(own, label=TargetSpec("label", classes=["b", "a"]))
    assert (data.name, data.classes, data.split) == ("own", ("b", "a"), "gsplit")
    assert data.train.y.tolist() == [1, 0]
    np.testing.assert_array_equal(data.open_test().x[0, 3], [0.25] * 4)
    assert load_dataset(own).name == "own"
    grouped = load_sequences(own, split=SplitSpec("grouped", "group", fractions=(0.5, 0.25, 0.25)))
    assert [len(grouped.train), len(grouped.validation), len(grouped.test)] == [2, 1, 1]


def test_a_seed_beside_a_division_that_has_one_is_refused() -> None:
    assert load_dataset("splice", SplitSpec("random", seed=3), 3).fingerprint == (
        load_dataset("splice", "random", 3).fingerprint
    )
    with pytest.raises(DataError, match="Give the seed to the SplitSpec. Received: seed=4"):
        load_dataset("splice", SplitSpec("random", seed=3), 4)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("TTTT", "TTXT", r"own.csv, line 3, position 3: .*Received: 'X'"),
        ("TTTT", "TTT", r"line 3: .*the first, 4; cut.*N.*Received: a sequence of length 3"),
        ("b,train", ",train", "at least two classes.*Received: 1 examples of the class 'a'"),
        ("a,val", "a,exam", "line 4: a split must be one of .*Received: 'exam'"),
        ("seq,", "sequence,", "expected a column 'seq'.*'sequence'"),
    ],
)
def test_bad_own_data(own: Path, old: str, new: str, message: str) -> None:
    own.write_text(ROWS.replace(old, new))
    with pytest.raises(DataError, match=message):
        load_sequences(own, split="gsplit")


def test_former_arguments_of_the_loaders_still_work_and_say_what_to_write(own: Path) -> None:
    halves = (0.5, 0.25, 0.25)
    with pytest.warns(FutureWarning, match=r"Use split=SplitSpec\(split, group, seed, fractions\)\."):
        former = load_sequences(own, split=None, group="group", fractions=halves, seed=1)  # type: ignore[call-arg]
    current = load_sequences(own, split=SplitSpec("grouped", "group", 1, halves))
    assert former.fingerprint == current.fingerprint and former.split == "grouped"
    with pytest.warns(FutureWarning, match=r"Use label=TargetSpec\(column, task, classes\)\."):
        turned = load_dataset(own, "gsplit", classes=["b", "a"])  # type: ignore[call-arg]
    assert turned.classes == ("b", "a") and turned.split == "gsplit"
    with pytest.warns(FutureWarning, match="SplitSpec"):
        drawn = load_dataset(own, "random", 2, fractions=halves)  # type: ignore[call-arg]
    assert drawn.fingerprint == load_dataset(own, SplitSpec("random", seed=2, fractions=halves)).fingerprint
    with pytest.warns(FutureWarning, match="SplitSpec"):
        # `gsplit` is not looked for where blocks are read.
        blocks = load_blocks(own, {"dna": {"sequence": "seq"}}, {"y": "label"}, fractions=halves)  # type: ignore[call-arg]
    assert blocks.split == "random" and blocks.sizes == {"train": 2, "validation": 1, "test": 1}


@pytest.mark.parametrize(
    ("former", "message"),
    [
        ({"group": "group"}, "`group` must be None when a split is given. Received: split='auto', group='group'"),
        ({"split": SplitSpec(), "fractions": (0.5, 0.25, 0.25)}, "Give fractions to the SplitSpec"),
        ({"label": TargetSpec("label"), "task": "classes"}, "Give task to the TargetSpec"),
    ],
)
def test_former_arguments_beside_what_holds_them_now_are_refused(
    own: Path, former: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load_sequences(own, **former)  # type: ignore[arg-type]


def test_the_data_folder(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="'splice'.*AMBER_DATA_DIR is not set.*Received: 'own'"):
        load_dataset("own")
    monkeypatch.setenv("AMBER_DATA_DIR", str(tmp_path))
    assert find_data("own") == own
    assert find_data("own.csv") == own
    assert load_dataset("own").name == "own"
    shutil.copy(find_data("splice"), tmp_path / "other.csv.gz")
    assert find_data("other") == tmp_path / "other.csv.gz"
    with pytest.raises(DataError, match="'other', 'own', 'splice'.*Received: 'none'"):
        find_data("none")
    monkeypatch.setenv("AMBER_DATA_DIR", str(tmp_path / "gone"))
    with pytest.raises(DataError, match="which is not a folder"):
        find_data("own")


def test_importing_loads_no_heavy_library() -> None:
    code = "import sys, amber.data; sys.exit(str({'sklearn', 'pandas', 'keras', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "set()"

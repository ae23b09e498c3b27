"""A search in one call, from arrays and from files."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import amber
import amber.starting
from amber.data.from_arrays import dataset_from_arrays
from amber.errors import ConfigError, DataError, RunFailed, StorageError
from amber.experiment.running import ExperimentResult
from amber.starting import Found

RNG = np.random.default_rng(0)
SHORT = {"training": {"epochs": 1}, "final": {"epochs": 1, "ensemble": 1, "linear_term": False}}


def sequences(count: int, length: int = 40) -> list[str]:
    return ["".join(row) for row in RNG.choice(list("ACGT"), (count, length))]


MADE: list[keras.callbacks.Callback] = []


def callbacks() -> list[keras.callbacks.Callback]:
    MADE.append(keras.callbacks.LambdaCallback())
    return MADE[-1:]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    texts = sequences(120)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("work"))
        result: Found = amber.search(
            (texts, [text[0] in "AC" for text in texts]),
            "motif_cnn",
            budget=1,
            sections=SHORT,
            run_directory="mine",
            callbacks=callbacks,
        )
        return result


@pytest.mark.slow
def test_help_shows_what_a_search_in_one_call_takes() -> None:
    assert inspect.signature(amber.search) == inspect.signature(amber.starting.search)
    assert "amber.search(data)" in (amber.__doc__ or "")


def test_answers_of_what_was_found(found: Found) -> None:
    assert found.trials is not None and len(found.trials.ranked) == 1
    assert len(MADE) == 2  # the candidate's training, and the final one
    predicted = np.asarray(found.best_model.predict(sequences(3)))
    assert predicted.shape == (3, 2) and found.best_model.outputs == {"output": ("False", "True")}
    scores = found.evaluate()["output"]["scores"]
    assert set(scores["auroc"]) == {"value", "low", "high"}
    page = found.report()
    assert page.parent == found.run_directory and "mean" in page.read_text()


@pytest.mark.slow
def test_files_and_a_finished_run_that_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("bound", "free"):
        entries = [f">{name}{row}\n{text}\n" for row, text in enumerate(sequences(60))]
        (tmp_path / f"{name}.fa").write_text("".join(entries))
    found = amber.search(["bound.fa", "free.fa"], budget=1, sections=SHORT, run_directory="runs/it")
    assert found.best_model.outputs == {"output": ("free", "bound")}
    with pytest.raises(StorageError, match="The run directory runs/it is not empty"):
        amber.search(["bound.fa", "free.fa"], budget=1, sections=SHORT, run_directory="runs/it")
    again = amber.search(["bound.fa", "free.fa"], budget=1, sections=SHORT, run_directory="runs/it", resume=True)
    assert again.trials is None and again.best_model.outputs == found.best_model.outputs


def test_an_interrupted_search_has_no_model_yet(tmp_path: Path) -> None:
    found = Found(tmp_path, ExperimentResult(tmp_path, interrupted=True))
    for ask in (lambda: found.best_model, found.evaluate, found.explain):
        with pytest.raises(RunFailed, match="call again with resume=True"):
            ask()


PAIR = (["ACGT"] * 8, [0, 1] * 4)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (3, {}, "`data` must be a Dataset, the path of a file, several paths, .x, y., or batches of .*Received: 3"),
        (iter([]), {}, "data: expected at least one batch. Received: none"),
        (lambda: iter([1]), {}, "data, batch 0: expected a pair"),
        ("missing.fa", {}, "missing.fa"),
        ((["ACGT"] * 9, [0, 1] * 4), {}, "must have one label or number for each of the 9 examples"),
        ((["ACGT"] * 9, [0] * 9), {}, ""),
        ((["ACGT"] * 8, [0, 1] * 4), {"budget": 0}, "budget must be a positive integer. Received: 0"),
        (PAIR, {"label": "x"}, "`label` and `genome` are for files"),
        (PAIR, {"foo": 1}, "The options of a run are seed, trials, .* Received: foo=1"),
        (PAIR, {"budget": 0}, "budget must be a positive integer. Received: 0"),
        (PAIR, {"budget": 2, "trials": 3}, "`budget` and `trials` say the same"),
        (PAIR, {"budget": 2, "sections": {"search": {"trials": 3}}}, "`budget` and sections.*'trials'. say the same"),
        (PAIR, {"sections": 5}, "`sections` must be a dictionary of sections. Received: 5"),
        (PAIR, {"seed": -1}, "seed must be an integer from 0 to .* Received: -1"),
        (PAIR, {"n_trials": 3}, "The options of a run are .* Write `trials`. Received: n_trials=3"),
        (PAIR, {"objective": "val_loss"}, "`metric` is a key of the section `search`"),
        (PAIR, {"epochs": 3}, "`epochs` is a key of the section `training`"),
        (PAIR, {"training": {"epochs": 3}}, "`training` is a section of a configuration.*sections="),
        (PAIR, {"anything": 3}, "loggers. Received: anything=3"),
        (PAIR, {"resume": "yes"}, "resume must be True or False. Received: 'yes'"),
        (PAIR, {"start_with": "resnet"}, "start_with must be a list. Received: 'resnet'"),
        (PAIR, {"callbacks": [1]}, r"callbacks must be a function that returns Keras callbacks.* Received: \[1\]"),
    ],
)
def test_what_is_refused(data: Any, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        amber.search(data, run_directory=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("folder", [5, ""])
def test_a_run_directory_that_is_no_path_is_refused(folder: Any) -> None:
    with pytest.raises(ConfigError, match=f"run_directory must be the path of a file or folder. Received: {folder!r}"):
        amber.search(PAIR, run_directory=folder)


def test_arrays_of_every_kind() -> None:
    labels = ["a", "b"] * 20
    text = dataset_from_arrays(sequences(40), labels)
    assert text.input_shape == (40, 4) and text.classes == ("a", "b") and sum(text.sizes.values()) == 40
    one_hot = dataset_from_arrays(np.eye(4)[RNG.integers(0, 4, (40, 12))], RNG.normal(size=40))
    assert one_hot.input_shape == (12, 4) and one_hot.targets[0].classes is None
    several = dataset_from_arrays({"dna": sequences(40), "age": RNG.normal(size=(40, 2))}, labels)
    assert several.input_shape == {"dna": (40, 4), "age": (2,)}
    for wrong in (np.full((40, 2), np.nan), np.zeros((40, 2, 2, 2)), [object()] * 40, "ACGT"):
        with pytest.raises(DataError, match="Received"):
            dataset_from_arrays(wrong, labels)


class Numbered(keras.utils.PyDataset):
    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        super().__init__()
        self._x, self._y = x, y

    def __len__(self) -> int:
        return 4

    def __getitem__(self, number: int) -> Any:
        return self._x[number::4], self._y[number::4]


@pytest.mark.parametrize("kind", ["PyDataset", "generator function", "iterable"])
def test_batches_are_searched_on_as_their_arrays_are(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.eye(4, dtype=np.float32)[RNG.integers(0, 4, (60, 12))]
    numbered = Numbered(x, np.arange(60) % 2)
    batches = [numbered[number] for number in range(4)]
    data: Any = {"PyDataset": numbered, "generator function": lambda: iter(batches), "iterable": iter(batches)}[kind]
    given: list[Any] = []

    def resolved(dataset: Any, *_: Any, **__: Any) -> Any:
        given.append(dataset)
        raise ConfigError("enough")

    monkeypatch.setattr("amber.experiment.experiment.Experiment.from_objects", resolved)
    with pytest.raises(ConfigError, match="enough"):
        amber.search(data, run_directory=tmp_path / "run")
    expected = dataset_from_arrays(*(np.concatenate(each) for each in zip(*batches, strict=True)))
    assert given[0].fingerprint == expected.fingerprint

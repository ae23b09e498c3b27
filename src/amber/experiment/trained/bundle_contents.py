"""What a bundle holds, whether its network was found by a search or fine-tuned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from amber.data import Dataset
from amber.data.encoding.alphabets import Alphabet
from amber.display import one_line
from amber.errors import ConfigError, StorageError
from amber.experiment.trained.card import CardContents, card_text, files_of
from amber.experiment.trained.files import BUNDLE_MODEL, BUNDLE_PREPROCESSING
from amber.experiment.trained.preprocessing import Given, Preprocessing
from amber.files.output import naming, writing_folder
from amber.files.strict_json import json_text
from amber.files.whole import write_whole
from amber.types import Array, JsonObject
from amber.wording import said

if TYPE_CHECKING:
    import keras

_ONNX, _EXAMPLES = "model.onnx", "examples.json"
_MOST_EXAMPLES = 5


class Predicting(Protocol):
    """A network with its preprocessing, which predicts."""

    @property
    def network(self) -> keras.Model:
        """The Keras model."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How data become its inputs, and what its outputs mean."""

    def predict(self, inputs: Given) -> Array | dict[str, Array]:
        """Return predictions in classes, labels and units of the data."""


@dataclass(frozen=True)
class Bundle:
    """What was written.

    Attributes:
        folder: of the bundle.
        files: names of its files.
        notes: what could not be written, and why.
    """

    folder: Path
    files: tuple[str, ...]
    notes: tuple[str, ...]
    __repr__ = one_line


@dataclass(frozen=True)
class BundleContents:
    """What a bundle is made of.

    Attributes:
        model: the network, with its preprocessing.
        save: writes the network as a `.keras` file.
        name: of the run or training.
        record: what the card says of the network, as in `best.json`.
        scores: as in `test.json`.
        config: text of the configuration.
        dataset: what it was trained on; None where that is not available.
        motifs: `motifs.csv` of `amber explain`; empty where it was not run.
        fine_tuned: from what and how it was fine-tuned, in words; empty for the network of a search.
    """

    model: Predicting
    save: Callable[[Path], object]
    name: str
    record: JsonObject
    scores: JsonObject
    config: str
    dataset: Dataset | None
    motifs: str = ""
    fine_tuned: str = ""

    def write(self, folder: Path) -> Bundle:
        """Write the bundle; an earlier one in the folder is replaced as a whole, once all files are complete.

        Args:
            folder: created where it is missing.

        Raises:
            StorageError: it cannot be written.
        """
        preprocessing, dataset = self.model.preprocessing, self.dataset
        with writing_folder(folder) as aside:
            self.save(aside / BUNDLE_MODEL)
            write_whole(aside / BUNDLE_PREPROCESSING, json_text(preprocessing.to_dict()) + "\n")
            write_whole(aside / "scores.json", json_text(self.scores) + "\n")
            write_whole(aside / "config.yaml", self.config)
            notes = _write_onnx(self.model.network, aside / _ONNX)
            if dataset is not None:
                _write_examples(aside, self.model, dataset)
            names = sorted([*(path.name for path in aside.iterdir()), "README.md"])
            card = CardContents(
                name=self.name,
                record=self.record,
                test=self.scores,
                preprocessing=preprocessing,
                parts=dataset.sizes if dataset else {},
                split=dataset.split_origin if dataset else "",
                motifs=self.motifs,
                files=files_of(names, "fine-tuning" if self.fine_tuned else "search"),
                fine_tuned=self.fine_tuned,
            )
            write_whole(aside / "README.md", card_text(card))
        with naming(folder):
            for name in {_ONNX, _EXAMPLES}.difference(names):
                (folder / name).unlink(missing_ok=True)  # of the network that was there before
        return Bundle(folder, tuple(names), tuple(notes))


def _write_onnx(network: keras.Model, path: Path) -> list[str]:
    from amber.modeler.onnx_export import export_onnx

    try:
        export_onnx(network, path)
    except (ConfigError, StorageError) as error:
        path.unlink(missing_ok=True)
        return [f"Without {_ONNX}: {said(error)}"]
    return []


def _write_examples(folder: Path, model: Predicting, dataset: Dataset) -> None:
    """Write some validation examples, as a user would give them, with predictions."""
    preprocessing = model.preprocessing
    blocks = _blocks(dataset, preprocessing)
    given = {name: _as_given(array, name, preprocessing) for name, array in blocks.items()}
    predicted = model.predict(given)
    named = predicted if isinstance(predicted, Mapping) else {next(iter(preprocessing.task.outputs)): predicted}
    content: JsonObject = {
        "inputs": {name: _short(each) if isinstance(each, np.ndarray) else each for name, each in given.items()},
        "predictions": {name: _short(values) for name, values in named.items()},
    }
    write_whole(folder / _EXAMPLES, json_text(content) + "\n")


def _blocks(dataset: Dataset, preprocessing: Preprocessing) -> dict[str, Array]:
    x = dataset.validation.x
    blocks = x if isinstance(x, Mapping) else {next(iter(preprocessing.task.inputs)): x}
    return {name: np.asarray(array[:_MOST_EXAMPLES]) for name, array in blocks.items()}


def _short(values: Array) -> list[object]:
    listed: list[object] = np.vectorize(lambda value: float(f"{value:.6g}"))(np.asarray(values, np.float64)).tolist()
    return listed


def _as_given(array: Array, name: str, preprocessing: Preprocessing) -> Sequence[str] | Array:
    reading, scaling = preprocessing.sequences.get(name), preprocessing.scaling.get(name)
    if reading is not None:
        return _texts(array, reading.alphabet)
    return scaling.invert(array) if scaling else np.asarray(array, dtype=np.float64)


def _texts(array: Array, letters: str) -> Sequence[str]:
    """Return one-hot sequences, `(n, length, letters)`, as text; what is not a single letter becomes N or X."""
    unknown = "N" if Alphabet.of(letters).is_nucleotides else "X"
    codes = np.where(array.max(axis=-1) == 1, array.argmax(axis=-1), len(letters))
    table = np.array([*letters, unknown])
    return ["".join(row) for row in table[codes]]

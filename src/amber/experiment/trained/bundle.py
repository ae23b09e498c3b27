"""Write a network to share: one folder that can be understood and used without AMBER."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from amber.data import Dataset
from amber.errors import AmberError, ConfigError, StorageError
from amber.experiment.data import load_data
from amber.experiment.run_files.recorded import config_of, read_record
from amber.experiment.trained.card import CardContents, card_text, files_of
from amber.experiment.trained.files import BUNDLE_MODEL, BUNDLE_PREPROCESSING, check_folder, network_file
from amber.experiment.trained.model import TrainedModel, texts_of
from amber.experiment.trained.preprocessing import Preprocessing
from amber.files import limits
from amber.files.bounded import read_bounded
from amber.files.output import writing_folder
from amber.files.strict_json import json_text, read_json
from amber.files.whole import write_whole
from amber.types import Array, JsonObject
from amber.wording import said

if TYPE_CHECKING:
    import keras

    from amber.experiment.configuration.reading import Configuration

_EXAMPLES = 5


@dataclass(frozen=True)
class Bundle:
    """What `write_bundle` wrote.

    Attributes:
        folder: of the bundle.
        files: names of its files.
        notes: what could not be written, and why.
    """

    folder: Path
    files: tuple[str, ...]
    notes: tuple[str, ...]


def write_bundle(run: Path, folder: Path) -> Bundle:
    """Write the network of a run as a folder: model, preprocessing, card, scores and examples.

    The files of an earlier bundle in the folder are replaced together, once the new ones are complete.

    Args:
        run: run directory of a finished search, or its `best.json`.
        folder: created where it is missing; a folder that holds anything but a bundle is refused.

    Raises:
        ConfigError: no finished search, a folder with other files in it, or a network that cannot be loaded.
        StorageError: it cannot be written.
    """
    record = read_record(run)
    loaded = config_of(record, run)
    preprocessing = Preprocessing.of_run(record, loaded.config.data)
    source = network_file(run)
    home = run if run.is_dir() else run.parent
    test = read_json(home / "test.json", what="the scores of a run", error=ConfigError)
    check_folder(folder)
    # Loads Keras.
    from amber.modeler.model_files import load_model_file

    network = load_model_file(source)
    dataset, notes = _data(loaded)
    with writing_folder(folder) as aside:
        shutil.copyfile(source, aside / BUNDLE_MODEL)
        write_whole(aside / BUNDLE_PREPROCESSING, json_text(preprocessing.to_dict()) + "\n")
        write_whole(aside / "scores.json", json_text(test) + "\n")
        write_whole(aside / "config.yaml", record["config"])
        notes += _write_onnx(network, aside / "model.onnx")
        if dataset is not None:
            _write_examples(aside, TrainedModel(source, network, preprocessing), dataset)
        names = sorted([*(path.name for path in aside.iterdir()), "README.md"])
        explained = home / "explain" / "motifs.csv"
        card = CardContents(
            name=loaded.config.name,
            record=record,
            test=test if isinstance(test, dict) else {},
            preprocessing=preprocessing,
            parts=dataset.sizes if dataset else {},
            split=dataset.split_origin if dataset else "",
            motifs=_table(explained) if explained.is_file() else "",
            files=files_of(names),
        )
        write_whole(aside / "README.md", card_text(card))
    return Bundle(folder, tuple(names), tuple(notes))


def _table(file: Path) -> str:
    """Return the table of the motifs that were found."""
    data = read_bounded(file, limit=limits.MOTIF_BYTES, what="a table of motifs")
    return data.decode("utf-8", errors="replace")


def _data(loaded: Configuration) -> tuple[Dataset | None, list[str]]:
    """Return the data of a run where they are still available."""
    try:
        return load_data(loaded), []
    except (AmberError, OSError) as error:
        return None, [f"Without examples.json and the sizes of the splits: the data are not available. {said(error)}"]


def _write_onnx(network: keras.Model, path: Path) -> list[str]:
    from amber.modeler.onnx_export import export_onnx

    try:
        export_onnx(network, path)
    except (ConfigError, StorageError) as error:
        path.unlink(missing_ok=True)
        return [f"Without model.onnx: {said(error)}"]
    return []


def _write_examples(folder: Path, model: TrainedModel, dataset: Dataset) -> None:
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
    write_whole(folder / "examples.json", json_text(content) + "\n")


def _blocks(dataset: Dataset, preprocessing: Preprocessing) -> dict[str, Array]:
    x = dataset.validation.x
    blocks = x if isinstance(x, Mapping) else {next(iter(preprocessing.task.inputs)): x}
    return {name: np.asarray(array[:_EXAMPLES]) for name, array in blocks.items()}


def _short(values: Array) -> list[object]:
    listed: list[object] = np.vectorize(lambda value: float(f"{value:.6g}"))(np.asarray(values, np.float64)).tolist()
    return listed


def _as_given(array: Array, name: str, preprocessing: Preprocessing) -> Sequence[str] | Array:
    reading, scaling = preprocessing.sequences.get(name), preprocessing.scaling.get(name)
    if reading is not None:
        return texts_of(array, reading.alphabet)
    return scaling.invert(array) if scaling else np.asarray(array, dtype=np.float64)

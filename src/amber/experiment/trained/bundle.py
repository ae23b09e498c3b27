"""Write the network of a run to share: one folder that can be understood and used without AMBER."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from amber.data import Dataset
from amber.errors import AmberError, ConfigError
from amber.experiment.data import load_data
from amber.experiment.run_files.recorded import config_of, read_record
from amber.experiment.trained.bundle_contents import Bundle, BundleContents
from amber.experiment.trained.files import check_bundle_folder, network_file
from amber.experiment.trained.model import TrainedModel
from amber.experiment.trained.preprocessing import Preprocessing
from amber.files import limits
from amber.files.bounded import read_bounded
from amber.files.strict_json import read_json
from amber.wording import said

if TYPE_CHECKING:
    from amber.experiment.configuration.reading import Configuration


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
    check_bundle_folder(folder)
    # Loads Keras.
    from amber.modeler.model_files import load_model_file

    network = load_model_file(source)
    dataset, notes = _data(loaded)
    explained = home / "explain" / "motifs.csv"
    contents = BundleContents(
        model=TrainedModel(source, network, preprocessing),
        save=partial(shutil.copyfile, source),
        name=loaded.config.name,
        record=record,
        scores=test if isinstance(test, dict) else {},
        config=record["config"],
        dataset=dataset,
        motifs=_table(explained) if explained.is_file() else "",
    )
    written = contents.write(folder)
    return replace(written, notes=(*notes, *written.notes))


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

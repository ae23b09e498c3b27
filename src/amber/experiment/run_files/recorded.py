"""A run, read again: its `best.json`, the configuration and settings it began with, and its model."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.data import Scaling
from amber.errors import ConfigError, DataError, StorageError
from amber.experiment.before_keras.files import model_description
from amber.experiment.configuration.document import dotted
from amber.experiment.configuration.reading import Configuration, config_from_text, load_config
from amber.experiment.defaults import with_settings, with_settings_begun
from amber.experiment.run_files.plugins import naming_missing
from amber.experiment.task_spec import TaskSpec
from amber.files.archives import check_archive
from amber.types import JsonObject
from amber.wording import shown

if TYPE_CHECKING:
    import keras

    from amber.search import Trial

BEST_RECORD, BEST_MODEL = "best.json", "best.keras"
# What the best.json of a finished search holds beside that of any other.
_MORE_KEYS = {"config": str, "inputs": dict, "outputs": dict}
_NAMES = {str: "text", dict: "a mapping"}


def is_record(source: Path) -> bool:
    """Say whether a path is a run directory or a `best.json`."""
    return source.is_dir() or source.suffix.lower() == ".json"


def read_record(source: Path) -> JsonObject:
    """Read the `best.json` of a run.

    Args:
        source: the file, or its run directory.

    Raises:
        ConfigError: no such file, or one that does not hold what a search writes; names file and key.
        StorageError: a link that leads out of the run directory.
    """
    from amber.search.best import load_best

    path = source / BEST_RECORD if source.is_dir() else source
    if source.is_dir() and not path.exists():
        raise ConfigError(
            f"{source}: expected the run directory of a finished search. Received: a folder without {BEST_RECORD}; "
            "amber search --resume goes on with a search that was stopped"
        )
    record = load_best(source)
    for key, expected in _MORE_KEYS.items():
        if key not in record:
            raise ConfigError(f"{path}: expected the best.json of a finished search. Received: one without {key}")
        if not isinstance(record[key], expected):
            raise ConfigError(f"{path}, key '{key}': expected {_NAMES[expected]}. Received: {shown(record[key])}")
    try:
        TaskSpec.from_dict(record)
        for key in ("scaling", "output_scaling"):
            for scaling in record.get(key, {}).values():
                Scaling.from_dict(scaling)
    except ConfigError as error:
        raise ConfigError(f"{path}, key '{dotted(error.field)}': {error}", field=error.field) from error
    except (DataError, AttributeError) as error:
        raise ConfigError(f"{path}, key '{key}': expected scalings by name. {error}", field=(key,)) from error
    return record


def config_of(record: dict[str, Any], source: Path) -> Configuration:
    """Return the configuration that a `best.json` carries, with the seed of that run: it draws the splits too.

    Raises:
        StorageError: settings that no search has.
    """
    with naming_missing(source if source.is_dir() else source.parent):
        loaded = config_from_text(record["config"], str(source), recorded=True)
    known = {"seed": record["seed"], "name": record.get("name", loaded.config.name)}
    loaded = replace(loaded, config=loaded.config.model_copy(update=known))
    return with_settings(loaded, record.get("settings", {}), str(source))[0]


def model_file(source: Path) -> Path:
    """Return the `.keras` file that a source means: itself, or that of its run."""
    if is_record(source):
        from amber.search.safe_paths import contained

        return contained(source if source.is_dir() else source.parent, BEST_MODEL)
    return source


def record_beside(source: Path) -> JsonObject | None:
    """Return the `best.json` of the run a source belongs to; None where there is none."""
    if is_record(source):
        return read_record(source)
    beside = source.parent / BEST_RECORD
    return read_record(beside) if source.name == BEST_MODEL and beside.is_file() else None


def load_model(source: Path) -> keras.Model:
    """Load the model of a source.

    Raises:
        ConfigError: no such file, or no Keras model.
    """
    path = checked_model_file(source)
    # Registers every custom class, and selects the backend.
    from amber.modeler.model_files import load_model_file

    with naming_missing(path.parent):
        return load_model_file(path)


def checked_model_file(source: Path) -> Path:
    """Return the `.keras` file that a source means, after looking at it without loading Keras.

    Raises:
        ConfigError: no such file, or not one that Keras 3 saved.
    """
    path = model_file(source)
    if path.suffix.lower() != ".keras" or not path.is_file():
        received = "no such file" if path.suffix.lower() == ".keras" else f"the suffix {path.suffix!r}"
        raise ConfigError(f"{path}: expected a model file ending in .keras, or a run directory. Received: {received}")
    check_archive(path, "a model saved by Keras 3", ConfigError)
    model_description(path)
    return path


def load_run_config(run_directory: Path) -> Configuration:
    """Return the configuration of a run as its search began.

    Raises:
        AmberError: a file of the run that cannot be read or is damaged.
    """
    loaded, settings = load_config(run_directory / "config.yaml", recorded=True), begun_with(run_directory)
    if "name" not in loaded.document.data:
        loaded = replace(loaded, config=loaded.config.model_copy(update={"name": run_directory.resolve().name}))
    return loaded if settings is None else with_settings_begun(loaded, settings, str(run_directory))


def begun_with(run_directory: str | os.PathLike[str]) -> JsonObject | None:
    """Return the settings that the search in a directory began with, as older versions meant them; None: no search.

    Raises:
        StorageError: the file that holds them is damaged.
    """
    from amber.search import load_best
    from amber.search.run_directory import SETTINGS
    from amber.search.run_settings import read_settings
    from amber.search.safe_paths import contained
    from amber.search.samplers.recorded import with_options_of_then

    directory = Path(run_directory)
    if not (directory / SETTINGS).is_file():
        return None
    found = with_options_of_then(read_settings(contained(directory, SETTINGS))[0])
    if (directory / BEST_RECORD).is_file():
        # The final training is not among the settings of a search, and an older version's had no settings noted.
        noted = load_best(directory).get("settings")
        found["final"] = noted.get("final", {}) if isinstance(noted, dict) else {}
    return found


def recorded_trials(path: Path, storage: str | None) -> list[Trial]:
    """Return the trials of a run: those in its directory, or where an address is given those in the database.

    A run directory may come from a stranger, so no address that it names is ever asked.

    Args:
        path: run directory.
        storage: address of the database.

    Raises:
        ConfigError: the address is none, or the driver is not installed.
        StorageError: it is not a run directory, its search is in no database, or that cannot be read.
    """
    from amber.search import RunDirectory
    from amber.search.study_link import study_link

    directory = RunDirectory.open(path)
    if storage is None:
        return directory.trials()
    known = study_link(directory)
    if known is None:
        raise StorageError(f"{path} is recorded in its own journal: expected no --storage.")
    from amber.search.storage import StudyDatabase

    database = StudyDatabase(storage, known.study)
    try:
        return database.trials()
    finally:
        database.close()

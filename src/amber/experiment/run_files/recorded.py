"""A run, read again: its `best.json`, the configuration and settings it began with, and its model."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.data import Scaling
from amber.data.targets.positive import positive_class
from amber.errors import ConfigError, DataError, StorageError
from amber.experiment.before_keras.files import model_description
from amber.experiment.configuration.document import dotted
from amber.experiment.configuration.reading import Configuration, config_from_text, load_config
from amber.experiment.defaults import with_settings, with_settings_begun
from amber.experiment.run_files.plugins import naming_missing
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.preprocessing import check_columns
from amber.files.archives import check_archive
from amber.files.missing import no_model
from amber.metric_names import SOFTMAX_LOSS
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
        if (source / "preprocessing.json").is_file():
            raise ConfigError(
                f"{source}: expected the run directory of a finished search, which holds more. Received: a folder of "
                "`amber export`"
            )
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
        check_columns(record.get("columns", {}), TaskSpec.from_dict(record))
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
    loaded = with_classes_of(record, replace(loaded, config=loaded.config.model_copy(update=known)))
    loaded = with_softmax(loaded, [name for name, each in record["outputs"].items() if isinstance(each, list)])
    return with_settings(loaded, record.get("settings", {}), str(source))[0]


def with_classes_of(record: Mapping[str, Any], loaded: Configuration) -> Configuration:
    """Return a configuration of which two classes keep the order that they have in a run.

    Before version 0.3 classes that the configuration does not name were in the order of the alphabet: also `bound`,
    `free`, of which the positive one is the second now.
    """
    turned = {name: outcome for name, outcome in record["outputs"].items() if _is_turned(outcome)}
    return with_known_classes(turned, loaded)


def with_known_classes(classes: Mapping[str, Sequence[str]], loaded: Configuration) -> Configuration:
    """Return a configuration whose outputs have the classes of a network, where it names none itself.

    Args:
        classes: output -> its classes in their order.
        loaded: the configuration.
    """
    data = loaded.config.data
    if data.outputs is not None:
        kept = {
            name: each.model_copy(update={"classes": list(classes[name])})
            for name, each in data.outputs.items()
            if each.classes is None and each.labels is None and isinstance(each.column, str) and name in classes
        }
        changes: dict[str, object] = {"outputs": {**data.outputs, **kept}} if kept else {}
    else:
        only = list(next(iter(classes.values()))) if len(classes) == 1 else None
        is_open = data.classes is None and data.labels is None and isinstance(data.label, str)
        changes = {"classes": only} if is_open and only is not None else {}
    return replace(loaded, config=loaded.config.model_copy(update={"data": data.model_copy(update=changes)}))


def with_softmax(loaded: Configuration, names: Collection[str]) -> Configuration:
    """Return a configuration whose outputs of these names keep a softmax, also over two classes.

    Before version 0.3 two classes had a softmax too, with the loss that a configuration names for one now.
    """
    training, outputs = loaded.config.training, loaded.config.data.outputs
    loss = {"loss": SOFTMAX_LOSS}
    if outputs is None:
        if not names or "loss" in training.model_fields_set:
            return loaded
        return replace(loaded, config=loaded.config.model_copy(update={"training": training.model_copy(update=loss)}))
    silent = [name for name, each in outputs.items() if each.loss is None and name in names]
    kept = {**outputs, **{name: outputs[name].model_copy(update=loss) for name in silent}}
    data = loaded.config.data.model_copy(update={"outputs": kept})
    return replace(loaded, config=loaded.config.model_copy(update={"data": data}))


def softmax_outputs(begun_with: Mapping[str, Any]) -> list[str]:
    """Return the outputs that had a softmax when a search began, by its settings; of the only output any name."""
    outputs = begun_with.get("data", {}).get("outputs") or {"": {"type": "classes", **begun_with.get("training", {})}}
    losses = {name: each.get("loss") for name, each in outputs.items() if each.get("type") == "classes"}
    return [name for name, loss in losses.items() if loss in (None, SOFTMAX_LOSS)]


def _is_turned(outcome: object) -> bool:
    """Say whether an outcome is two classes, the positive one first by their names."""
    return isinstance(outcome, list) and len(outcome) == 2 and positive_class(*outcome) == outcome[0]


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
        received = f"the suffix {path.suffix!r}" if path.is_file() else "no such file or folder"
        raise no_model(path, received)
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
        raise StorageError(f"{path} is recorded in its own journal: expected no --storage. Take it out. Received: one")
    from amber.search.storage import StudyDatabase

    database = StudyDatabase(storage, known.study)
    try:
        return database.trials()
    finally:
        database.close()

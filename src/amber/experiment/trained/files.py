"""Find the files of a trained network: in a run directory, in a bundle, or a model file alone."""

from __future__ import annotations

from pathlib import Path

from amber.errors import AmberError, ConfigError
from amber.experiment.configuration.document import dotted, read_yaml
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.run_files.recorded import checked_model_file, config_of, record_beside
from amber.experiment.trained.preprocessing import Preprocessing
from amber.files import content_of
from amber.files.strict_json import read_json

BUNDLE_MODEL, BUNDLE_PREPROCESSING = "model.keras", "preprocessing.json"


def bundle_of(source: Path) -> Path | None:
    """Return the folder of the bundle that a source is or belongs to; None if it is not in a bundle."""
    folder = source if source.is_dir() else source.parent
    names = (source.name,) if not source.is_dir() else ()
    in_bundle = (folder / BUNDLE_PREPROCESSING).is_file() and set(names) <= {BUNDLE_MODEL, BUNDLE_PREPROCESSING}
    return folder if in_bundle else None


def network_file(source: Path) -> Path:
    """Return the `.keras` file of a run, a bundle or a path, after a check that needs no Keras.

    Raises:
        ConfigError: no such file, or not one that Keras 3 saved.
    """
    bundle = bundle_of(source)
    return checked_model_file(bundle / BUNDLE_MODEL if bundle else source)


def config_beside(source: Path) -> Configuration | None:
    """Return the configuration of the run or bundle that a network belongs to; None for a model file alone.

    Raises:
        ConfigError: a file that cannot be read, or does not hold what a search writes.
    """
    bundle = bundle_of(source)
    if bundle is None:
        record = record_beside(source)
        return None if record is None else config_of(record, source)
    path = bundle / "config.yaml"
    if not path.is_file():
        return None
    return config_from_text(read_yaml(path).text, str(path), recorded=True)


def read_preprocessing(source: Path) -> Preprocessing | None:
    """Return the preprocessing of a network; None for a model file of which nothing else is known.

    Raises:
        ConfigError: a file of the run or bundle cannot be read or is damaged; names file and key.
    """
    bundle = bundle_of(source)
    if bundle is None:
        record = record_beside(source)
        return None if record is None else Preprocessing.of_run(record, config_of(record, source).config.data)
    path = bundle / BUNDLE_PREPROCESSING
    values = read_json(path, what="the preprocessing of a bundle", error=ConfigError)
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold a JSON object. Received: {type(values).__name__}")
    try:
        return Preprocessing.from_dict(values)
    except AmberError as error:
        raise ConfigError(f"{path}, key '{dotted(error.field)}': {error}", field=error.field) from error


def known_preprocessing(source: Path, hint: str = "") -> Preprocessing:
    """Return the preprocessing of a network.

    Args:
        source: as for `read_preprocessing`.
        hint: what may be done with a model file alone.

    Raises:
        ConfigError: a model file of which nothing else is known, or as `read_preprocessing` does.
    """
    found = read_preprocessing(source)
    if found is None:
        raise ConfigError(
            f"{source}: expected a run directory or a bundle of `amber export`, whose inputs and classes are known. "
            f"Received: a model file alone{hint}"
        )
    return found


def check_folder(folder: Path) -> None:
    """Raise ConfigError for a folder that a bundle must not be written to."""
    if folder.is_file():
        raise ConfigError(f"--output: expected a folder for the bundle. Received: {folder}, which is a file")
    if folder.is_dir() and content_of(folder) and not (folder / BUNDLE_PREPROCESSING).is_file():
        raise ConfigError(
            "--output: expected a new or empty folder, or an earlier bundle. "
            f"Received: {folder}, which holds other files"
        )

"""Find the files of a trained network: in a run directory, in a bundle, or a model file alone."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from amber.data.sources import IntervalsSource
from amber.errors import AmberError, ConfigError
from amber.experiment.configuration.document import dotted, read_yaml
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.run_files.recorded import BEST_MODEL, checked_model_file, config_of, record_beside
from amber.experiment.trained.preprocessing import Preprocessing
from amber.files import content_of
from amber.files.output import check_folder_name
from amber.files.strict_json import read_json
from amber.search.run_directory import BEST
from amber.types import JsonObject

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


def genome_of(loaded: Configuration | None, given: Path | None, what: object, argument: str = "--genome") -> Path:
    """Return the FASTA file of a genome: the one that is given, or that of a run whose data are windows of one.

    Args:
        loaded: configuration of the run; None: of a model file alone.
        given: None: that of the run.
        what: the file that lies on the genome, as messages name it.
        argument: what messages call the genome that is given.

    Raises:
        ConfigError: none is known, or that of the run is not there any more.
    """
    if given is not None:
        return given
    expected = f"{argument}: expected the FASTA file of the genome that {what} is on"
    source = None if loaded is None else loaded.source
    if not isinstance(source, IntervalsSource):
        raise ConfigError(f"{expected}{'' if loaded is None else '; the run was not given one'}. Received: none")
    if not Path(source.genome).exists():
        raise ConfigError(f"{expected}; that of the run is not there any more. Received: none, and no {source.genome}")
    return Path(source.genome)


def origin_name(source: Path) -> str:
    """Return what a network is called after: its run or bundle, or its own file, without the folders above."""
    folder = bundle_of(source) or (source.parent if source.name in (BEST, BEST_MODEL) else source)
    return folder.resolve().name


class KnownNetwork:
    """What the files beside a trained network say of it; each is read once, when it is first asked for.

    Every attribute raises ConfigError for a file that cannot be read or is damaged; the message names file and key.

    Args:
        source: run directory, its `best.json` or model, a bundle or a model file.
    """

    def __init__(self, source: Path) -> None:
        self.source = source

    def __str__(self) -> str:
        return str(self.source)

    @cached_property
    def record(self) -> JsonObject | None:
        """The `best.json` of the run that the network belongs to; None where it belongs to none."""
        return None if bundle_of(self.source) else record_beside(self.source)

    @cached_property
    def configuration(self) -> Configuration | None:
        """The configuration of the run or bundle that the network belongs to; None for a model file alone."""
        bundle = bundle_of(self.source)
        if bundle is None:
            return None if self.record is None else config_of(self.record, self.source)
        path = bundle / "config.yaml"
        return config_from_text(read_yaml(path).text, str(path), recorded=True) if path.is_file() else None

    @cached_property
    def preprocessing(self) -> Preprocessing | None:
        """The steps between data and the network; None for a model file of which nothing else is known."""
        bundle = bundle_of(self.source)
        if bundle is not None:
            return _preprocessing_in(bundle)
        if self.record is None or self.configuration is None:
            return None
        return Preprocessing.of_run(self.record, self.configuration.config.data)

    def required_preprocessing(self, hint: str = "") -> Preprocessing:
        """Return the preprocessing.

        Args:
            hint: what may be done with a model file alone.

        Raises:
            ConfigError: a model file of which nothing else is known, or a damaged file.
        """
        if self.preprocessing is None:
            raise ConfigError(
                f"{self.source}: expected a run directory or a bundle of `amber export`, whose inputs and classes are "
                f"known. Received: a model file alone{hint}"
            )
        return self.preprocessing


def _preprocessing_in(bundle: Path) -> Preprocessing:
    path = bundle / BUNDLE_PREPROCESSING
    values = read_json(path, what="the preprocessing of a bundle", error=ConfigError)
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold a JSON object. Received: {type(values).__name__}")
    try:
        return Preprocessing.from_dict(values)
    except AmberError as error:
        raise ConfigError(f"{path}, key '{dotted(error.field)}': {error}", field=error.field) from error


def check_bundle_folder(folder: Path, also: str = "") -> None:
    """Raise ConfigError for a folder that a bundle must not be written to.

    Args:
        folder: need not exist.
        also: what else the option takes, as the message says it.
    """
    check_folder_name(folder, also)
    if folder.is_file():
        raise ConfigError(f"--output: expected a folder for the bundle. Received: {folder}, which is a file")
    if folder.is_dir() and content_of(folder) and not (folder / BUNDLE_PREPROCESSING).is_file():
        raise ConfigError(
            "--output: expected a new or empty folder, or an earlier bundle. "
            f"Received: {folder}, which holds other files"
        )

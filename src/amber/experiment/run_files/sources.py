"""What a command is given to work on: a run directory, a `best.json`, a configuration with tokens, a model."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.data import Scaling
from amber.errors import ArchitectureError, ConfigError, DataError
from amber.experiment.components import load_data, make_builder
from amber.experiment.configuration.document import dotted
from amber.experiment.configuration.reading import LoadedConfig, config_from_text, load_config
from amber.experiment.defaults import with_defaults, with_settings
from amber.experiment.run_files.plugins import naming_missing
from amber.experiment.task_spec import Problem
from amber.files import limits
from amber.wording import shown

if TYPE_CHECKING:
    import keras

    from amber.modeler import ModelBuilder

BEST_RECORD, BEST_MODEL = "best.json", "best.keras"
# What the best.json of a finished search holds beside that of any other.
_MORE_KEYS = {"config": str, "inputs": dict, "outputs": dict}
_NAMES = {str: "text", dict: "a mapping"}


@dataclass(frozen=True)
class Chosen:
    """One architecture of one configuration.

    Attributes:
        loaded: the configuration.
        tokens: the architecture.
        builder: of the configuration.
        title: what drawings and tables call it.
    """

    loaded: LoadedConfig
    tokens: tuple[int, ...]
    builder: ModelBuilder
    title: str


def choose(source: Path, tokens: str | None, compiled: bool = False) -> Chosen:
    """Finds an architecture.

    Args:
        source: a run directory, its `best.json`, or a configuration file.
        tokens: such as `"0,1,0"`; needed with a configuration, and instead of the best ones of a run.
        compiled: whether the builder's children are compiled.

    Raises:
        ConfigError: a source of another kind, or a configuration without tokens.
        ArchitectureError: tokens that do not fit the space.
        StorageError: a `best.json` that leads out of its run directory.
    """
    if is_record(source):
        record = read_record(source)
        loaded = config_of(record, source)
        builder = make_builder(loaded, Problem.from_dict(record), compiled)
        wanted: Any = parse_tokens(tokens) if tokens is not None else record["tokens"]
    else:
        loaded = load_config(source)
        if tokens is None:
            raise ConfigError(
                f"{source}: a configuration names many architectures; expected tokens after it, such as 0,1,0 "
                "(amber sample prints some). Received: no tokens"
            )
        wanted = parse_tokens(tokens)
        dataset = load_data(loaded)
        if compiled:
            loaded, _ = with_defaults(loaded, dataset)
        builder = make_builder(loaded, Problem.of(dataset), compiled)
    try:
        valid = builder.layout.validate(wanted)
    except ArchitectureError as error:
        where = "TOKENS" if tokens is not None else f"{source}, key 'tokens'"
        raise ArchitectureError(f"{where}: {error}") from error
    return Chosen(loaded, valid, builder, loaded.config.name)


def is_record(source: Path) -> bool:
    """Whether a path is a run directory or a `best.json`."""
    return source.is_dir() or source.suffix.lower() == ".json"


def read_record(source: Path) -> dict[str, Any]:
    """Reads the `best.json` of a run.

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
        Problem.from_dict(record)
        for key in ("scaling", "output_scaling"):
            for scaling in record.get(key, {}).values():
                Scaling.from_dict(scaling)
    except ConfigError as error:
        raise ConfigError(f"{path}, key '{dotted(error.key)}': {error}", key=error.key) from error
    except (DataError, AttributeError) as error:
        raise ConfigError(f"{path}, key '{key}': expected scalings by name. {error}", key=(key,)) from error
    return record


def config_of(record: dict[str, Any], source: Path) -> LoadedConfig:
    """Returns the configuration that a `best.json` carries, with the seed of that run: it draws the splits too.

    Raises:
        StorageError: settings that no search has.
    """
    with naming_missing(source if source.is_dir() else source.parent):
        loaded = config_from_text(record["config"], str(source), recorded=True)
    known = {"seed": record["seed"], "name": record.get("name", loaded.config.name)}
    loaded = replace(loaded, config=loaded.config.model_copy(update=known))
    return with_settings(loaded, record.get("settings", {}), str(source))[0]


def parse_tokens(text: str) -> list[int]:
    """Reads tokens written with commas or spaces, in brackets or not.

    Raises:
        ArchitectureError: something that is no non-negative integer; names its position.
    """
    if len(text) > limits.TOKENS_CHARACTERS:
        raise ArchitectureError(
            f"Tokens must be text of at most {limits.TOKENS_CHARACTERS:,} characters. Received: {len(text):,}"
        )
    words = [word for word in re.split(r"[,\s]+", text.strip().strip("[]()")) if word]
    for position, word in enumerate(words):
        if not re.fullmatch(r"[0-9]{1,18}", word):
            raise ArchitectureError(f"Token {position} must be a non-negative integer. Received: {shown(word)}")
    return [int(word) for word in words]


def model_file(source: Path) -> Path:
    """Returns the `.keras` file that a source means: itself, or that of its run."""
    if is_record(source):
        from amber.search.containment import contained

        return contained(source if source.is_dir() else source.parent, BEST_MODEL)
    return source


def record_beside(source: Path) -> dict[str, Any] | None:
    """Returns the `best.json` of the run a source belongs to; None where there is none."""
    if is_record(source):
        return read_record(source)
    beside = source.parent / BEST_RECORD
    return read_record(beside) if source.name == BEST_MODEL and beside.is_file() else None


def load_model(source: Path) -> keras.Model:
    """Loads the model of a source.

    Raises:
        ConfigError: no such file, or no Keras model.
    """
    path = model_file(source)
    if path.suffix.lower() != ".keras" or not path.is_file():
        received = "no such file" if path.suffix.lower() == ".keras" else f"the suffix {path.suffix!r}"
        raise ConfigError(f"{path}: expected a model file ending in .keras, or a run directory. Received: {received}")
    # Registers every custom class, and selects the backend.
    from amber.modeler.model_files import load_model_file

    with naming_missing(path.parent):
        return load_model_file(path)

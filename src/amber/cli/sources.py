"""What a command is given to work on: a run directory, a `best.json`, a configuration with tokens, a model."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.cli.config import LoadedConfig, config_from_text, load_config
from amber.cli.problem import Problem
from amber.cli.project import load_data, make_builder
from amber.errors import ArchitectureError, ConfigError, StorageError

if TYPE_CHECKING:
    import keras

    from amber.modeler import ModelBuilder

BEST_RECORD, BEST_MODEL = "best.json", "best.keras"
_RECORD_KEYS = ("tokens", "seed", "config", "inputs", "outputs")


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
        StorageError: a `best.json` that cannot be read.
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
        builder = make_builder(loaded, Problem.of(load_data(loaded)), compiled)
    return Chosen(loaded, builder.layout.validate(wanted), builder, loaded.config.name)


def is_record(source: Path) -> bool:
    """Whether a path is a run directory or a `best.json`."""
    return source.is_dir() or source.suffix.lower() == ".json"


def read_record(source: Path) -> dict[str, Any]:
    """Reads the `best.json` of a run.

    Args:
        source: the file, or its run directory.

    Raises:
        StorageError: no such file, or one that does not hold what a search writes.
    """
    from amber.search.containment import contained

    path = contained(source, BEST_RECORD) if source.is_dir() else source
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StorageError(f"{path}: expected the best.json of a finished search. Received: {error}") from error
    missing = [key for key in _RECORD_KEYS if not isinstance(record, dict) or key not in record]
    if missing:
        raise StorageError(
            f"{path}: expected the best.json of a finished search. Received: one without {', '.join(missing)}"
        )
    return dict(record)


def config_of(record: dict[str, Any], source: Path) -> LoadedConfig:
    """Returns the configuration that a `best.json` carries, with the seed of that run: it draws the splits too."""
    loaded = config_from_text(record["config"], str(source))
    return replace(loaded, config=loaded.config.model_copy(update={"seed": record["seed"]}))


def parse_tokens(text: str) -> list[int]:
    """Reads tokens written with commas or spaces, in brackets or not.

    Raises:
        ArchitectureError: something that is no non-negative integer; names its position.
    """
    words = [word for word in re.split(r"[,\s]+", text.strip().strip("[]()")) if word]
    for position, word in enumerate(words):
        if not re.fullmatch(r"\d+", word, re.ASCII):
            raise ArchitectureError(f"Token {position} must be a non-negative integer. Received: {word!r}")
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
    import amber.modeler  # noqa: F401, I001
    import keras

    try:
        # Not compiled: nothing here is trained, and Keras would warn of an optimizer that has not been used yet.
        return keras.models.load_model(path, safe_mode=True, compile=False)
    except Exception as error:  # a damaged archive raises errors of many kinds
        raise ConfigError(
            f"{path}: expected a model saved by Keras 3. Received: {' '.join(str(error).split())[:300]}"
        ) from error

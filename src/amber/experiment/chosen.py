"""One architecture of a run or of a configuration, as a command or a script names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.errors import ArchitectureError, ConfigError
from amber.experiment.before_keras.search import layout_of
from amber.experiment.before_keras.space import check_space
from amber.experiment.builder_defaults import with_builder_defaults
from amber.experiment.components import make_builder
from amber.experiment.configuration.reading import Configuration, load_config
from amber.experiment.data import load_data
from amber.experiment.defaults import with_defaults
from amber.experiment.presets import with_preset
from amber.experiment.run_files.recorded import config_of, is_record, read_record
from amber.experiment.task_spec import TaskSpec
from amber.files import limits
from amber.wording import shown

if TYPE_CHECKING:
    from amber.modeler import ModelBuilder


@dataclass(frozen=True)
class Chosen:
    """One architecture of one configuration.

    Attributes:
        loaded: the configuration.
        tokens: the architecture.
        builder: of the configuration.
        title: what drawings and tables call it.
    """

    loaded: Configuration
    tokens: tuple[int, ...]
    builder: ModelBuilder
    title: str


def choose(source: Path, tokens: str | None, compiled: bool = False) -> Chosen:
    """Find an architecture.

    Args:
        source: a run directory, its `best.json`, or a configuration file.
        tokens: such as `"0,1,0"`; needed with a configuration, and instead of the best ones of a run.
        compiled: whether the builder's children are compiled.

    Raises:
        ConfigError: a source of another kind, or a configuration without tokens.
        ArchitectureError: tokens that do not fit the space.
        StorageError: a `best.json` that leads out of its run directory.
    """
    dataset, reference = None, None
    if is_record(source):
        record = read_record(source)
        wanted: Any = parse_tokens(tokens) if tokens is not None else record["tokens"]
        reference = record.get("reference") if tokens is None else None
        loaded, problem = config_of(record, source), TaskSpec.from_dict(record)
    else:
        loaded = load_config(source)
        if tokens is None:
            raise ConfigError(
                f"{source}: a configuration names many architectures; expected tokens after it, such as 0,1,0 "
                "(amber sample --tokens prints some). Received: no tokens"
            )
        wanted = parse_tokens(tokens)
        dataset = load_data(loaded)
        loaded = with_preset(loaded, dataset)
        problem = TaskSpec.of(dataset)
        loaded, _ = with_builder_defaults(loaded, problem)
        check_space(loaded, problem, with_budget=False)
    layout = layout_of(loaded, problem)
    try:
        if layout is not None and reference is None:  # refused before Keras is loaded
            layout.validate(wanted)
        if compiled and dataset is not None:
            loaded, _ = with_defaults(loaded, dataset)
        builder = make_builder(loaded, problem, compiled)
        if reference is not None:
            from amber.search.references import builder_of

            return Chosen(loaded, (), builder_of(builder, str(reference)), loaded.config.name)
        valid = builder.layout.validate(wanted)
    except ArchitectureError as error:
        where = "TOKENS" if tokens is not None else f"{source}, key 'tokens'"
        raise ArchitectureError(f"{where}: {error}") from error
    return Chosen(loaded, valid, builder, loaded.config.name)


def parse_tokens(text: str) -> list[int]:
    """Read tokens written with commas or spaces, in brackets or not.

    Raises:
        ArchitectureError: something that is not a non-negative integer; names its position.
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

"""A configuration file, checked: every mistake names file, line and key.

What may be changed here: how mistakes are said. Which keys there are is the matter of `amber.cli.sections`.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from amber.architect import ModelSpace
from amber.cli.builders import BUILDERS
from amber.cli.section import Section
from amber.cli.sections import Config
from amber.cli.simulated import checked_simulation, with_tasks_as_outputs
from amber.cli.space import space_of
from amber.cli.yaml_lines import KeyPath, YamlDocument, dotted, parse_yaml, read_yaml
from amber.data import BlockSpec, Simulation
from amber.errors import AmberError, ConfigError, DataError, ModelSpaceError

SectionT = TypeVar("SectionT", bound=BaseModel)


@dataclass(frozen=True)
class LoadedConfig:
    """A checked configuration and where it came from.

    Attributes:
        document: the file, with its lines.
        config: all sections.
        builder_options: the section `builder`, checked against the options of its type.
        space: the section `model_space`.
        space_paths: for each layer, the key path of each candidate.
        simulation: the data, where they are simulated.
    """

    document: YamlDocument
    config: Config
    builder_options: Section
    space: ModelSpace
    space_paths: list[list[KeyPath]]
    simulation: Simulation | None = None

    @property
    def builder_type(self) -> str:
        """The registered name of the builder."""
        return str(self.config.builder["type"])

    def error(self, path: KeyPath, message: str) -> ConfigError:
        """Returns the error that names file, line and key."""
        return self.document.error(path, message)

    def space_error(self, error: ModelSpaceError) -> ConfigError:
        """Return the error of a space or builder with the line of the layer, candidate or option it is about."""
        return self.error(self._place(error.key), str(error))

    def _place(self, key: KeyPath) -> KeyPath:
        match key:
            case (int(layer), int(candidate), *rest) if layer < len(self.space_paths):
                candidates = self.space_paths[layer]
                return (*candidates[candidate], *rest) if candidate < len(candidates) else candidates[0][:-1]
            case (int(layer), *_) if layer < len(self.space_paths):
                return self.space_paths[layer][0][:-1]
            case (str(option), *rest) if option in type(self.builder_options).model_fields:
                return ("builder", option, *rest)
        return ("model_space",)


def load_config(path: str | os.PathLike[str]) -> LoadedConfig:
    """Reads and checks a configuration file.

    Raises:
        ConfigError: a mistake, named by file, line and key, with what was expected and received.
    """
    return check_config(read_yaml(path))


def config_from_text(text: str, source: str) -> LoadedConfig:
    """Checks a configuration given as text; `source` is what messages call it. Raises ConfigError."""
    return check_config(parse_yaml(text, source))


def check_config(document: YamlDocument) -> LoadedConfig:
    """Checks what a YAML document holds; raises ConfigError."""
    if not isinstance(document.data, dict):
        received = "an empty file" if document.data is None else repr(document.data)[:80]
        raise ConfigError(
            f"{document.source}, line 1: expected the sections {', '.join(Config.model_fields)}. Received: {received}"
        )
    config = _validate(Config, document.data, document, ())
    simulation = checked_simulation(config, document, _validate)
    if simulation is not None:
        config = with_tasks_as_outputs(config, simulation)
    options = _builder_options(config.builder, document)
    _check_sampler_options(config, document)
    _check_blocks(config, document)
    _check_kind_of_space(config, document)
    space, paths = space_of(config.model_space, document, list(config.data.blocks or {}))
    return LoadedConfig(document, config, options, space, paths, simulation)


def data_source(loaded: LoadedConfig) -> str:
    """Returns the data's source; a relative path counts from the configuration's folder if it is there."""
    source = str(loaded.config.data.source)
    beside = Path(loaded.document.source).parent / source
    return str(beside) if not Path(source).exists() and beside.is_file() else source


def _check_sampler_options(config: Config, document: YamlDocument) -> None:
    from amber.search.samplers import check_sampler_options

    for option in config.search.sampler_options:
        try:
            check_sampler_options(config.search.sampler, [option])
        except ConfigError as error:
            raise document.error(("search", "sampler_options", option), str(error)) from error


def _check_blocks(config: Config, document: YamlDocument) -> None:
    for name, written in (config.data.blocks or {}).items():
        try:
            BlockSpec.parse(written, name)
        except DataError as error:
            raise document.error(("data", "blocks", name), str(error)) from error


def _check_kind_of_space(config: Config, document: YamlDocument) -> None:
    branched = BUILDERS.get(config.builder["type"]).branched
    if branched != isinstance(config.model_space, dict):
        expected = "a mapping with the keys branches, stem, merge" if branched else "a list of layers"
        raise document.error(
            ("model_space",),
            f"the builder {config.builder['type']} takes {expected}. Received: "
            + ("a mapping" if isinstance(config.model_space, dict) else "a list"),
        )


def _builder_options(section: dict[str, Any], document: YamlDocument) -> Section:
    if "type" not in section:
        raise document.error(
            ("builder",),
            f"the key 'type' is missing; expected one of {', '.join(BUILDERS.names())}. Received: {list(section)}",
        )
    try:
        entry = BUILDERS.get(section["type"])
    except ConfigError as error:
        raise document.error(("builder", "type"), str(error)) from error
    return _validate(entry.options, section, document, ("builder",))


def _validate(model: type[SectionT], values: Any, document: YamlDocument, prefix: KeyPath) -> SectionT:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # Unknown keys first: a misspelt key is often why another is missing.
        problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        problem = problems[0]
        path = (*prefix, *(part for part in problem["loc"] if _is_key(part, problem)))
        raise document.error(path, _explain(problem, model, path[len(prefix) :])) from error


def _is_key(part: str | int, problem: Any) -> bool:
    """Pydantic puts names of types, such as `list[str]`, among the keys of a union."""
    types = ("int", "float", "str", "literal", "constrained-str")
    return isinstance(part, int) or "[" not in part and part not in types


def _explain(problem: Any, model: type[BaseModel], path: KeyPath) -> str:
    kind, received = problem["type"], problem["input"]
    if path and path[-1] == "storage" and isinstance(received, str):
        from amber.search.storage.urls import shown_url

        received = shown_url(received)
    if kind == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        close = difflib.get_close_matches(str(path[-1]), known, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        return f"unknown key; expected one of {', '.join(known)}.{hint} Received: '{path[-1]}'"
    if kind == "missing":
        there = ", ".join(map(str, received)) if isinstance(received, dict) and received else "nothing"
        what = "section" if path and str(path[0]) in ("model_space", "builder") else "key"
        return f"this {what} is missing and has no default. Received: only {there}"
    if isinstance(problem.get("ctx", {}).get("error"), AmberError):
        return str(problem["ctx"]["error"]).removeprefix(f"{path[-1]}: ")
    expected = str(problem["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    expected = expected.replace("valid dictionary or instance of ", "mapping of keys: ")
    if kind == "string_pattern_mismatch":
        expected = f"text that matches {problem['ctx']['pattern']}"
    elif kind in ("model_type", "dict_type"):
        expected = f"a mapping of the keys {', '.join(_keys_at(model, path))}" if path else "a mapping of keys"
    return f"expected {expected}. Received: {_shown(received)}"


def _keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    for part in path:
        annotation = model.model_fields[str(part)].annotation if str(part) in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 80 else text[:77] + '...'} ({type(value).__name__})"


__all__ = ["LoadedConfig", "check_config", "config_from_text", "data_source", "dotted", "load_config"]

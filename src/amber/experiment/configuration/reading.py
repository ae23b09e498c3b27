"""A configuration file, checked: every mistake names file, line and key.

What may be changed here: the order of the checks. Which keys there are is the matter of `sections`.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from amber.architect import ModelSpace
from amber.architect.operation_table import check_operation
from amber.backend import select
from amber.data import Dataset
from amber.data.sources import Source
from amber.display import one_line
from amber.errors import AmberError, ConfigError, DataError, ModelSpaceError
from amber.experiment.builders import BUILDERS, OWN_BUILDERS
from amber.experiment.configuration.document import KeyPath, YamlDocument, dotted, parse_yaml, read_yaml
from amber.experiment.configuration.guessed_builder import guessed_builder
from amber.experiment.configuration.mistakes import alternatives, explain, first_mistake, key_path
from amber.experiment.configuration.preset import preset_in
from amber.experiment.configuration.section import Section
from amber.experiment.configuration.sections import Config
from amber.experiment.configuration.simulated import checked_simulation, with_tasks_as_outputs
from amber.experiment.configuration.source_section import check_form, check_unused, checked_source, wanted_of
from amber.experiment.configuration.space import space_of
from amber.experiment.configuration.unused_keys import check_unused_keys
from amber.redaction import password_in

SectionT = TypeVar("SectionT", bound=BaseModel)
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Configuration:
    """A checked configuration and where it came from.

    Attributes:
        document: the file, with its lines.
        config: all sections.
        builder_options: the section `builder`, checked against the options of its type.
        space: the section `model_space`.
        space_paths: for each layer, the key path of each candidate.
        recorded: whether a run directory holds it, so that a search has run with it.
        dataset: the data, where they were given as an object; None: the section `data` names them.
        source: of the data, where `data.source` is a mapping of its settings.
        preset: of the model space; until the data are known, `space` is empty: see `amber.experiment.presets`.
        overridden: paths of the keys that were given beside the file; mistakes in them are not the file's.
    """

    document: YamlDocument
    config: Config
    builder_options: Section
    space: ModelSpace
    space_paths: list[list[KeyPath]]
    recorded: bool = False
    dataset: Dataset | None = None
    source: Source | None = None
    preset: str | None = None
    overridden: frozenset[KeyPath] = frozenset()
    __repr__ = one_line

    @property
    def builder_type(self) -> str:
        """The registered name of the builder."""
        return str(self.config.builder["type"])

    def error(self, path: KeyPath, message: str) -> ConfigError:
        """Return the error that names file, line and key."""
        return self.document.error(path, message)

    @contextmanager
    def placing(self, path: KeyPath) -> Iterator[None]:
        """Give errors raised inside the place of a key, where they do not name a file themselves.

        Errors of data are about the section `data`, whoever finds them. A key that nobody wrote has no line.
        """
        try:
            yield
        except AmberError as error:
            if not error.file:
                about = ("data",) if isinstance(error, DataError) else path
                within = (*about, *error.field)
                error.field = within if self.document.lines.holds(within) else about
                if about not in self.overridden:
                    error.file, error.line = self.document.place(error.field)
                if not self.document.lines.holds(error.field):
                    error.line = None
            raise

    def space_error(self, error: ModelSpaceError) -> ConfigError:
        """Return the error of a space or builder with the line of the layer, candidate or option it is about."""
        return self.error(self._place(error.field), str(error))

    def _place(self, key: KeyPath) -> KeyPath:
        match key:
            case (int(layer), int(candidate), *rest) if layer < len(self.space_paths):
                candidates = self.space_paths[layer]
                return (*candidates[candidate], *rest) if candidate < len(candidates) else candidates[0][:-1]
            case (int(layer), *_) if layer < len(self.space_paths):
                return self.space_paths[layer][0][:-1]
            case (str(option), *rest) if option in type(self.builder_options).model_fields:
                return ("builder", option, *rest)
            case ("merge",):
                return ("model_space", "merge")
        return ("model_space",)


def load_config(path: str | os.PathLike[str], *, recorded: bool = False) -> Configuration:
    """Read and check a configuration file; `recorded` as for `check_config`.

    Raises:
        ConfigError: a mistake, named by file, line and key, with what was expected and received.
    """
    try:
        return check_config(read_yaml(path), recorded=recorded)
    except ConfigError as error:
        file = Path(path)
        if recorded or file.suffix.lower() in _SUFFIXES or not file.is_file():
            raise
        way_out = f"Where this is a file of data, `amber init {file}` writes a configuration for it."
        raise ConfigError(f"{error}. {way_out}", file=error.file, line=error.line, field=error.field) from error


def run_directory_in(path: str | os.PathLike[str]) -> Path:
    """Return the run directory that a file names, whatever else is wrong with it; raises ConfigError if not YAML."""
    data = read_yaml(path).data
    given = data if isinstance(data, dict) else {}
    return Path(str(given.get("run_directory") or f"runs/{given.get('name', Config.model_fields['name'].default)}"))


def config_from_text(text: str, source: str, *, recorded: bool = False) -> Configuration:
    """Check a configuration given as text; `source` is what messages call it. Raises ConfigError."""
    return check_config(parse_yaml(text, source), recorded=recorded)


def check_config(document: YamlDocument, *, recorded: bool = False) -> Configuration:
    """Check what a YAML document holds; raises ConfigError.

    Args:
        document: the file.
        recorded: whether a search has run with it: keys that have no effect were accepted once.
    """
    if not isinstance(document.data, dict):
        kinds = {type(None): "an empty file", list: "a list", str: "text"}
        received = kinds.get(type(document.data), "another value")
        raise document.error(
            (), f"expected the sections {', '.join(Config.model_fields)}. Received: {received}", line=1
        )
    _check_no_password(document)
    select()  # a backend that cannot be had is not a mistake of this file
    config = _validate(Config, document.data, document, ())
    simulated = checked_simulation(config, document, _validate)
    if simulated is not None:
        config = with_tasks_as_outputs(config, simulated)
    check_form(config.data, document)
    source = simulated or checked_source(config.data, document, _validate)
    if source is not None:
        check_unused(source, config.data, document)
    if not recorded:
        check_unused_keys(config, document)
    inputs = _inputs(config, source)
    preset = preset_in(config.model_space, document)
    config = _with_name_and_builder(config, document, inputs, preset)
    options = _builder_options(config.builder, document) if config.builder else Section()
    if not recorded or "sampler" in config.search.model_fields_set:  # else it is the default of then
        _check_sampler_options(config, document)
    if preset is not None:
        return Configuration(document, config, options, ModelSpace(), [], recorded, source=source, preset=preset)
    _check_kind_of_space(config, document)
    space, paths = space_of(config.model_space, document, list(inputs or {}))
    if not recorded:
        _check_operations(config, space, paths, document)
    return Configuration(document, config, options, space, paths, recorded, source=source)


def _inputs(config: Config, source: Source | None) -> Mapping[str, Any] | None:
    """Return the inputs that have names, each as it is written; None: there is one, of sequences."""
    names = () if source is None else source.input_names(wanted_of(config.data))
    return dict.fromkeys(names) if len(names) > 1 and not config.data.blocks else config.data.blocks


def _with_name_and_builder(
    config: Config, document: YamlDocument, inputs: Mapping[str, object] | None, preset: str | None
) -> Config:
    """Return the configuration with a name and, but for that of a preset, a builder, also where none is given."""
    changes: dict[str, Any] = {}
    if "name" not in document.data and document.is_file:
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(document.source).stem).lstrip(".")
        changes["name"] = stem or config.name
    if not config.builder and preset is None:
        outputs = len(config.data.outputs or "1")
        changes["builder"] = guessed_builder(config.model_space, inputs, outputs)
    return config.model_copy(update=changes)


def _check_no_password(document: YamlDocument) -> None:
    place = password_in(document.text)
    if place is not None:
        raise document.error(
            (),
            "expected an address without a password, since a configuration is copied to where others read it; set "
            "PGPASSWORD, write it to ~/.pgpass, or give the whole address with --storage. Received: one with a "
            "password, which is not shown",
            line=document.text.count("\n", 0, place) + 1,
        )


def _check_sampler_options(config: Config, document: YamlDocument) -> None:
    from amber.search.samplers import check_sampler_options

    for option in config.search.sampler_options:
        try:
            check_sampler_options(config.search.sampler, [option])
        except ConfigError as error:
            raise document.error(("search", "sampler_options", option), str(error)) from error


def _check_operations(config: Config, space: ModelSpace, paths: list[list[KeyPath]], document: YamlDocument) -> None:
    """Check operations without loading Keras; where it is loaded, the builder asks the registry itself."""
    if "amber.operations" in sys.modules or config.builder["type"] not in OWN_BUILDERS:
        return
    checked = set()
    for layer, places in zip(space, paths, strict=True):
        for operation, place in zip(layer, places, strict=True):
            if operation in checked:
                continue
            try:
                check_operation(operation)
            except ModelSpaceError as error:
                raise document.error((*place, *error.field), str(error)) from error
            checked.add(operation)


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


def _validate(model: type[SectionT], values: object, document: YamlDocument, prefix: KeyPath) -> SectionT:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        problem = first_mistake(problems)
        within = key_path(problem, values)
        path = (*prefix, *within)
        said = explain(problem, model, within, document.lines.at(path), Config, alternatives(problem, problems, values))
        raise document.error(path, said) from None


__all__ = ["Configuration", "check_config", "config_from_text", "dotted", "load_config"]

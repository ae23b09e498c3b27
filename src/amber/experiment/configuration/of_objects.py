"""Configurations of dictionaries and of objects: checked as a file is, and written to the run as one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from amber.architect import BranchedModelSpace, ModelSpace
from amber.data import Dataset, Target
from amber.errors import ConfigError, KeyPath
from amber.experiment.configuration.document import dotted, parse_yaml
from amber.experiment.configuration.reading import Configuration, check_config
from amber.wording import shown

# What messages call a configuration that is not a file.
_SOURCE = "configuration"
_OF_OBJECTS = "# Data and model space were given as objects: `data` only names them.\n"


def configuration_of_sections(sections: Mapping[str, Any], folder: str | os.PathLike[str] = ".") -> Configuration:
    """Check a configuration given as a dictionary.

    Args:
        sections: keys and values as in a file; `model_space` may be a ModelSpace.
        folder: that relative paths count from.

    Raises:
        ConfigError: a mistake; its `field` says where.
    """
    if not isinstance(sections, Mapping):
        raise ConfigError(f"A configuration must be a dictionary of sections. Received: {shown(sections)}")
    given = dict(sections)
    space = given.get("model_space")
    if isinstance(space, ModelSpace):
        data = given.get("data")
        blocks = data.get("blocks") if isinstance(data, Mapping) else None
        given["model_space"] = section_of_space(space, list(blocks) if isinstance(blocks, Mapping) else [])
    return _checked(_plain(given, ()), os.fspath(folder))


def configuration_of_objects(
    data: Dataset, model_space: ModelSpace | str, sections: Mapping[str, Any]
) -> Configuration:
    """Check a configuration whose data and model space are objects.

    Args:
        data: divided examples.
        model_space: what may be built, or the name of a preset.
        sections: the others; under `data` only `outputs`.

    Raises:
        ConfigError: an object of another kind, or a mistake in a section; its `field` says where.
    """
    if not isinstance(data, Dataset):
        raise ConfigError(f"data must be an amber.data.Dataset. Received: {type(data).__name__}", field=("data",))
    if not isinstance(model_space, (ModelSpace, str)):
        raise ConfigError(
            "model_space must be an amber.architect.ModelSpace, or the name of a preset. "
            f"Received: {type(model_space).__name__}",
            field=("model_space",),
        )
    if not isinstance(sections, Mapping):
        raise ConfigError(f"sections must be a dictionary of sections. Received: {shown(sections)}")
    given = dict(sections)
    own = given.pop("data", None) or {}
    if "model_space" in given or set(own) - {"outputs"}:
        wrong: KeyPath = ("model_space",) if "model_space" in given else ("data", min(set(own) - {"outputs"}))
        raise ConfigError(
            f"{_SOURCE}, key {dotted(wrong)}: data and model space are objects here; expected this key left out. "
            f"Received: {dotted(wrong)}",
            field=wrong,
        )
    _check_has_effect(given, own.get("outputs") or {}, data)
    space = {"preset": model_space} if isinstance(model_space, str) else section_of_space(model_space, _inputs(data))
    given |= {"data": _data_section(data, own.get("outputs") or {}), "model_space": space}
    return replace(_checked(_plain(given, ()), ".", _OF_OBJECTS), dataset=data)


def _check_has_effect(sections: Mapping[str, Any], outputs: Mapping[str, Any], data: Dataset) -> None:
    """Raise ConfigError where a section says what an argument or the data say already."""
    targets = [target.name for target in data.targets]
    unknown = [name for name in outputs if len(targets) == 1 or name not in targets]
    if unknown:
        known = f"one of {', '.join(targets)}" if len(targets) > 1 else "this under training, as there is one output"
        field: KeyPath = ("data", "outputs", unknown[0])
        raise ConfigError(
            f"{_SOURCE}, key {dotted(field)}: expected {known}. Received: {shown(unknown[0])}", field=field
        )
    if sections.get("run_directory") is not None:
        raise ConfigError(
            f"{_SOURCE}, key run_directory: it is an argument here; expected this key left out. "
            f"Received: {shown(sections['run_directory'])}",
            field=("run_directory",),
        )


def _checked(sections: object, folder: str, comment: str = "") -> Configuration:
    text = comment + yaml.safe_dump(sections, sort_keys=False, allow_unicode=True)
    return check_config(replace(parse_yaml(text, _SOURCE), folder=folder, is_file=False))


def _data_section(data: Dataset, outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the section `data` of data that are there: as much of it as a search and its files go by."""
    section: dict[str, Any] = {"source": data.name if data.path is None else str(data.path)}
    if isinstance(data.input_shape, Mapping):
        section["blocks"] = {name: name for name in data.input_shape}
    if len(data.targets) > 1:
        section["outputs"] = {
            target.name: {
                **_outcome(target),
                **outputs.get(target.name, {}),
            }
            for target in data.targets
        }
    return section


def _outcome(target: Target) -> dict[str, Any]:
    """Return what of an output says its kind."""
    if target.labels is not None:
        return {"labels": list(target.labels.names)}
    if target.numbers is not None:
        return {"column": list(target.numbers.channels), "type": "number"}
    if target.classes is None:
        return {"column": target.name, "type": "number"}
    return {"column": target.name, "type": "classes", "classes": list(target.classes)}


def _inputs(data: Dataset) -> list[str]:
    return list(data.input_shape) if isinstance(data.input_shape, Mapping) else []


def section_of_space(space: ModelSpace, inputs: list[str]) -> Any:
    """Return the section `model_space` of a space; `inputs` are the names of its branches."""
    if not isinstance(space, BranchedModelSpace):
        return space.to_dict()
    branches, stem = space.subspaces
    if len(branches) != len(inputs):
        raise ConfigError(
            f"model_space must have one branch for each input: {', '.join(inputs)}. Received: {len(branches)} branches",
            field=("model_space",),
        )
    named = {name: branch.to_dict() for name, branch in zip(inputs, branches, strict=True)}
    return {"branches": named, "stem": stem.to_dict(), "merge": space.concat_op}


def _plain(value: object, path: KeyPath) -> object:
    """Return a value as YAML has it; raises ConfigError for what a file could not hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each, (*path, str(key))) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each, (*path, position)) for position, each in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise ConfigError(
        f"{_SOURCE}, key {dotted(path)}: expected text, a number, true or false, a list or a dictionary, as a file "
        f"could hold it. Received: {shown(value)}",
        field=path,
    )

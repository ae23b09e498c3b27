"""The record of the best architecture: everything that is needed to build it again, as plain JSON.

Reading one checks it key by key and never executes anything.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber import __version__
from amber.architect import ModelSpace, TokenLayout
from amber.checks import is_number
from amber.errors import AmberError, ConfigError
from amber.files.strict_json import read_json
from amber.search.safe_paths import contained
from amber.search.trial import Trial
from amber.types import JsonObject, Tokens
from amber.wording import shown

if TYPE_CHECKING:
    from amber.modeler.builders.protocol import Builder

FORMAT_VERSION = 1
_BACKEND_PACKAGES = {"torch": ("torch",), "jax": ("jax",), "tensorflow": ("tensorflow", "tensorflow-cpu")}


def best_record(
    space: ModelSpace,
    builder: Mapping[str, Any],
    trial: Trial,
    architecture: list[dict[str, Any]],
    scores: Mapping[str, float],
    seed: int,
    versions: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a JSON-ready record of one architecture.

    Args:
        space: the model space.
        builder: `{"type": name, "options": {...}}`, as `describe_builder` gives it.
        trial: the trial that found it.
        architecture: as `describe_architecture` gives it.
        scores: by name; those that are not finite become null.
        seed: of the search. The trial's own seed is kept as `trial_seed`.
        versions: of the software; by default of what runs now.

    Raises:
        ModelSpaceError: an operation holds something that JSON cannot say.
    """
    return {
        "format_version": FORMAT_VERSION,
        "space": space.to_dict(),
        "builder": {"type": builder["type"], "options": dict(builder.get("options", {}))},
        **_entries_of(trial, architecture, scores),
        "seed": seed,
        "versions": dict(software_versions() if versions is None else versions),
    }


def trial_record(builder: Any, description: Mapping[str, Any], trial: Trial, seed: int) -> dict[str, Any]:
    """Return a JSON-ready record of the architecture of one trial; see `best_record`.

    Args:
        builder: of the search.
        description: of the builder, as `describe_builder` gives it.
        trial: that found the architecture.
        seed: of the search.
    """
    architecture = _architecture_of(builder, trial)
    return best_record(builder.model_space, description, trial, architecture, trial.metrics, seed)


def next_record(before: Mapping[str, Any], builder: Any, trial: Trial) -> dict[str, Any]:
    """Return the record of another trial of the same search, from an earlier record."""
    architecture = _architecture_of(builder, trial)
    kept = {key: value for key, value in before.items() if key != "reference"}
    return {**kept, **_entries_of(trial, architecture, trial.metrics)}


def _architecture_of(builder: Any, trial: Trial) -> list[JsonObject]:
    """Return the choices of an architecture, or the layers of a reference network."""
    if not trial.reference:
        return _layers_of(builder.model_space, builder.layout, trial.tokens)
    from amber.search.references import plan_reference

    nodes = plan_reference(builder, trial.reference).nodes
    operations = [str(node.operation) for node in nodes if node.operation.Layer_type != "input"]
    return [{"layer": layer, "operation": each, "skips_from": []} for layer, each in enumerate(operations)]


def _entries_of(trial: Trial, architecture: list[dict[str, object]], scores: Mapping[str, float]) -> dict[str, object]:
    return {
        "tokens": list(trial.tokens),
        "fingerprint": trial.fingerprint,
        "architecture": architecture,
        "description": trial.architecture,
        "parameters": trial.parameters,
        "flops": trial.flops,
        "trial": trial.number,
        "trial_seed": trial.seed,
        "scores": {name: float(value) if math.isfinite(value) else None for name, value in scores.items()},
        **({"reference": trial.reference} if trial.reference else {}),
    }


def describe_architecture(space: ModelSpace, layout: TokenLayout, arc: Tokens) -> list[JsonObject]:
    """Return the choices of an architecture in readable form, one entry per layer.

    Args:
        space: the model space.
        layout: its TokenLayout.
        arc: the tokens.

    Returns:
        Per layer `layer`, `operation` (text), `skips_from` (earlier layers) and, where the layout has them,
        `inputs` (input blocks) and `feeds` (output blocks).

    Raises:
        ArchitectureError: tokens outside the grammar.
    """
    return _layers_of(space, layout, layout.validate(arc))


def _layers_of(space: ModelSpace, layout: TokenLayout, tokens: Sequence[int]) -> list[dict[str, Any]]:
    candidates = space.layers
    layers: list[dict[str, Any]] = []
    for place, token in zip(layout.places, tokens, strict=True):
        if place.role == "op":
            entry = {"layer": place.layer, "operation": str(candidates[place.layer][token]), "skips_from": []}
            entry.update({"inputs": []} if layout.num_inputs else {}, **({"feeds": []} if layout.num_outputs else {}))
            layers.append(entry)
        elif token:
            layers[place.layer][_READS[place.role]].append(place.source)
    return layers


def describe_builder(builder: Builder, options: Mapping[str, object] | None = None) -> JsonObject:
    """Return `{"type": class name, "options": options}`.

    Args:
        builder: any builder.
        options: JSON-ready arguments that make it again; empty by default.
    """
    return {"type": getattr(builder, "__name__", type(builder).__name__), "options": dict(options or {})}


def software_versions() -> dict[str, str]:
    """Return the versions of amber, keras, the backend in use, python, numpy and optuna."""
    import keras

    backend = str(keras.config.backend())
    return {
        "amber": __version__,
        "keras": str(keras.__version__),
        "backend": backend,
        "backend_version": _installed(*_BACKEND_PACKAGES.get(backend, (backend,))),
        "python": platform.python_version(),
        "numpy": _installed("numpy"),
        "optuna": _installed("optuna"),
    }


def load_best(path: str | os.PathLike[str]) -> JsonObject:
    """Read and check a record, or the `best.json` of a run directory.

    Args:
        path: the file, or the directory that holds `best.json`.

    Raises:
        StorageError: a link that leads out of the directory.
        ConfigError: it cannot be read, or is not such a record; names file and key.
    """
    file = Path(path)
    file = contained(file, "best.json") if file.is_dir() else file
    record = read_json(file, what="the best.json of a search", error=ConfigError)
    if not isinstance(record, dict):
        raise ConfigError(f"{file} must hold a JSON object. Received: {type(record).__name__}")
    if record.get("format_version") != FORMAT_VERSION:
        raise ConfigError(
            f"{file}, key 'format_version' must be {FORMAT_VERSION}. Received: {shown(record.get('format_version'))}"
        )
    for key, (expected, is_valid) in _CHECKS.items():
        if key not in record:
            raise ConfigError(f"{file}, key '{key}' is missing: expected {expected}.")
        if not is_valid(record[key]):
            raise ConfigError(f"{file}, key '{key}' must be {expected}. Received: {shown(record[key])}")
    if not record["tokens"] and not isinstance(record.get("reference"), str):
        raise ConfigError(f"{file}, key 'tokens' must be {_CHECKS['tokens'][0]}. Received: []")
    try:
        ModelSpace.from_dict(record["space"]).validate()
    except AmberError as error:
        raise ConfigError(f"{file}, key 'space': {error}") from error
    return dict(record)


def _is_integer(value: object) -> bool:
    return type(value) is int


def _is_builder(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("type"), str) and isinstance(value.get("options"), dict)


def _is_layer(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("operation"), str)


def _is_scores(value: object) -> bool:
    return isinstance(value, dict) and all(score is None or is_number(score) for score in value.values())


def _list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and bool(value) and all(check(item) for item in value)


_CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "space": ("a list of layers, each a list of operations", _list_of(lambda layer: isinstance(layer, list))),
    "builder": ("an object with 'type' (text) and 'options' (an object)", _is_builder),
    "tokens": (
        "a list of non-negative integers",
        lambda tokens: isinstance(tokens, list) and all(_is_integer(token) and token >= 0 for token in tokens),
    ),
    "fingerprint": ("text", lambda value: isinstance(value, str) and bool(value)),
    "architecture": ("a list of layers with 'operation' (text)", _list_of(_is_layer)),
    "scores": ("an object of numbers", _is_scores),
    "seed": ("a non-negative integer", lambda value: _is_integer(value) and value >= 0),
    "versions": (
        "an object of texts",
        lambda value: isinstance(value, dict) and all(isinstance(item, str) for item in value.values()),
    ),
}


# The key of what a token chooses.
_READS = {"skip": "skips_from", "input": "inputs", "out": "feeds"}


def _installed(*names: str) -> str:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"

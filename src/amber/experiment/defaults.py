"""Choose settings from the data where the configuration leaves them open.

`chosen_settings` is the rule, a pure function of a few facts; its numbers were chosen by the table of
`benchmarks/defaults` (see docs/research/defaults.md). What a configuration says always wins, and a search that
is resumed keeps what it began with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from amber.errors import InvalidArchitectureError, StorageError
from amber.experiment.builder_defaults import noted_options, with_builder_options
from amber.experiment.components import make_builder
from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.section import Section
from amber.experiment.task_spec import TaskSpec

if TYPE_CHECKING:
    from amber.data import Dataset

# Sections with keys that depend on the data. In `sections.py` these keys have the values of runs before this rule.
SECTIONS = ("training", "search", "final")
# Keys whose default has changed, which a search that began before keeps.
_CHANGED = ("sampler", "sampler_options")
# Training of one candidate: updates where nothing else limits it, and 1e9 multiply-adds and additions.
_STEPS, _GIGAFLOPS = 2_000, 120.0
_FEWEST_EPOCHS, _MOST_EPOCHS = 3, 60
# The best architecture is trained for so many times as long.
_FINAL = 1.5
_SMALL_DATA, _LARGE_DATA = 2_000, 20_000
_SMALLEST_BATCH = 16
_SAMPLED = 9


@dataclass(frozen=True)
class Facts:
    """Facts about data and model space that the rule depends on.

    Attributes:
        examples: of the training part.
        megaflops: of a middling network of the space, for one example; forward only.
    """

    examples: int
    megaflops: float = 0.0


def chosen_settings(facts: Facts) -> dict[str, dict[str, object]]:
    """Return keys and values of the sections `training`, `search` and `final` for a data set.

    Small data are trained on for more epochs, in smaller batches, and by more networks in the end; where examples or
    networks are large, epochs become fewer so that a search takes minutes. What the search compares is the loss, which
    is finer than a share of right answers, and honest where classes are rare.
    """
    batch = _batch(facts)
    epochs = _epochs(facts, batch, 1.0)
    small = facts.examples < _SMALL_DATA
    return {
        "training": {
            "epochs": epochs,
            "batch_size": batch,
            "patience": max(4, epochs // 4),
            "learning_rate": 0.003,
            "schedule": "cosine",
            "warm_up": 0.1,
            "recalibrate": True,
        },
        "search": {"metric": "val_loss"},
        "final": {
            "epochs": _epochs(facts, batch, _FINAL),
            "patience": max(5, epochs // 2),
            "ensemble": 3 if small else 2,
            "linear_term": True,
        },
    }


def _epochs(facts: Facts, batch: int, times: float) -> int:
    by_steps = _STEPS * times / math.ceil(facts.examples / batch)
    return round(min(_MOST_EPOCHS * times, max(_FEWEST_EPOCHS * times, min(by_steps, _affordable(facts) * times))))


def _affordable(facts: Facts) -> float:
    """Return for how many epochs the FLOPs of one training last."""
    # Forward and backward cost three times the former.
    each = 3 * facts.megaflops * facts.examples / 1000
    return _GIGAFLOPS / each if each else math.inf


def _batch(facts: Facts) -> int:
    """Return the size of batches: half of it gives more updates where FLOPs, not updates, limit the epochs."""
    batch = 32 if facts.examples < _SMALL_DATA else 64 if facts.examples < _LARGE_DATA else 128
    epochs = max(_FEWEST_EPOCHS, _affordable(facts))
    while epochs < _MOST_EPOCHS and batch > _SMALLEST_BATCH and epochs * 2 * facts.examples / batch <= _STEPS:
        batch //= 2
    return batch


def facts_of(loaded: Configuration, dataset: Dataset) -> Facts:
    """Return what the rule needs to know of data and space."""
    return Facts(len(dataset.train), _middling_megaflops(loaded, dataset))


def with_defaults(
    loaded: Configuration, dataset: Dataset, begun_with: Mapping[str, object] | None = None
) -> tuple[Configuration, dict[str, dict[str, object]]]:
    """Fill in the settings that a configuration leaves to the data.

    Args:
        loaded: the configuration.
        dataset: its data.
        begun_with: the settings of the search that is resumed, which stand before the rule; of a search from before
            the rule they are the values that were the defaults then.

    Returns:
        The configuration with all its settings, and those that were filled in.
    """
    chosen = chosen_settings(facts_of(loaded, dataset))
    if loaded.config.final.data != "train":
        chosen["final"]["linear_term"] = False  # nothing is left to weigh it on
    return with_settings(loaded, chosen if begun_with is None else _begun(chosen, begun_with))


def with_settings_begun(loaded: Configuration, begun_with: Mapping[str, object], source: str) -> Configuration:
    """Return a configuration with the settings its search began with, where it is silent.

    Args:
        loaded: the configuration.
        begun_with: the settings of the search.
        source: where they come from, for messages.

    Raises:
        StorageError: a section or value that is none.
    """
    return with_settings(loaded, _begun(chosen_settings(Facts(1)), begun_with), source)[0]


def _begun(chosen: Mapping[str, Mapping[str, Any]], begun_with: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the values that a search began with for the keys of the rule; the rule's where none were recorded."""
    found: dict[str, dict[str, Any]] = {}
    for section, values in chosen.items():
        noted = begun_with.get(section)
        found[section] = (
            dict(values) if noted is None else {key: noted[key] for key in (*values, *_CHANGED) if key in noted}
        )
    found["builder"] = noted_options(begun_with)
    return found


def with_settings(
    loaded: Configuration, settings: object, source: str = "settings"
) -> tuple[Configuration, dict[str, dict[str, object]]]:
    """Return a configuration with given settings where it is silent, and which of them were filled in.

    Args:
        loaded: the configuration.
        settings: values of the sections `training`, `search` and `final`, and options of the builder.
        source: where they come from, for messages.

    Raises:
        StorageError: a section or value that is none.
    """
    changes: dict[str, Section] = {}
    filled: dict[str, dict[str, Any]] = {}
    if isinstance(settings, Mapping):
        with _naming("builder", source):
            loaded, _ = with_builder_options(loaded, noted_options(settings))
    for name in SECTIONS:
        section: Section = getattr(loaded.config, name)
        given = settings.get(name, {}) if isinstance(settings, Mapping) else None
        if not isinstance(given, Mapping):
            raise StorageError(f"{source}: expected settings of the section {name}. Received: {settings!r:.80}")
        filled[name] = {key: value for key, value in given.items() if key not in section.model_fields_set}
        with _naming(name, source):
            checked = type(section).model_validate(filled[name])
        # Only these are checked: what the command line gave may be what no file may hold, such as a password.
        changes[name] = section.model_copy(update={key: getattr(checked, key) for key in filled[name]})
    return replace(loaded, config=loaded.config.model_copy(update=changes)), filled


@contextmanager
def _naming(section: str, source: str) -> Iterator[None]:
    """Turn a value that a section does not take into an error that names it and where it was."""
    try:
        yield
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, (section, *problem["loc"])))
        raise StorageError(f"{source}: {key}: {problem['msg']}. Received: {problem['input']!r:.80}") from error


def settings_dict(loaded: Configuration) -> dict[str, object]:
    """Return what `with_settings` needs to give the same configuration from its text, JSON-ready."""
    keys = chosen_settings(Facts(1))
    found = {section: {key: getattr(getattr(loaded.config, section), key) for key in keys[section]} for section in keys}
    return {**found, "builder": noted_options({"builder": loaded.builder_options.model_dump()})}


def describe(settings: Mapping[str, Mapping[str, object]]) -> str:
    """Return one line: each setting that was filled in, with its value."""
    return ", ".join(
        f"{section}.{key} {_said(value)}" for section, values in settings.items() for key, value in values.items()
    )


def _said(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _middling_megaflops(loaded: Configuration, dataset: Dataset) -> float:
    """Return the median over a few networks of the space; 0 where none of them is one."""
    builder = make_builder(loaded, TaskSpec.of(dataset), compiled=False)
    found = []
    for seed in range(_SAMPLED):
        try:
            found.append(builder.plan(builder.layout.sample(seed)).cost.flops / 1e6)
        except InvalidArchitectureError:
            continue
    return sorted(found)[len(found) // 2] if found else 0.0

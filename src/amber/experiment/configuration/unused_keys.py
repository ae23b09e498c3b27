"""Refuse keys that have no effect beside others, or undo what others ask for, and say what to write instead.

What may be changed here: a rule for a key. Keys of other sections than those named here always have an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from amber.data.datasets import is_packaged
from amber.experiment.configuration.document import YamlDocument
from amber.experiment.configuration.sections import Config, DaskSection
from amber.metric_names import less_is_better, more_is_better

_ANY = "*"


@dataclass(frozen=True)
class _Rule:
    """A key without effect.

    Attributes:
        key: its path; `*` stands for every name.
        unused: whether it has no effect in a configuration.
        way_out: what holds instead, and what to write.
        problem: what is wrong with it.
    """

    key: tuple[str, ...]
    unused: Callable[[Config], bool]
    way_out: str
    problem: str = "it has no effect here"


def _has_blocks(config: Config) -> bool:
    return config.data.blocks is not None


def _has_outputs(config: Config) -> bool:
    return config.data.outputs is not None


def _has_one_output(config: Config) -> bool:
    return len(config.data.outputs or {}) == 1


def _is_one_shot(config: Config) -> bool:
    return config.search.strategy == "one_shot"


def _has_nothing_to_scale(config: Config) -> bool:
    tasks = [output.type for output in config.data.outputs.values()] if config.data.outputs else [config.data.task]
    return config.data.blocks is None and isinstance(config.data.source, str) and set(tasks) == {"classes"}


def _reads_no_sequence(config: Config) -> bool:
    blocks = (config.data.blocks or {}).values()
    return bool(blocks) and not any(isinstance(block, dict) and "sequence" in block for block in blocks)


def _shares_devices(config: Config) -> bool:
    return isinstance(config.search.executor, DaskSection) and len(config.search.devices or ()) > 1


def _seeks_the_worst(config: Config) -> bool:
    search = config.search
    worst = {"maximize": less_is_better, "minimize": more_is_better}
    return search.reward is None and search.direction is not None and worst[search.direction](search.metric)


def _has_labels(config: Config) -> bool:
    return config.data.labels is not None


_OF_SEQUENCES = ("alphabet", "length", "align", "unknown")
_OF_ONE_COLUMN = ("label", "task", "classes")
_OUTPUTS = "`outputs` say what is predicted; write it under an output, or take `outputs` out"
_RULES = (
    _Rule(
        ("data", "sequence"),
        _has_blocks,
        "the inputs are those of `blocks`; write it as one of them, such as dna: {sequence: seq}",
    ),
    *(
        _Rule(("data", key), _reads_no_sequence, "it is one of sequences, and no block reads any; take it out")
        for key in _OF_SEQUENCES
    ),
    _Rule(
        ("data", "align"),
        lambda config: config.data.length is None,
        "sequences are neither cut nor filled up; write length beside it, or take it out",
    ),
    _Rule(
        ("search", "devices"),
        _shares_devices,
        "a Dask worker trains in one process, and would take the first; write one device, or start each worker with "
        "its own CUDA_VISIBLE_DEVICES",
    ),
    _Rule(("data", "label"), _has_outputs, _OUTPUTS),
    _Rule(("data", "labels"), _has_outputs, _OUTPUTS),
    *(_Rule(("data", key), _has_labels, "`labels` say what is predicted; take it out") for key in _OF_ONE_COLUMN),
    _Rule(("data", "task"), _has_outputs, _OUTPUTS),
    _Rule(("data", "classes"), _has_outputs, _OUTPUTS),
    _Rule(
        ("data", "classes"),
        lambda config: config.data.task == "number",
        "a regression has no classes; take it out, or write task: classification",
    ),
    _Rule(
        ("training", "loss"), _has_outputs, "each output has its own loss; write it under data.outputs, or take it out"
    ),
    _Rule(
        ("training", "metrics"),
        _has_outputs,
        "each output has its own metrics; write them under data.outputs, or take them out",
    ),
    _Rule(
        ("data", "outputs", _ANY, "weight"),
        _has_one_output,
        "the only output has no other to be weighed against; take it out",
    ),
    _Rule(
        ("search", "direction"),
        _seeks_the_worst,
        "losses and errors are minimized, scores such as accuracy maximized; take it out",
        "by it the search would keep the worst network",
    ),
    _Rule(
        ("training", "precision"),
        lambda config: _is_one_shot(config) and config.training.precision != "float32",
        "weights that networks share are trained in float32; take it out",
    ),
    _Rule(("search", "sampler"), _is_one_shot, "the strategy one_shot has no sampler; take it out"),
    _Rule(("search", "sampler_options"), _is_one_shot, "the strategy one_shot has no sampler; take it out"),
    _Rule(
        ("search", "trials"),
        _is_one_shot,
        "the strategy one_shot has no trials; take it out, and say with search.one_shot how much is trained",
    ),
    _Rule(
        ("search", "one_shot"),
        lambda config: not _is_one_shot(config),
        "these are settings of strategy: one_shot; write that beside them, or take them out",
    ),
    _Rule(
        ("search", "direction"),
        lambda config: config.search.reward is not None and config.search.metric == "val_loss",
        "the reward has a direction of its own; take it out, or write the metric that it belongs to",
    ),
    _Rule(
        ("data", "size_limit"),
        lambda config: isinstance(config.data.source, str) and is_packaged(config.data.source),
        "packaged data have a size that is known; take it out",
    ),
    _Rule(
        ("data", "standardize"),
        _has_nothing_to_scale,
        "only blocks of numbers and outputs that are numbers are scaled, and there are none; take it out",
    ),
    _Rule(
        ("search", "pruner_options"),
        lambda config: config.search.pruner is None,
        "no pruner is named; write pruner beside them, or take them out",
    ),
)


def check_unused_keys(config: Config, document: YamlDocument) -> None:
    """Raise where a key is given that has no effect.

    Raises:
        ConfigError: names file, line and key, and what to write instead.
    """
    for rule in _RULES:
        if not rule.unused(config):
            continue
        for path, value in _given(config, rule.key):
            # Outputs that were made of simulated tasks stand nowhere in the file.
            if value is not None and document.lines.holds(path):
                raise document.error(path, f"{rule.problem}: {rule.way_out}. Received: {_shown(value)}")
    for name, output in (config.data.outputs or {}).items():
        if output.type == "number" and output.classes is not None:
            raise document.error(
                ("data", "outputs", name, "classes"),
                f"it has no effect here: a regression has no classes; take it out. Received: {_shown(output.classes)}",
            )


def _given(values: object, key: tuple[str, ...], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each key of a path that the file gives, with its value; defaults are left out."""
    if not key:
        yield above, values
    elif isinstance(values, BaseModel) and key[0] in values.model_fields_set:
        yield from _given(getattr(values, key[0]), key[1:], (*above, key[0]))
    elif isinstance(values, dict):
        for name in values if key[0] == _ANY else [key[0]] if key[0] in values else []:
            yield from _given(values[name], key[1:], (*above, str(name)))


def _shown(value: object) -> str:
    text = repr(value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."

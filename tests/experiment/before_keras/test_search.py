"""Sampler, pruner and knowledge that cannot be made, or do not suit each other, are refused by key."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from amber.errors import ConfigError, StorageError
from amber.experiment.before_keras.search import check_parts
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.task_spec import TaskSpec

_TASK = TaskSpec({"one": (6,), "two": (3,)}, {"output": ("a", "b")})


def _configuration(search: dict[str, Any]) -> Configuration:
    values = {"model_space": [[{"Layer_type": "dense", "units": 2}]], "builder": {"type": "dag"}, "search": search}
    return config_from_text(yaml.safe_dump(values), "c.yaml")


def _groups(groups: Any) -> dict[str, Any]:
    return {"knowledge": {"function": "block_hierarchy", "options": {"groups": groups}}}


@pytest.mark.parametrize(
    ("search", "field", "words"),
    [
        (
            {"pruner": "median", "pruner_options": {"n_startup": 5}},
            ("pruner_options", "n_startup"),
            "'n_startup_trials'",
        ),
        ({"pruner": "percentile", "pruner_options": {"percentile": 500}}, ("pruner_options",), "between 0 and 100"),
        ({"pruner": "threshold"}, ("pruner",), "lower or upper"),
        ({"pruner": "median", "reward": "auroc"}, ("pruner",), "take pruner out, or reward"),
        ({"pruner": "median", **_groups([])}, ("pruner",), "take pruner out, or knowledge"),
        ({"pruner": "median", "sampler": "nsga2"}, ("pruner",), "also minimises parameters"),
        ({"halving": {"asynchronous": True}, "sampler": "nsga2"}, ("halving",), "asynchronous halving needs one"),
        ({"halving": {"asynchronous": True}, "reward": "auroc"}, ("halving",), "take halving out, or reward"),
        (
            {"pruner": "median", "sampler": "surrogate", "sampler_options": {"against": "flops"}},
            ("pruner",),
            "also minimises flops",
        ),
        (_groups([["one", "three"]]), ("knowledge", "options", "groups", 0, 1), "one of one, two"),
        (_groups("one"), ("knowledge", "options", "groups"), "list of lists"),
        ({"knowledge": {"function": "block_hierarchy"}}, ("knowledge",), "needs options"),
        (
            {"knowledge": {"function": "block_hierarchy", "options": {"group": []}}},
            ("knowledge", "options", "group"),
            "takes groups",
        ),
        ({"sampler": "tpe", "learn_from": ["runs/a"]}, ("learn_from",), "sampler: surrogate"),
        ({"strategy": "one_shot", "learn_from": ["runs/a"]}, ("learn_from",), "sampler: surrogate"),
        ({"executor": {"dask": "none.json"}}, ("executor", "dask"), "no such file"),
        ({"sampler": "tpe", "sampler_options": {"candidates": 0}}, ("sampler_options",), "candidates"),
        ({"sampler": "evolution", "sampler_options": {"population_size": "x"}}, ("sampler_options",), "evolution"),
        (
            {"sampler": "controller", "sampler_options": {"lstm_size": -1}},
            ("sampler_options", "lstm_size"),
            "positive integer",
        ),
        (
            {"sampler": "controller", "sampler_options": {"skip_target": 3}},
            ("sampler_options", "skip_target"),
            "from 0 to 1",
        ),
    ],
)
def test_refusals(search: dict[str, Any], field: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        check_parts(_configuration(search), _TASK)
    assert caught.value.field[: len(field) + 1] == ("search", *field) or caught.value.field == ("search", *field, words)
    assert "Received" in str(caught.value)


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ({"halving": {"rungs": 2}, "pruner": "median"}, "halving without pruner"),
        ({"halving": {"factor": 1}}, "greater than or equal to 2"),
        ({"strategy": "one_shot", "start_with": ["deepbind"]}, "none with the strategy one_shot"),
        ({"start_with": ["resnet"]}, "resnet"),
    ],
)
def test_refusals_of_keys_beside_each_other(search: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        _configuration(search)


@pytest.mark.parametrize(
    "search",
    [
        {"pruner": "hyperband", "pruner_options": {"min_resource": 1}},
        {"pruner": "median", "reward": "loss"},
        {"pruner": "median", "sampler": "nsga2", "sampler_options": {"against": None}},
        {"sampler": "controller", "sampler_options": {"episode": 3, "temperature": None, "learning_rate": 0.1}},
        _groups([["one", "two"], []]),
    ],
)
def test_what_can_be_made_is_taken(search: dict[str, Any]) -> None:
    check_parts(_configuration(search), _TASK)


def test_an_earlier_search_that_is_none_is_named_by_its_place() -> None:
    with pytest.raises(StorageError, match="runs/none is not a run directory") as caught:
        check_parts(_configuration({"sampler": "surrogate", "learn_from": ["runs/none"]}), _TASK)
    assert caught.value.field == ("search", "learn_from", 0) and caught.value.line

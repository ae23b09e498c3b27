"""Settings that change nothing beside others are said before a search begins; those that do something are not."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from amber.experiment.configuration.idle_settings import _AT_RANDOM, idle_lines
from amber.experiment.configuration.sections import Config
from amber.search.samplers import SAMPLERS

_SPACE = [[{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}]]
_GROUPS = {"function": "block_hierarchy", "options": {"groups": [["a"]]}}


def lines(search: dict[str, Any], **sections: dict[str, Any]) -> list[str]:
    config = Config.model_validate(
        {"model_space": _SPACE, "builder": {"type": "residual_cnn"}, "search": search, **sections}
    )
    return idle_lines(config, config)


@pytest.mark.parametrize(
    ("search", "training", "key", "reason"),
    [
        ({"sampler": "tpe", "trials": 10}, {}, "search.sampler", "tpe draws its first 10"),
        ({"sampler": "surrogate", "trials": 6}, {}, "search.sampler", "first 6 proposals"),
        ({"sampler": "evolution", "trials": 49}, {}, "search.sampler", "fewer population_size"),
        ({"sampler": "nsga2", "trials": 30}, {}, "search.sampler", "first 30 proposals"),
        ({"sampler": "controller", "trials": 9}, {}, "search.sampler", "fewer episode"),
        ({"sampler": "tpe", "trials": 20, "sampler_options": {"startup_trials": 20}}, {}, "search.sampler", "first 20"),
        ({"pruner": "hyperband", "trials": 90}, {"epochs": 1}, "search.pruner", "between epochs"),
        ({"pruner": "median", "trials": 5}, {"epochs": 4}, "search.pruner", "none of the first 5 trials"),
        (
            {"pruner": "threshold", "pruner_options": {"upper": 9.0, "n_warmup_steps": 4}, "trials": 9},
            {"epochs": 4},
            "search.pruner",
            "no trial in its first 4 epochs",
        ),
        ({"knowledge": {**_GROUPS, "weight": 0}}, {}, "search.knowledge", "its weight is 0"),
        ({"reward": "auroc", "metric": "val_accuracy"}, {}, "search.metric", "the reward auroc is compared"),
    ],
)
def test_what_changes_nothing_is_said(search: dict[str, Any], training: dict[str, Any], key: str, reason: str) -> None:
    (line,) = lines(search, training=training, final={"patience": None})
    assert line.startswith(f"{key} has no effect here, as ") and reason in line


@pytest.mark.parametrize(
    ("search", "training"),
    [
        ({}, {}),
        ({"trials": 3}, {}),  # the sampler was not chosen
        ({"sampler": "tpe", "trials": 11}, {}),
        ({"sampler": "random", "trials": 1}, {}),
        ({"sampler": "evolution", "trials": 9, "sampler_options": {"population_size": 4}}, {}),
        ({"pruner": "median", "trials": 6}, {"epochs": 2}),
        ({"pruner": "successive_halving", "trials": 2}, {"epochs": 2}),
        ({"knowledge": _GROUPS}, {}),
        ({"reward": "auroc"}, {}),
        ({"reward": "auroc", "metric": "val_accuracy"}, {"patience": 3}),
    ],
)
def test_what_does_something_is_not(search: dict[str, Any], training: dict[str, Any]) -> None:
    assert lines(search, training=training, final={"patience": None}) == []


def test_proposals_drawn_at_random_are_those_of_the_samplers() -> None:
    for name, (option, default) in _AT_RANDOM.items():
        assert inspect.signature(SAMPLERS.get(name)).parameters[option].default == default, name

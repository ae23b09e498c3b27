"""Samplers named in the configuration, with their options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from amber.search import register_sampler
from amber.search.samplers import SAMPLERS

OPTIONS = {
    "evolution": "{population_size: 2, sample_size: 2}",
    "nsga2": "{against: flops, population_size: 4}",
    "controller": "{episode: 2, lstm_size: 4, learning_rate: 0.02}",
}


@pytest.fixture
def search(
    tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> Callable[[str], Any]:
    """Runs the tiny search with other lines in place of its sampler's."""

    def run(lines: str) -> Any:
        text = tiny.replace("sampler: random", lines, 1)
        return amber("search", write_config(f"{text}run_directory: {tmp_path / 'run'}\n"))

    return run


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_sampler_and_its_options_come_from_the_yaml(name: str, search: Callable[[str], Any]) -> None:
    done = search(f"sampler: {name}\n  sampler_options: {OPTIONS[name]}")
    assert done.exit_code == 0, done.stderr


def test_a_wrong_option_is_the_users_mistake(search: Callable[[str], Any]) -> None:
    done = search("sampler: evolution\n  sampler_options: {populaton_size: 3}")
    assert done.exit_code == 2
    assert "line 19, key search.sampler_options.populaton_size" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_registered_sampler_can_be_named(search: Callable[[str], Any]) -> None:
    made: list[dict[str, Any]] = []

    def factory(layout: Any, seed: int, **options: Any) -> optuna.samplers.BaseSampler:
        made.append({"tokens": len(layout), "seed": seed, **options})
        return optuna.samplers.RandomSampler(seed=seed)

    register_sampler("of-a-user", factory)
    try:
        done = search("sampler: of-a-user\n  sampler_options: {heat: 2}")
    finally:
        SAMPLERS._entries.pop("of-a-user")
    assert done.exit_code == 0, done.stderr
    assert made[0]["heat"] == 2 and made[0]["seed"] == 3

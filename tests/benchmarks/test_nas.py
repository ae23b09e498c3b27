"""A table of trained networks is searched as it says, and the page says what was found."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.nas.__main__ import page
from benchmarks.nas.searching import LOOKS, TRIALS, search
from benchmarks.nas.tables import LAYOUT, AccuracyTable, number_of

from amber.search.samplers import SAMPLERS


def planted_table() -> AccuracyTable:
    """The accuracy is the number of tokens that are 4, in tens; the third training is missing where the first is 0."""
    tokens = np.array(np.unravel_index(np.arange(5**6), [5] * 6)).T
    accuracy = 10.0 * (tokens == 4).sum(axis=1)
    seeds = np.column_stack([accuracy - 1, accuracy + 1, accuracy])
    seeds[tokens[:, 0] == 0, 2] = np.nan
    return AccuracyTable(seeds)


def test_numbers_are_those_of_the_rows() -> None:
    assert [number_of(each) for each in ((0,) * 6, (0, 0, 0, 0, 1, 2), (4,) * 6)] == [0, 7, 5**6 - 1]
    table = planted_table()
    assert table.means[number_of((4, 4, 0, 0, 0, 4))] == 30
    observed = {table.observe(number_of((0, 0, 0, 0, 0, 4)), np.random.default_rng(seed)) for seed in range(20)}
    assert observed == {9.0, 11.0}


@pytest.mark.parametrize("name", ["random", "surrogate", "Optuna's TPESampler"])
def test_a_search_notes_its_regrets(name: str) -> None:
    found = search(planted_table(), name, 0)
    assert found["regret"] == sorted(found["regret"], reverse=True) and len(found["regret"]) == len(LOOKS)
    assert LOOKS[-1] == TRIALS and found["seconds"] > 0
    assert (found["regret"][-1] == 0) == (name != "random")


def test_our_tpe_is_that_of_optuna() -> None:
    ours, theirs = (search(planted_table(), name, 3) for name in ("tpe", "Optuna's TPESampler"))
    assert ours["regret"] == theirs["regret"] and ours["regret_observed"] == theirs["regret_observed"]


def test_every_sampler_is_compared() -> None:
    from benchmarks.nas.searching import SAMPLERS as COMPARED

    assert set(SAMPLERS.names()) <= set(COMPARED) and len(LAYOUT) == 6


def test_page() -> None:
    run = {"table": "cifar100", "sampler": "tpe", "regret_observed": [3.0, 2.0, 1.0], "seconds": 0.002}
    runs = [{**run, "seed": seed, "regret": [2.0 + seed, 1.0, 0.5]} for seed in (0, 2)]
    text = page({"runs": runs})
    assert "| tpe | 2 | 3.00 ± 1.00 / 1.00 ± 0.00 / 0.50 ± 0.00 | 3.00 / 2.00 / 1.00 | 2.0 |" in text
    assert "## CIFAR-100" in text and "## CIFAR-10\n" not in text

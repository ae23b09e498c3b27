"""Simulated motif data: the rule holds for every record, the frequencies are those asked for, a seed says it all."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from amber.data import Motif, MotifTask, Simulation, load_simulated, simulate
from amber.errors import DataError

EXACT: dict[str, Any] = {"motifs": {"a": "TGACTCA", "b": "AGATAAG", "c": "CCCGGG"}, "strength": 1.0}
TWO = {"pair": MotifTask(["a", "b"], [2, 5]), "single": MotifTask(["c"])}


def gaps(sites: list[tuple[int, str]], first: str, second: str, length: int) -> list[int]:
    at = {name: start for start, name in sites}
    return [at[second] - at[first] - length] if first in at and second in at else []


def test_labels_follow_the_rule_of_each_task() -> None:
    drawn = simulate(Simulation(records=600, tasks=TWO, decoys=0.5, **EXACT))
    decoys = 0
    for sequence, sites, pair, single in zip(
        drawn.sequences, drawn.sites, drawn.labels["pair"], drawn.labels["single"], strict=True
    ):
        assert len(sequence) == 100
        for start, name in sites:
            assert sequence[start : start + len(EXACT["motifs"][name])] == EXACT["motifs"][name]
        found = gaps(sites, "a", "b", 7)
        assert bool(pair) == any(2 <= gap <= 5 for gap in found)
        assert bool(single) == any(name == "c" for _, name in sites)
        decoys += bool(found) and not pair
    negatives = int((drawn.labels["pair"] == 0).sum())
    assert 0.4 < decoys / negatives < 0.6
    assert 0.42 < drawn.labels["single"].mean() < 0.58


def test_decoys_are_at_most_twice_as_far_apart_as_the_rule_allows() -> None:
    tasks = {"pair": MotifTask(["a", "b"], [0, 1])}
    drawn = simulate(Simulation(records=300, length=100, tasks=tasks, decoys=1.0, seed=3, **EXACT))
    found = [
        gaps(sites, "a", "b", 7) for sites, label in zip(drawn.sites, drawn.labels["pair"], strict=True) if not label
    ]
    assert {gap for each in found for gap in each} == {2, 3, 4}


@given(
    seed=st.integers(0, 10**6),
    length=st.integers(29, 60),
    low=st.integers(0, 3),
    more=st.integers(0, 5),
    decoys=st.floats(0, 1),
)
def test_sites_never_overlap_and_stay_inside(seed: int, length: int, low: int, more: int, decoys: float) -> None:
    tasks = {"pair": MotifTask(["a", "b"], [low, low + more]), "single": MotifTask(["c"])}
    drawn = simulate(Simulation(records=20, length=length, tasks=tasks, decoys=decoys, seed=seed, **EXACT))
    for sites, label in zip(drawn.sites, drawn.labels["pair"], strict=True):
        taken = [range(start, start + len(EXACT["motifs"][name])) for start, name in sorted(sites)]
        assert all(before.stop <= after.start for before, after in itertools.pairwise(taken))
        assert all(0 <= each.start and each.stop <= length for each in taken)
        assert bool(label) == any(low <= gap <= low + more for gap in gaps(sites, "a", "b", 7))


def test_background_and_motif_have_the_frequencies_asked_for() -> None:
    rows = ((0.7, 0.1, 0.1, 0.1), (0.0, 0.5, 0.5, 0.0))
    simulation = Simulation(
        records=4000,
        length=30,
        background=[0.1, 0.2, 0.3, 0.4],
        motifs={"m": rows},
        tasks={"t": MotifTask(["m"])},
    )
    drawn = simulate(simulation)
    sites, outside = np.zeros((2, 4)), np.zeros(4)
    for sequence, planted in zip(drawn.sequences, drawn.sites, strict=True):
        numbers = ["ACGT".index(letter) for letter in sequence]
        for start, _ in planted:
            sites[0, numbers[start]] += 1
            sites[1, numbers[start + 1]] += 1
        if not planted:
            outside += np.bincount(numbers, minlength=4)
    np.testing.assert_allclose(sites / sites.sum(axis=1, keepdims=True), rows, atol=0.04)
    np.testing.assert_allclose(outside / outside.sum(), [0.1, 0.2, 0.3, 0.4], atol=0.01)


def test_a_consensus_shares_its_strength_among_its_bases() -> None:
    np.testing.assert_allclose(
        Motif.from_consensus("ASN", 0.9).rows,
        [[0.9, 1 / 30, 1 / 30, 1 / 30], [0.05, 0.45, 0.45, 0.05], [0.25] * 4],
    )


def test_the_seed_says_everything() -> None:
    first, again, other = (load_simulated(Simulation(records=200, seed=seed)) for seed in (4, 4, 5))
    for part in ("train", "validation"):
        np.testing.assert_array_equal(getattr(first, part).x, getattr(again, part).x)
        np.testing.assert_array_equal(getattr(first, part).y, getattr(again, part).y)
    assert (first.train.x != other.train.x).any()


def test_a_data_set_of_one_task_and_of_several() -> None:
    one = load_simulated(Simulation(records=200))
    assert one.input_shape == (100, 4) and one.train.x.dtype == np.float32
    assert one.classes == ("negative", "positive") and [t.name for t in one.targets] == ["bound"]
    assert [len(one.train), len(one.validation), len(one.test)] == [140, 20, 40]
    several = load_simulated(Simulation(records=200, tasks=TWO, **EXACT))
    assert set(several.train.y) == {"pair", "single"}
    renamed = load_simulated(Simulation(records=200, tasks=TWO, **EXACT), outputs={"x": "single"})
    assert [t.name for t in renamed.targets] == ["x"]


def test_noise_turns_labels_around() -> None:
    clean, noisy = (simulate(Simulation(records=2000, noise=noise)).labels["bound"] for noise in (0.0, 0.2))
    assert 0.16 < (clean != noisy).mean() < 0.24


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"records": 0}, "`records`"),
        ({"length": 10}, "at least 23"),
        ({"background": 1.5}, "`background`"),
        ({"background": [0.5, 0.5, 0.5, 0.5]}, "`background`"),
        ({"motifs": {"ap1": "TGXA", "gata": "A"}}, "Motif 'ap1'"),
        ({"motifs": {"ap1": [[0.5, 0.5]], "gata": "A"}}, "position 1"),
        ({"motifs": {"ap1": "TG"}}, "Received: gata"),
        ({"noise": -0.1}, "`noise`"),
        ({"tasks": {}}, "at least one task"),
    ],
)
def test_mistakes_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=r"Received: ") as raised:
        Simulation(**settings)
    assert words in str(raised.value)


@pytest.mark.parametrize("spacing", [[3, 2], [-1, 2], [1], [1.5, 2]])
def test_a_spacing_is_two_numbers_in_order(spacing: list[Any]) -> None:
    with pytest.raises(DataError, match="spacing"):
        MotifTask(["a"], spacing)


@pytest.mark.parametrize("positives", [0.0, 1.0])
def test_one_class_only_is_refused(positives: float) -> None:
    with pytest.raises(DataError, match="'bound': the training part must have examples of at least two classes"):
        load_simulated(Simulation(records=60, positives=positives))

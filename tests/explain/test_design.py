"""Sequences evolved towards an output, within constraints."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from amber.errors import ConfigError, DataError
from amber.explain.design import Constraints, design, evolve, random_starts


def likes(motif: str, length: int = 12) -> keras.Model:
    """A network whose output is the best match with a motif."""
    inputs = keras.Input((length, 4))
    layer = keras.layers.Conv1D(1, len(motif))
    model = keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(layer(inputs)))
    kernel = np.eye(4, dtype="float32")[["ACGT".index(base) for base in motif]][..., None]
    layer.set_weights([kernel, np.zeros(1, "float32")])
    return model


def test_a_motif_is_written_into_the_sequence_step_by_step() -> None:
    (found,) = design(likes("GATA"), ["C" * 12])
    assert "GATA" in found.sequence and found.score == pytest.approx(4) and found.is_within
    assert found.start == "C" * 12 and found.start_score == 0
    assert [step.number for step in found.steps] == [1, 2, 3, 4]
    scores = [found.start_score, *(step.score for step in found.steps)]
    assert all(after > before for before, after in itertools.pairwise(scores))
    rebuilt = list(found.start)
    for step in found.steps:
        assert rebuilt[step.position] == step.before
        rebuilt[step.position] = step.after
    assert "".join(rebuilt) == found.sequence


def test_constraints_hold_for_the_result() -> None:
    constraints = Constraints(gc=(0.5, 1.0), forbidden=["GATA"], fixed=frozenset(range(6)))
    (found,) = design(likes("GATA"), ["C" * 12], constraints=constraints)
    assert found.sequence[:6] == "C" * 6
    assert "GATA" not in found.sequence and "TATC" not in found.sequence
    assert sum(base in "GC" for base in found.sequence) >= 6 and found.is_within
    assert found.score == pytest.approx(3)


def test_what_a_start_violates_is_mended_first() -> None:
    constraints = Constraints(forbidden=["GAATTC"])
    (found,) = design(likes("AATT"), ["GAATTCGAATTC"], constraints=constraints)
    assert found.is_within and "GAATTC" not in found.sequence
    stuck = evolve(lambda x: x[:, 0, 0], "GAATTC", Constraints(forbidden=["GAATTC"], fixed=frozenset(range(6))), 5)
    assert not stuck.is_within and stuck.steps == ()


def test_a_value_is_come_close_to() -> None:
    (found,) = design(likes("GATA"), ["C" * 12], target=2.0)
    assert found.score == pytest.approx(2) and len(found.steps) == 2
    (above,) = design(likes("GATA"), ["CCCCGATACCCC"], target=3.0)
    assert above.start_score == pytest.approx(4) and above.score == pytest.approx(3) and len(above.steps) == 1


def test_iupac_letters_and_both_strands_are_meant_by_sites() -> None:
    constraints = Constraints(forbidden=["GGNCC", "AAC"])
    assert constraints.violations("GGTCC") == 1  # its own other strand
    assert constraints.violations("TGTTT") == 1 and constraints.violations("TGTAT") == 0
    assert Constraints(gc=(0.5, 0.6)).violations("AAAAG") == pytest.approx(0.3)


def test_starts_are_drawn_with_the_allowed_composition() -> None:
    first, again = (random_starts(3, 400, Constraints(gc=(0.6, 0.8)), seed=1) for _ in range(2))
    assert first == again and len(set(first)) == 3
    assert np.mean([base in "GC" for base in "".join(first)]) == pytest.approx(0.7, abs=0.06)


def test_what_is_refused() -> None:
    with pytest.raises(DataError, match="Sequence 1: expected 12 letters"):
        design(likes("GATA"), ["C" * 12, "C" * 11])
    with pytest.raises(DataError, match="N among them"):
        design(likes("GATA"), ["N" * 12])
    with pytest.raises(ConfigError, match="`gc`"):
        Constraints(gc=(0.7, 0.3))
    with pytest.raises(ConfigError, match="`forbidden`"):
        Constraints(forbidden=["GAUTTC!"])
    with pytest.raises(ConfigError, match="steps"):
        design(likes("GATA"), ["C" * 12], steps=0)
    inputs = keras.Input((3,))
    with pytest.raises(DataError, match="one input of one-hot DNA"):
        design(keras.Model(inputs, keras.layers.Dense(1)(inputs)), ["AAA"])

"""Which Keras the fast paths run with, and what happens with any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from amber.backend.keras_internals import STOCK_VARIABLE
from amber.backend.keras_internals.support import (
    MEMBERS,
    TESTED_BEFORE,
    TESTED_FROM,
    Member,
    reason_for_stock_keras,
    unexpected_members,
)

ROOT = Path(__file__).parents[3]
# Whether this Keras is among the tested versions; `make test-keras` also runs others.
IS_TESTED = TESTED_FROM <= tuple(map(int, keras.__version__.split(".")[:2])) < TESTED_BEFORE
# Behaviour that must be the same whatever runs underneath.
BEHAVIOUR = [
    "tests/backend/test_fit_alike.py",
    "tests/graph/models/test_intermediate.py",
    "tests/modeler/test_page.py::test_calls_by_position",
    "tests/training/test_recalibration.py",
    "tests/training/test_recalibrated_training.py",
]


if IS_TESTED:

    @pytest.mark.parity
    @pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.place)
    def test_members_are_where_they_are_expected(member: Member) -> None:
        if keras.config.backend() in member.backends:
            assert member.is_as_expected()

    def test_tested_versions_run_fast(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(STOCK_VARIABLE, raising=False)
        assert reason_for_stock_keras(keras.config.backend(), "3.15.0") is None


@pytest.mark.parametrize(
    "member",
    [
        Member("keras.src.nowhere", "Functional"),
        Member("keras.src.models.functional", "Functional._gone"),
        Member("keras.src.layers.core.dense", "Dense.build", stored="_gone"),
        Member("keras.src.layers.core", "dense", stored="_kernel"),
    ],
    ids=lambda member: member.place,
)
def test_what_is_not_there_is_noticed(member: Member) -> None:
    assert not member.is_as_expected()


@pytest.mark.parametrize("version", ["3.14.1", "3.16.0.dev2026102704", "3.16.0", "4.0", "nonsense"])
def test_versions_that_were_not_tested_run_stock_keras(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STOCK_VARIABLE, raising=False)
    reason = reason_for_stock_keras("torch", version)
    assert reason is not None and version in reason and "tested" in reason


def test_a_member_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STOCK_VARIABLE, raising=False)
    monkeypatch.delattr("keras.src.ops.function.Function.__init__")
    assert "keras.src.ops.function.Function.__init__ -> _nodes_by_depth" in unexpected_members("torch")
    reason = reason_for_stock_keras("torch", "3.15.1")
    assert reason is not None and "_nodes_by_depth" in reason


@pytest.mark.slow
def test_stock_keras_warns_once_and_has_stock_models() -> None:
    script = (
        "import amber.modeler, keras\n"
        "from amber.backend.models import ChildModel, SharedModel\n"
        "from amber.backend.keras_internals import fast_paths_available\n"
        "fast_paths_available()\n"
        "assert SharedModel.train_step is keras.Model.train_step and ChildModel.train_step is keras.Model.train_step\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, STOCK_VARIABLE: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert found.stderr.count("stock Keras trains and predicts") == 1


@pytest.mark.slow
def test_behaviour_is_the_same_with_stock_keras() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *BEHAVIOUR]
    found = subprocess.run(
        command, cwd=ROOT, env={**os.environ, STOCK_VARIABLE: "1"}, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout[-4000:]

"""`amber extract`, as a user runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.supernet.spaces import ann_data, make_ann, scatter

Amber = Callable[..., Any]


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Any, Path]:
    builder = make_ann()
    scatter(builder)
    builder.supernet.save(tmp_path / "supernet.h5")
    return builder, tmp_path / "supernet.h5"


def test_writes_a_model_that_predicts_the_same(amber: Amber, saved: tuple[Any, Path], tmp_path: Path) -> None:
    import keras

    builder, path = saved
    arc = builder.layout.sample(2)
    done = amber("extract", path, ",".join(map(str, arc)), "-o", tmp_path / "net.keras")
    assert done.exit_code == 0, done.stderr
    assert "parameters" in done.stdout
    x, _ = ann_data()
    model = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_allclose(
        model.predict([x[:, :2], x[:, 2:]], verbose=0), builder(arc).predict(x, verbose=0), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("tokens", "output", "said"),
    [
        ("0,1", "net.keras", "12 tokens"),
        ("a", "net.keras", "Token 0"),
        ("0,1", "net.txt", ".keras or .onnx"),
    ],
)
def test_mistakes_are_named(
    amber: Amber, saved: tuple[Any, Path], tmp_path: Path, tokens: str, output: str, said: str
) -> None:
    done = amber("extract", saved[1], tokens, "-o", tmp_path / output)
    assert done.exit_code != 0
    assert said in done.stderr
    assert not (tmp_path / output).exists()


def test_a_file_that_is_no_supernet_is_named(amber: Amber, tmp_path: Path) -> None:
    (tmp_path / "other.h5").write_text("nothing")
    done = amber("extract", tmp_path / "other.h5", "0")
    assert done.exit_code != 0
    assert "other.h5" in done.stderr

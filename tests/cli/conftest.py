"""A tiny configuration, and the command run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from amber.cli.main import app

TINY = """\
name: tiny
seed: 3
model_space:
  - - {Layer_type: conv1d, filters: 4, kernel_size: 3, activation: relu}
    - {Layer_type: identity, filters: 4}
  - repeat: 1
    candidates:
      - {Layer_type: maxpool1d, filters: 4, pool_size: 2}
      - {Layer_type: conv1d, filters: 4, kernel_size: 4}
builder:
  type: residual_cnn
  fc_units: 8
  flatten_mode: GAP
training:
  epochs: 1
  batch_size: 256
search:
  sampler: random
  trials: 2
final:
  epochs: 1
"""

# Samples of the bootstrap, of which a search draws a thousand: in a tiny search that is a quarter of the time.
DRAWS = 50


def invoke(*arguments: object) -> Any:
    """Run the command in this process, with fewer draws: these tests do not look at how wide intervals are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("amber.experiment.final.scoring._DRAWS", DRAWS)
        patch.setenv("OMP_NUM_THREADS", "1")  # whatever another test has left: with two, last digits differ
        return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def tiny() -> str:
    """Text of a small, correct configuration."""
    return TINY


@pytest.fixture(scope="session")
def amber() -> Callable[..., Any]:
    """Runs the command in this process and returns exit code, stdout and stderr."""
    return invoke


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[..., Path]:
    """Writes a configuration and returns its path."""

    def write(text: str = TINY, name: str = "tiny.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of one finished search."""
    folder = tmp_path_factory.mktemp("finished")
    config = folder / "tiny.yaml"
    config.write_text(TINY, encoding="utf-8")
    done = invoke("search", config, "-d", folder / "run", "--quiet")
    assert done.exit_code == 0, done.output + done.stderr
    return folder / "run"

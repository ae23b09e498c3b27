"""Options of the builder from the data: the rule, what stands before it, and who else must know of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.errors import StorageError
from amber.experiment.builder_defaults import suited_options, with_builder_defaults
from amber.experiment.builders import ResidualCnnOptions
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.defaults import settings_dict, with_settings
from amber.experiment.run_files.recorded import load_run_config
from amber.experiment.task_spec import TaskSpec

SPACE = """\
model_space:
  - - {Layer_type: conv1d, filters: 4, kernel_size: 3, activation: relu}
    - {Layer_type: identity, filters: 4}
"""
DATA = "data:\n  source: {simulated: {records: 40, length: 120}}\n"
SHORT = "training: {epochs: 1}\nsearch: {trials: 1}\nfinal: {epochs: 1, ensemble: 1}\n"


def _task(length: int) -> TaskSpec:
    return TaskSpec({"input": (length, 4)}, {"output": ("no", "yes")})


def _mode(loaded: Configuration) -> str:
    assert isinstance(loaded.builder_options, ResidualCnnOptions)
    return loaded.builder_options.flatten_mode


@pytest.mark.parametrize(
    ("length", "mode", "rate", "factor"),
    [(1, "Flatten", 0.2, 1), (60, "Flatten", 0.2, 1), (100, "Flatten", 0.2, 1), (101, "GMP", 0, 4), (400, "GMP", 0, 4)],
)
def test_places_count_in_short_sequences_and_not_in_long_ones(length: int, mode: str, rate: float, factor: int) -> None:
    expected = {"flatten_mode": mode, "dropout_rate": rate, "reduction_factor": factor}
    assert suited_options(length) == expected
    loaded, filled = with_builder_defaults(config_from_text(SPACE, "a.yaml"), _task(length))
    assert filled == expected and expected.items() <= loaded.builder_options.model_dump().items()


def test_what_is_written_stands_before_the_rule() -> None:
    loaded = config_from_text(SPACE + "builder: {type: residual_cnn, flatten_mode: GAP, fc_units: 7}\n", "a.yaml")
    found, filled = with_builder_defaults(loaded, _task(400))
    assert _mode(found) == "GAP" and filled == {"dropout_rate": 0.0, "reduction_factor": 4}
    loaded = config_from_text(SPACE + "builder: {type: residual_cnn, fc_units: 7}\n", "a.yaml")
    found, _ = with_builder_defaults(loaded, _task(400))
    assert found.builder_options.model_dump() == {
        **loaded.builder_options.model_dump(),
        "flatten_mode": "GMP",
        "dropout_rate": 0.0,
    }


@pytest.mark.parametrize(("begun", "mode"), [({}, "Flatten"), ({"builder": {"flatten_mode": "GAP"}}, "GAP")])
def test_a_resumed_search_keeps_what_it_began_with(begun: dict[str, Any], mode: str) -> None:
    loaded = config_from_text(SPACE, "a.yaml")
    assert _mode(with_builder_defaults(loaded, _task(400), begun)[0]) == mode


def test_other_builders_are_left_alone() -> None:
    loaded = config_from_text(SPACE + "builder: {type: sequential, flatten: true}\n", "a.yaml")
    assert with_builder_defaults(loaded, _task(400)) == (loaded, {})
    assert settings_dict(loaded)["builder"] == {}


def test_the_record_of_a_run_gives_them_back() -> None:
    text = config_from_text(SPACE, "a.yaml")
    full, _ = with_builder_defaults(text, _task(400))
    assert _mode(with_settings(text, settings_dict(full), "best.json")[0]) == "GMP"
    with pytest.raises(StorageError, match="best.json: builder.flatten_mode: .*Received: 'X'"):
        with_settings(text, {"builder": {"flatten_mode": "X"}}, "best.json")


@pytest.mark.slow
def test_the_commands_agree_on_the_network(
    amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    path, run = write_config(DATA + SPACE + SHORT, "long.yaml"), tmp_path / "run"
    done = amber("search", path, "-d", run)
    assert done.exit_code == 0, done.output + done.stderr
    assert "builder.flatten_mode GMP" in done.output
    record = json.loads((run / "best.json").read_text())
    assert record["builder"]["options"]["flatten_mode"] == "GMP" == record["settings"]["builder"]["flatten_mode"]
    assert _mode(load_run_config(run)) == "GMP"
    tokens = ",".join(map(str, record["tokens"]))
    described = [amber("describe", run, "--json"), amber("describe", path, tokens, "--json")]
    parameters = [json.loads(each.stdout)["parameters"] for each in described]
    assert parameters[0] == parameters[1] == record["parameters"]
    again = amber("search", path, "-d", run, "--resume", "--trials", 2)
    assert again.exit_code == 0, again.output + again.stderr

"""Settings from the data: the rule, what stands before it, and a search that names only data and space."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.errors import ConfigError, StorageError
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.data import load_data
from amber.experiment.defaults import Facts, chosen_settings, describe, with_defaults, with_settings
from amber.experiment.options import RunOptions
from amber.experiment.run_files.recorded import load_run_config

SPACE = """\
data:
  source: {simulated: {records: 60, length: 40}}
model_space:
  - - {Layer_type: conv1d, filters: 4, kernel_size: 3, activation: relu}
    - {Layer_type: identity, filters: 4}
"""
SHORT = "training: {epochs: 2}\nsearch: {trials: 2}\nfinal: {epochs: 2}\n"


@pytest.mark.parametrize(
    ("facts", "epochs", "batch", "ensemble"),
    [
        (Facts(42), 60, 32, 3),  # never more epochs than that
        (Facts(140, 0.3), 60, 32, 3),
        (Facts(700, 0.3), 60, 32, 3),
        (Facts(700, 3.3), 17, 16, 3),  # a large network: fewer, with more updates each
        (Facts(7_000, 0.3), 18, 64, 2),
        (Facts(7_000, 0.7), 8, 32, 2),
        (Facts(7_000, 1.4), 4, 16, 2),
        (Facts(7_000, 3.3), 3, 16, 2),  # never fewer
        (Facts(30_000, 3.3), 3, 64, 2),  # as small as gives no more than 2,000 updates
        (Facts(1_000_000, 100.0), 3, 128, 2),
    ],
)
def test_the_rule(facts: Facts, epochs: int, batch: int, ensemble: int) -> None:
    chosen = chosen_settings(facts)
    training, final = chosen["training"], chosen["final"]
    assert (training["epochs"], training["batch_size"], final["ensemble"]) == (epochs, batch, ensemble)
    assert training["recalibrate"] and training["schedule"] == "cosine" and chosen["search"] == {"metric": "val_loss"}
    assert training["epochs"] <= final["epochs"] <= 2 * training["epochs"]
    assert 0 < training["patience"] and 0 < final["patience"]


def test_what_is_written_stands_before_the_rule() -> None:
    text = SPACE + "training: {epochs: 2, patience: null}\nsearch: {metric: val_accuracy}\nfinal: {ensemble: 1}\n"
    loaded = config_from_text(text, "a.yaml")
    full, guessed = with_defaults(loaded, load_data(loaded))
    training = full.config.training
    assert (training.epochs, training.patience, training.batch_size) == (2, None, 32)
    assert full.config.search.metric == "val_accuracy" and full.config.final.ensemble == 1
    assert guessed["search"] == {} and not {"epochs", "patience"} & set(guessed["training"])
    assert "training.recalibrate true" in describe(guessed) and "training.epochs" not in describe(guessed)
    assert with_defaults(full, load_data(loaded))[1] == {"training": {}, "search": {}, "final": {}}


def test_data_for_everything_leave_nothing_to_weigh_a_linear_term_on() -> None:
    loaded = config_from_text(SPACE + "final: {data: train_and_validation, patience: null}\n", "a.yaml")
    assert with_defaults(loaded, load_data(loaded))[0].config.final.linear_term is False


def test_a_resumed_search_keeps_what_it_began_with() -> None:
    loaded = config_from_text(SPACE, "a.yaml")
    begun: dict[str, Any] = {"training": {"epochs": 8, "patience": None}, "search": {"metric": "val_accuracy"}}
    before, _ = with_defaults(loaded, load_data(loaded), {**begun, "final": {}})
    # An older version had no more settings than these: its defaults hold for the others.
    assert (before.config.training.epochs, before.config.training.recalibrate) == (8, False)
    assert before.config.search.metric == "val_accuracy" and before.config.final.ensemble == 1


def test_the_default_sampler_is_that_of_when_a_search_began(tmp_path: Path) -> None:
    loaded = config_from_text(SPACE, "a.yaml")
    dataset = load_data(loaded)
    assert with_defaults(loaded, dataset)[0].config.search.sampler == "surrogate"
    then = {"training": {}, "final": {}, "search": {"sampler": "tpe", "sampler_options": {"multivariate": True}}}
    before = with_defaults(loaded, dataset, then)[0].config.search
    assert (before.sampler, before.sampler_options) == ("tpe", {"multivariate": True})
    # Another that is asked for is not passed over in silence.
    asked = RunOptions(sampler="surrogate").applied_to(loaded)
    assert with_defaults(asked, dataset, then)[0].config.search.sampler == "surrogate"
    of_then = SPACE + "search: {sampler_options: {multivariate: false}}\n"
    assert config_from_text(of_then, "a.yaml", recorded=True).config.search.sampler_options == {"multivariate": False}
    with pytest.raises(ConfigError, match="'surrogate' takes"):
        config_from_text(of_then, "a.yaml")


@pytest.mark.parametrize(
    "settings",
    [[], {"training": 3}, {"training": {"epochs": "many"}}, {"final": {"ensemble": 0}}, {"search": {"x": 1}}],
)
def test_settings_of_a_stranger_are_checked(settings: Any) -> None:
    with pytest.raises(StorageError, match="best.json: .*Received"):
        with_settings(config_from_text(SPACE, "a.yaml"), settings, "best.json")


@pytest.mark.slow
def test_a_search_that_names_only_data_and_space(
    amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_config(SPACE + SHORT, "only.yaml")
    run = tmp_path / "run"
    done = amber("search", path, "-d", run)
    assert done.exit_code == 0, done.output + done.stderr
    assert "builder residual_cnn (guessed)" in done.output and "final.ensemble 3" in done.output
    record = json.loads((run / "best.json").read_text())
    assert record["name"] == "only" and record["settings"]["training"]["recalibrate"] is True
    test = json.loads((run / "test.json").read_text())
    assert len(test["networks"]) == 3 and set(test["linear_weights"]) == {"bound"}
    # All that was guessed is known to who looks at the run later.
    assert load_run_config(run).config.training.recalibrate is True
    for command in (
        ("evaluate", run),
        ("report", run, "-o", tmp_path / "report.html"),
        ("search", path, "-d", run, "--resume", "--trials", 3),
    ):
        again = amber(*command)
        assert again.exit_code == 0, again.output + again.stderr

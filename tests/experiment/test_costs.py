"""Goals beside the score in a configuration: what is asked for, recorded, and shown of the Pareto front."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import invoke

from amber.errors import ConfigError
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.data import load_data
from amber.experiment.run_files.resuming import search_settings

GOALS = "sampler: nsga2\n  sampler_options: {against: [parameters, latency]}\n  latency_batch: 4"


@pytest.mark.parametrize(
    "search", ["budget: {latency: 3}", "sampler_options: {against: latency}", "sampler_options: {against: [latency]}"]
)
def test_a_goal_of_latency_names_its_batch(tiny: str, search: str) -> None:
    text = tiny.replace("sampler: random", search)
    with pytest.raises(ConfigError, match="expected latency_batch"):
        config_from_text(text, "a.yaml")
    assert config_from_text(text.replace("trials: 2", "latency_batch: 8"), "a.yaml").config.search.latency_batch == 8


def test_costs_are_those_of_the_samplers_that_weigh_them(tiny: str) -> None:
    def costs(search: str) -> tuple[str, ...]:
        return config_from_text(tiny.replace("sampler: random", search), "a.yaml").config.search.costs

    assert costs(GOALS) == ("parameters", "latency")
    assert costs("sampler: nsga2") == ("parameters",) and costs("sampler: surrogate") == ()
    assert costs("sampler_options: {against: flops}") == ("flops",) and costs("sampler: random") == ()


def test_a_search_of_before_can_be_resumed(tiny: str) -> None:
    loaded = config_from_text(tiny, "a.yaml")
    recorded: Any = search_settings(loaded, load_data(loaded))["search"]
    assert recorded["budget"] == {"parameters": None, "flops": None} and "latency_batch" not in recorded


@pytest.mark.slow
def test_the_front_stands_in_results_and_report(tiny: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(tiny.replace("sampler: random", GOALS), encoding="utf-8")
    done = invoke("search", tmp_path / "tiny.yaml", "-d", tmp_path / "run")
    assert done.exit_code == 0, done.output + done.stderr
    results = (tmp_path / "run" / "results.txt").read_text("utf-8")
    assert "Pareto front" in done.stdout and "Pareto front" in results and "ms per batch" in results
    page, table = tmp_path / "page.html", tmp_path / "trials.csv"
    assert invoke("report", tmp_path / "run", "-o", page).exit_code == 0
    text = page.read_text("utf-8")
    assert "<h2>Latency against score</h2>" in text and "<h2>Pareto front</h2>" in text
    assert invoke("export", tmp_path / "run", "-o", table).exit_code == 0
    with table.open(encoding="utf-8", newline="") as lines:
        assert all(float(row["latency"]) > 0 for row in csv.DictReader(lines))

"""Plots of the test: what is drawn for each kind of output, and that strings stay text."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from amber.errors import StorageError
from amber.evaluation.curves import class_curves, number_points
from amber.experiment.report_contents import _tests
from amber.files.strict_json import json_text
from amber.report.contents import OutputCurves, ReportContents
from amber.report.evaluation_charts import evaluation_plots
from amber.report.page import render_report
from amber.search import SearchResult


def test_classes_have_a_curve_each_in_every_plot() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 60)
    found = class_curves(true, rng.dirichlet([1, 1, 1], 60), ["<b>", "IE", "N"])
    plots = evaluation_plots(OutputCurves("site", found["curves"]))
    assert [plot.heading for plot in plots] == ["ROC curve", "Precision and recall", "Calibration"]
    for plot in plots:
        assert plot.key == ["<b>", "IE", "N"] and "<b>" not in plot.svg
        assert [len(re.findall(rf'class="line k{number}"', plot.svg)) for number in range(4)] == [1, 1, 1, 0]
    assert plots[2].svg.count('<circle class="mark') == sum(
        len(each["calibration"]) for each in found["curves"].values()
    )


def test_two_classes_say_how_good_chance_is_and_numbers_are_points() -> None:
    two = class_curves([0, 1, 0, 0], [[0.6, 0.4], [0.3, 0.7], [0.8, 0.2], [0.5, 0.5]], ["off", "on"])
    plots = evaluation_plots(OutputCurves("kind", two["curves"]))
    assert plots[1].explanation.endswith("precision is the share of positives, 25.0%.") and plots[0].key == ["on"]
    (scatter,) = evaluation_plots(OutputCurves("level", points=number_points([1.0, 2, 3], [1.5, 2, 2])["points"]))
    assert scatter.heading == "Predicted against true" and scatter.svg.count("<circle") == 3
    assert evaluation_plots(OutputCurves("none")) == []


def test_what_was_compared_keeps_its_interval_and_no_value_stands_twice(tmp_path: Path) -> None:
    both = {"negative": 0.7, "positive": 0.7}
    scores = {"accuracy": 0.5, "auroc": 0.7, "per_class_accuracy": {"negative": 0.5, "positive": 0.5}}
    scores |= {"per_class_auroc": both}
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6}
    evaluation = {"scores": {"accuracy": estimate}, "per_class": {}, "differences": {"x": {"accuracy": estimate}}}
    record = {"model": scores, "logistic_regression": scores, "evaluation": {"output": evaluation}}
    path = tmp_path / "test.json"
    for value, shown in ((0.5, "50.0 % (40.0 % to 60.0 %)"), (0.6, "60.0 %")):
        compared = {"metric": "accuracy", "model": value, "baseline": value}
        path.write_text(json_text({**record, "compared": compared}))
        rows = _tests(path).tables["Test result"]
        assert [row.name for row in rows] == [
            "accuracy (compared by the search)", "AUROC", "accuracy, class negative", "accuracy, class positive"
        ]  # fmt: skip
        assert rows[0].model == shown


def test_other_simple_models_and_further_measures_are_shown(tmp_path: Path) -> None:
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6}
    each = {key: estimate for key in ("accuracy", "auroc", "f1", "log_loss")}
    names = ["logistic regression", "logistic regression on 6-mers", "always the most frequent class"]
    evaluation = {"scores": each, "per_class": {}, "examples": 90, "units": 30}
    evaluation |= {key: dict.fromkeys(names, each) for key in ("baselines", "differences")}
    scores = {"accuracy": 0.5, "auroc": 0.5}
    record = {"model": scores, "logistic_regression": scores, "evaluation": {"output": evaluation}}
    path = tmp_path / "test.json"
    path.write_text(json_text(record))
    found = _tests(path)
    assert [row.name for row in found.tables["Test result"]] == ["accuracy", "AUROC", "F1", "log loss"]
    assert [row.name for row in found.others] == [
        f"{name}, {measure}" for name in names[1:] for measure in ("accuracy", "AUROC")
    ]
    assert (
        found.others[1].difference == "0.5000 (0.4000 to 0.6000)" and found.drawn_by == ", drawn by group (30 groups)"
    )
    result = SearchResult((), "val_loss", "minimize", 0)
    page = render_report(
        ReportContents("run", result, "amber search", tests=found.tables, others=found.others, drawn_by=found.drawn_by)
    )
    assert "Beside other simple models" in page and "logistic regression on 6-mers, AUROC" in page
    assert "95 % intervals, drawn by group (30 groups)." in page and "<dt>F1</dt>" in page


def test_runs_of_earlier_versions_and_damaged_curves(tmp_path: Path) -> None:
    path = tmp_path / "test.json"
    scores = {"accuracy": 0.5, "per_class_accuracy": {"a": 0.5, "b": 0.5}}
    record = {"model": scores, "logistic_regression": scores}
    path.write_text(json_text(record))
    found = _tests(path)
    assert found.curves == () and [row.model for row in found.tables["Test result"]] == ["50.0 %"] * 3
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6}
    evaluation = {"scores": {"accuracy": estimate}, "per_class": {}, "differences": {"x": {"accuracy": estimate}}}
    record |= {
        "evaluation": {"output": evaluation},
        "networks": [{}, {}],
        "linear_weights": {"output": 0.2},
        "looks": 2,
    }
    path.write_text(json_text(record))
    found = _tests(path)
    assert (found.model, found.looks) == ("mean of 2 networks + linear term", 2)
    first = found.tables["Test result"][0]
    assert first.model == "50.0 % (40.0 % to 60.0 %)" == first.difference
    for damaged in ({"a": {"roc": [["<script>", 1]]}}, {"a": {}}, {"a": 3}, 3):
        path.write_text(json_text({**record, "curves": {"output": {"curves": damaged}}}))
        with pytest.raises(StorageError, match="expected the test.json of a finished search"):
            _tests(path)

"""What is said of networks that a simple model beats, or that have learnt nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amber.data import ClassScore, NumberScore
from amber.evaluation import Resampling, evaluate_classes
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.final.scoring import ALWAYS_MAJORITY
from amber.experiment.final.verdict import Remark, advice, remarks


def classes(true: list[int], predicted: list[int], names: tuple[str, ...] = ("a", "b")) -> ClassScore:
    return ClassScore.of(true, np.eye(len(names))[predicted], names)


TRUE = [0] * 60 + [1] * 40
RIGHT, HALF, NEVER = list(TRUE), [0] * 60 + [1] * 20 + [0] * 20, [0] * 100


def said(network: ClassScore, baseline: ClassScore) -> list[Remark]:
    compared = ("accuracy", "maximize", network.accuracy, baseline.accuracy)
    return remarks({"y": network}, {"y": baseline}, compared, {"y": "a"})


def test_a_good_network_has_no_remarks() -> None:
    assert said(classes(TRUE, RIGHT), classes(TRUE, HALF)) == []
    assert said(classes(TRUE, HALF), classes(TRUE, HALF)) == []


def test_a_network_that_loses_to_the_linear_model() -> None:
    (remark,) = said(classes(TRUE, HALF), classes(TRUE, RIGHT))
    assert (remark.kind, remark.measure, remark.model, remark.baseline) == ("below_baseline", "accuracy", 0.8, 1.0)
    assert remark.text == "The best network is worse than logistic regression: accuracy 80.0 % against 100.0 %."


def test_a_network_that_never_predicts_a_class() -> None:
    kinds = {remark.kind: remark for remark in said(classes(TRUE, NEVER), classes(TRUE, NEVER))}
    assert set(kinds) == {"class_never_predicted", "no_better_than_majority"}
    assert kinds["class_never_predicted"].classes == ("b",)
    assert "never predicts the class 'b'." in kinds["class_never_predicted"].text
    assert "always saying 'a': accuracy 60.0 % against 60.0 %." in kinds["no_better_than_majority"].text


def test_a_network_that_loses_to_a_model_of_words_only() -> None:
    right, half = (np.eye(2)[each] for each in (RIGHT, HALF))
    evaluation = evaluate_classes(
        TRUE,
        half,
        ["a", "b"],
        resampling=Resampling(100, draws=10),
        baselines={"logistic regression": half, "logistic regression on 6-mers": right, ALWAYS_MAJORITY: right},
    )
    score = classes(TRUE, HALF)
    (remark,) = remarks({"y": score}, {"y": score}, ("accuracy", "maximize", 0.8, 0.8), {"y": "a"}, {"y": evaluation})
    assert remark.text == (
        "The best network is worse than logistic regression on 6-mers: accuracy 80.0 % against 100.0 %."
    )


@pytest.mark.parametrize(("predicted", "useless"), [([2.0, 2.0, 2.0], True), ([1.0, 2.0, 2.5], False)])
def test_a_number_that_is_no_better_than_the_mean(predicted: list[float], useless: bool) -> None:
    network, baseline = NumberScore.of([1.0, 2.0, 3.0], predicted), NumberScore.of([1.0, 2.0, 3.0], [1.0, 1.9, 3.0])
    found = remarks({"y": network}, {"y": baseline}, ("mse", "minimize", 1.0, 0.5), {})
    kinds = [remark.kind for remark in found]
    assert kinds == ["no_better_than_mean"] * useless + ["below_baseline"] * 2
    assert [remark.measure for remark in found[-2:]] == ["r2", "mse"]
    assert "ridge regression: R2" in found[-2].text


def test_several_outputs_are_named_and_what_was_compared_is_of_all() -> None:
    networks = {"kind": classes(TRUE, HALF), "dose": NumberScore.of([1.0, 2.0], [1.0, 2.0])}
    baselines = {"kind": classes(TRUE, RIGHT), "dose": NumberScore.of([1.0, 2.0], [1.0, 2.1])}
    found = remarks(networks, baselines, ("loss", "minimize", 0.5, 0.4), {"kind": "a"})
    assert [(remark.output, remark.measure) for remark in found] == [("kind", "accuracy"), ("", "loss")]
    assert found[0].text.startswith("Output 'kind': the best network is worse")
    assert "the linear models: loss 0.5000 against 0.4000" in found[1].text


def test_what_is_undefined_is_no_remark() -> None:
    network = classes(TRUE, HALF)
    compared = ("auroc", "maximize", float("nan"), float("nan"))
    assert remarks({"y": network}, {"y": network}, compared, {"y": "a"}) == []


def test_what_to_try_is_read_off_the_configuration(tiny: str) -> None:
    loaded = config_from_text(tiny, "tiny.yaml")
    found = said(classes(TRUE, NEVER), classes(TRUE, RIGHT))
    line = advice(loaded, found)
    assert "training.epochs is 1" in line and "search.trials is 2" in line and "search.reward: mcc" in line
    recalibrated = config_from_text(
        tiny.replace("epochs: 1\n  batch", "epochs: 1\n  recalibrate: true\n  batch"), "tiny.yaml"
    )
    assert "recalibrate" not in advice(recalibrated, found)
    assert advice(loaded, []) == ""


def test_the_closing_error_quotes_the_trial_that_it_names(tmp_path: Path) -> None:
    from amber.experiment.running import _nothing_trained
    from amber.search import RunDirectory, SearchResult, Trial

    trials = (
        Trial(0, (0,), "", "invalid", error="no vector", architecture="conv8"),
        Trial(1, (1,), "f", "failed", error="ValueError: first"),
        Trial(2, (2,), "g", "failed", error="ValueError: last", architecture="dense4"),
        Trial(3, (0,), "", "invalid", error="no vector"),
    )
    found = SearchResult(trials, "val_loss", "minimize", 0)
    message = _nothing_trained(found, RunDirectory.create(tmp_path / "run"))
    assert message.endswith("Received: trial 2 (dense4), failed: ValueError: last")
    assert "2 failed" in message and "2 invalid" in message
    only = _nothing_trained(SearchResult(trials[:1], "val_loss", "minimize", 0), RunDirectory.create(tmp_path / "b"))
    assert only.endswith("Received: trial 0 (conv8), invalid: no vector")

"""The scores at the test have intervals, and the difference from the linear model its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.data import ClassScore, NumberScore, Scaling, Split, Target
from amber.evaluation import Evaluation, Resampling
from amber.experiment.final.scoring import Scored, evaluated
from amber.experiment.final.tables import as_text, score_table


def classes(n: int = 200) -> tuple[Evaluation, dict[str, ClassScore | NumberScore]]:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, n)
    good, worse = (1 / (1 + np.exp(-(4 * true - 2 + scale * rng.normal(size=n)))) for scale in (1.5, 4.0))
    values = {name: np.stack([1 - each, each], axis=1) for name, each in (("network", good), ("linear", worse))}
    scored = {
        name: Scored({"y": ClassScore.of(true, each, ["no", "yes"])}, {"y": each}) for name, each in values.items()
    }
    found = evaluated(Target("y", ("no", "yes")), Split(np.zeros((n, 1)), true), scored["network"], scored["linear"])
    return found, {"best network": scored["network"].scores["y"], "logistic regression": scored["linear"].scores["y"]}


def test_values_are_those_of_the_scores_and_the_better_one_is_seen() -> None:
    found, scores = classes()
    for name in ("accuracy", "auroc", "auprc", "mcc"):
        for estimates, score in (
            (found.scores, "best network"),
            (found.baselines["logistic regression"], "logistic regression"),
        ):
            assert estimates[name].value == pytest.approx(getattr(scores[score], name))
            assert estimates[name].low < estimates[name].value < estimates[name].high
    assert found.differences["logistic regression"]["accuracy"].low > 0


def test_the_table_shows_both() -> None:
    found, scores = classes()
    text = " ".join(as_text(score_table("Test", scores, None, found)).split())
    accuracy = found.scores["accuracy"]
    assert f"{100 * accuracy.value:.1f} % ({100 * accuracy.low:.1f}-{100 * accuracy.high:.1f})" in text
    difference = found.differences["logistic regression"]["accuracy"]
    assert "In brackets: 95 % intervals. Difference from logistic regression: accuracy" in text
    assert (
        f"accuracy +{100 * difference.value:.1f} % ({100 * difference.low:.1f} to {100 * difference.high:.1f} %)"
        in text
    )


def test_what_is_undefined_has_no_interval() -> None:
    true = np.ones(10, int)
    one = np.tile([0.2, 0.8], (10, 1))
    scored = Scored({"y": ClassScore.of(true, one, ["no", "yes"])}, {"y": one})
    found = evaluated(Target("y", ("no", "yes")), Split(np.zeros((10, 1)), true), scored, scored)
    text = as_text(score_table("Test", {"a": scored.scores["y"], "b": scored.scores["y"]}, None, found))
    assert "nan" not in text and "100.0 % (100.0-100.0)" in text


def test_errors_of_numbers_are_in_the_unit_of_the_data() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=60)
    predicted = (true + 0.5 * rng.normal(size=60))[:, None]
    score = NumberScore.of(true, predicted, 20.0)
    scored = Scored({"y": score}, {"y": predicted})
    target = Target("y", scaling=Scaling((5.0,), (20.0,)))
    found = evaluated(target, Split(np.zeros((60, 1)), true), scored, scored)
    assert found.scores["mae"].value == pytest.approx(score.mae)
    assert found.scores["r2"].value == pytest.approx(score.r2)
    assert found.differences["ridge regression"]["mae"].value == 0.0


@pytest.mark.slow
def test_whole_groups_are_drawn_where_there_are_enough() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 20)
    # The examples of a group are as good as the same.
    true = np.repeat(rng.integers(0, 2, 20), 20)
    right = np.repeat(rng.random(20) < 0.7, 20)
    values = np.eye(2)[np.where(right, true, 1 - true)]
    scored = Scored({"y": ClassScore.of(true, values, ["no", "yes"])}, {"y": values})

    def found(groups: np.ndarray | None) -> Evaluation:
        part = Split(np.zeros((400, 1)), true, groups=groups)
        return evaluated(Target("y", ("no", "yes")), part, scored, scored)

    alone, grouped, few = found(None), found(groups), found(groups // 4)
    widths = [each.scores["accuracy"].high - each.scores["accuracy"].low for each in (alone, grouped, few)]
    # Twenty examples that say the same are as one: the interval is the square root of 20 as wide.
    assert widths[1] == pytest.approx(np.sqrt(20) * widths[0], rel=0.25) and widths[2] == widths[0]
    assert (alone.units, grouped.units, few.units) == (400, 20, 400)
    text = " ".join(as_text(score_table("Test", {"a": scored.scores["y"]}, None, grouped)).split())
    assert "95 % intervals, drawn by group (20 groups)." in text


@pytest.mark.parametrize(("classes", "draws"), [(2, 1000), (20, 1000), (40, 500), (1000, 50)])
def test_many_classes_are_drawn_less_often_as_each_draw_scores_all(
    classes: int, draws: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Noting(Resampling):
        def __init__(self, *arguments: Any, draws: int, **options: Any) -> None:
            asked.append(draws)
            super().__init__(*arguments, draws=2, **options)

    monkeypatch.setattr("amber.experiment.final.scoring.Resampling", Noting)
    true = np.arange(2 * classes) % classes
    values = np.full((len(true), classes), 1 / classes)
    names = tuple(f"class {number}" for number in range(classes))
    scored = Scored({"y": ClassScore.of(true, values, names)}, {"y": values})
    evaluated(Target("y", names), Split(np.zeros((len(true), 1)), true), scored, None)
    assert asked == [draws]

"""Scores as a picture: every measure between 0 and 1 has its dot where its value is, each baseline a ring."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from amber.evaluation.bootstrap import Estimate
from amber.evaluation.evaluate import evaluate_classes
from amber.evaluation.interval_plot import interval_plot

NAMESPACE = "{http://www.w3.org/2000/svg}"
XY = ("x1", "x2", "y1", "y2")


def circles(svg: str) -> list[dict[str, str]]:
    """Return the dots and rings, without those of the legend."""
    return [each.attrib for each in ElementTree.fromstring(svg).iter(f"{NAMESPACE}circle") if each.get("cy") != "10"]


def ends_of(series: list[dict[str, Estimate]], names: list[str], end: str) -> list[float]:
    """Return one end or the value of every score, in the order in which they are drawn."""
    return [getattr(scores[name], end) for name in names for scores in series]


def test_dots_stand_where_their_values_are() -> None:
    scores = {"accuracy": Estimate(0.75, 0.5, 1.0), "loss": Estimate(2.5, 2.0, 3.0), "auroc": Estimate(1.0, 1.0, 1.0)}
    svg = interval_plot(scores, {"a <linear> model": {"accuracy": Estimate(0.5, 0.5, 0.75)}})
    texts = [each.text for each in ElementTree.fromstring(svg).iter(f"{NAMESPACE}text")]
    assert {"accuracy", "AUROC", "this model", "a <linear> model", "0.5", "1"} <= set(texts) and "loss" not in texts
    model, linear, certain = circles(svg)
    # The axis goes from 0.5, at 150, to 1, at 470.
    assert [float(each["cx"]) for each in (model, linear, certain)] == [310, 150, 470]
    assert linear["fill"] == "none" != model["fill"]


def test_nothing_is_drawn_of_errors_alone() -> None:
    assert interval_plot({"rmse": Estimate(3.0, 2.0, 4.0), "r2": Estimate(-1.0, -2.0, 0.5)}, {}) == ""
    assert interval_plot({"auroc": Estimate(float("nan"), float("nan"), float("nan"))}, {}) == ""


@pytest.mark.parametrize("classes", [2, 4])
def test_an_evaluation_shows_table_and_plot(classes: int) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 60)
    probabilities = rng.dirichlet(np.ones(classes), 60)
    names = [f"class {number}" for number in range(classes)]
    found = evaluate_classes(labels, probabilities, names, baselines={"chance": np.full((60, classes), 1 / classes)})
    html = found._repr_html_()
    assert "<table>" in html and html.count("<svg") == 1
    assert re.search(r"stroke-width=.2.", html)


shares = st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.33, 0.5, 0.87, 0.9, 0.95, 1.0]), min_size=3, max_size=3).map(
    lambda ends: Estimate(sorted(ends)[1], min(ends), max(ends))
)


CERTAIN, NEARLY = Estimate(1.0, 1.0, 1.0), Estimate(0.97, 0.93, 1.0)


@settings(max_examples=40, deadline=None)
@example([[CERTAIN] * 3])
@example([[NEARLY, CERTAIN, CERTAIN], [CERTAIN] * 3])
@given(st.lists(st.lists(shares, min_size=3, max_size=3), min_size=1, max_size=6))
def test_every_score_stands_on_the_axis_and_within_the_picture(drawn: list[list[Estimate]]) -> None:
    names = [f"m{number}" for number in range(3)]
    series = [dict(zip(names, each, strict=True)) for each in drawn]
    baselines = {f"baseline {number}": each for number, each in enumerate(series[1:])}
    picture = ElementTree.fromstring(interval_plot(series[0], baselines))
    width, height = float(picture.attrib["width"]), float(picture.attrib["height"])
    shown = series[:4]
    dots, bars, ticks = circles(ElementTree.tostring(picture, "unicode")), [], []
    for line in picture.iter(f"{NAMESPACE}line"):
        (ticks if "stroke-opacity" in line.attrib else bars).append({k: float(line.attrib[k]) for k in XY})
    labels = [each for each in picture.iter(f"{NAMESPACE}text") if each.attrib["text-anchor"] == "middle"]
    assert len(ticks) == len(labels) == 5 and len(dots) == len(bars) == 3 * len(shown)
    start = float(labels[0].text or "nan")
    least = min(each.low for scores in shown for each in scores.values())
    # A whole tenth, never so near 1 that nothing is left of the axis.
    assert start == pytest.approx(math.floor(min(least, 0.9) * 10) / 10) and start <= 0.9
    assert [float(each.text or "nan") for each in labels] == pytest.approx(np.linspace(start, 1, 5), abs=1e-3)
    left, right = ticks[0]["x1"], ticks[-1]["x1"]
    assert 0 < left < right < width and all(0 < tick["y1"] < tick["y2"] < height for tick in ticks)
    places = [left + (right - left) * (value - start) / (1 - start) for value in ends_of(shown, names, "value")]
    assert [float(dot["cx"]) for dot in dots] == pytest.approx(places, abs=0.06)
    for end, key in (("low", "x1"), ("high", "x2")):
        places = [left + (right - left) * (value - start) / (1 - start) for value in ends_of(shown, names, end)]
        assert [bar[key] for bar in bars] == pytest.approx(places, abs=0.06)
    heights = np.array([float(dot["cy"]) for dot in dots]).reshape(3, len(shown))
    assert [bar["y1"] for bar in bars] == [bar["y2"] for bar in bars] == heights.reshape(-1).tolist()
    rows = [float(each.attrib["y"]) for each in picture.iter(f"{NAMESPACE}text") if each.attrib["text-anchor"] == "end"]
    # From top to bottom, each row around its name, and none in its neighbour.
    assert (np.diff(heights.reshape(-1)) > 0).all() and ticks[0]["y1"] < heights.min() < heights.max() < ticks[0]["y2"]
    assert heights.mean(axis=1) + 4 == pytest.approx(rows)
    assert (np.diff(heights, axis=1) == 5).all() and (np.diff(rows) == 22).all()


@pytest.mark.parametrize("count", [1, 2, 4, 6])
def test_the_legend_names_what_is_drawn_without_overlaps(count: int) -> None:
    score = {"accuracy": Estimate(0.9, 0.85, 0.95)}
    names = ["linear", "a much longer name", "k-mers", "fourth", "fifth"][: count - 1]
    picture = ElementTree.fromstring(interval_plot(score, dict.fromkeys(names, score)))
    every = list(picture.iter(f"{NAMESPACE}circle"))
    legend, drawn = every[: len(every) // 2], every[len(every) // 2 :]
    assert len(legend) == min(count, 4)
    for key in ("fill", "stroke"):
        assert [each.attrib[key] for each in legend] == [each.attrib[key] for each in drawn]
    assert [each.attrib["fill"] == "none" for each in legend] == [False] + [True] * (len(legend) - 1)
    assert len({each.attrib["stroke"] for each in legend}) == len(legend)
    texts = [each for each in picture.iter(f"{NAMESPACE}text") if each.attrib["text-anchor"] == "start"]
    assert [each.text for each in texts] == ["this model", *names][:4]
    begins = [float(each.attrib["cx"]) for each in legend]
    for dot, text, following in zip(begins, texts, [*begins[1:], np.inf], strict=True):
        begin = float(text.attrib["x"])
        # Six pixels are about the width of a letter.
        assert dot + 3.5 < begin < dot + 15 and begin + 6 * len(text.text or "") < following


def test_a_baseline_without_a_measure_has_no_ring_in_its_row() -> None:
    scores = {"accuracy": Estimate(0.9, 0.85, 0.95), "auroc": Estimate(0.9, 0.85, 0.95)}
    partly = {"auroc": Estimate(0.7, 0.65, 0.75), "other": Estimate(0.1, 0.1, 0.1)}
    beyond = {"accuracy": Estimate(0.99, 0.9, 1.1), "auroc": Estimate(0.2, -0.1, 0.4)}
    assert [
        each["fill"] == "none" for each in circles(interval_plot(scores, {"partly": partly, "beyond": beyond}))
    ] == [*(False, False, True)]
    labels = [
        each.text for each in ElementTree.fromstring(interval_plot(scores, {"a": partly})).iter(f"{NAMESPACE}text")
    ]
    assert "0.6" in labels and "0.1" not in labels

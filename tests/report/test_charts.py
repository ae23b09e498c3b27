"""Charts of many points stay small, and show what a reader could see of all of them."""

from __future__ import annotations

import numpy as np

from amber.report.charts import Axis, Series, chart


def drawn(count: int) -> str:
    rng = np.random.default_rng(0)
    points = [(float(at), float(rng.normal()), f"trial {at}") for at in range(count)]
    best, top = [], -np.inf
    for at, value, _ in points:
        top = max(top, value)
        best.append((at, top, ""))
    series = [Series(best, "best", line=True, marked=False), Series(points, "trial")]
    return chart("scores", Axis("time (seconds)"), Axis("score"), series)


def test_few_points_are_all_drawn() -> None:
    found = drawn(500)
    assert found.count("<circle") == 500


def test_of_many_points_those_that_others_cover_are_left_out() -> None:
    few, many = drawn(2000), drawn(100_000)
    assert few.count("<circle") == 2000
    assert 2000 < many.count("<circle") < 6000 and len(many) < 1_000_000
    # Steps that change nothing are part of the next: the line of the best has one for each time it rose.
    (line,) = [each for each in many.splitlines() if 'class="line best"' in each]
    assert 3 < line.count("V") < 30


def test_a_step_line_goes_to_the_last_point() -> None:
    flat = Series([(0.0, 1.0, ""), (5.0, 1.0, ""), (10.0, 1.0, "")], "best", line=True, marked=False)
    rising = Series([(0.0, 0.0, ""), (5.0, 1.0, ""), (10.0, 2.0, "")], "trial", line=True, straight=True)
    text = chart("steps", Axis("x"), Axis("y"), [flat, rising])
    steps, straight = (each for each in text.splitlines() if 'class="line' in each)
    assert steps.count("H") == 1 and straight.count("L") == 2
    assert f"H{straight.split('L')[-1].split(' ')[0]}" in steps

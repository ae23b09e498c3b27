"""Scores with their intervals as a picture, for notebooks: the model's as dots, those of baselines as rings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from amber.evaluation.bootstrap import Estimate
from amber.metric_names import measure_name

_ROW, _LEFT, _WIDTH, _TOP = 22, 150, 320, 24
# Read well on light and on dark pages.
_COLOURS = ("#3a86d4", "#d98c00", "#109648", "#8a63c9")
_GREY = "#808890"


def interval_plot(scores: Mapping[str, Estimate], baselines: Mapping[str, Mapping[str, Estimate]]) -> str:
    """Return an SVG of the measures that lie between 0 and 1; empty where none does.

    Args:
        scores: of the model, by measure.
        baselines: of each baseline, by its name.
    """
    shown = [name for name, each in scores.items() if _is_share(each)]
    if not shown:
        return ""
    series = [("this model", scores), *baselines.items()][: len(_COLOURS)]
    least = min(each[name].low for _, each in series for name in shown if name in each and _is_share(each[name]))
    start = math.floor(min(least, 0.9) * 10) / 10
    parts = [_legend([name for name, _ in series]), _axis(start, len(shown))]
    for row, name in enumerate(shown):
        y = _TOP + _ROW * (row + 0.5)
        parts.append(_text(_LEFT - 8, y + 4, measure_name(name), "end"))
        for number, (_, each) in enumerate(series):
            if name in each and _is_share(each[name]):
                offset = (number - (len(series) - 1) / 2) * 5
                parts.append(_interval(each[name], y + offset, start, number))
    height = _TOP + _ROW * len(shown) + 24
    size = f'width="{_LEFT + _WIDTH + 20}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">{"".join(parts)}</svg>'
    )


def _is_share(estimate: Estimate) -> bool:
    ends = (estimate.low, estimate.value, estimate.high)
    return all(math.isfinite(end) and 0 <= end <= 1 for end in ends)


def _place(value: float, start: float) -> float:
    return _LEFT + _WIDTH * (value - start) / (1 - start)


def _interval(estimate: Estimate, y: float, start: float, number: int) -> str:
    low, middle, high = (_place(each, start) for each in (estimate.low, estimate.value, estimate.high))
    colour = _COLOURS[number]
    fill = colour if number == 0 else "none"
    return (
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2"/>'
        f'<circle cx="{middle:.1f}" cy="{y:.1f}" r="3.5" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>'
    )


def _axis(start: float, rows: int) -> str:
    bottom = _TOP + _ROW * rows
    ticks = [start + (1 - start) * step / 4 for step in range(5)]
    lines = (
        f'<line x1="{_place(tick, start):.1f}" x2="{_place(tick, start):.1f}" y1="{_TOP}" y2="{bottom}" '
        f'stroke="{_GREY}" stroke-opacity="0.3"/>{_text(_place(tick, start), bottom + 16, f"{tick:.3g}", "middle")}'
        for tick in ticks
    )
    return "".join(lines)


def _legend(names: Sequence[str]) -> str:
    parts, x = [], float(_LEFT)
    for number, name in enumerate(names):
        parts.append(
            f'<circle cx="{x:.0f}" cy="10" r="3.5" fill="{_COLOURS[number] if number == 0 else "none"}" '
            f'stroke="{_COLOURS[number]}" stroke-width="1.5"/>{_text(x + 8, 14, name, "start")}'
        )
        x += 24 + 7 * len(name)
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{_GREY}" text-anchor="{anchor}">{escape(text)}</text>'

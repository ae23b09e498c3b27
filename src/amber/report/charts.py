"""Charts as SVG text: points on two labelled axes. Colours are classes, for light and dark in the page's style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from amber.drawing.svg import escape

# As wide as the text column of a phone, so that text has there the size it is given here.
_WIDTH, _HEIGHT = 328.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 54.0, 12.0, 12.0, 44.0
# Of more points than these, one is drawn of those that cover each other: within so many pixels.
_ALL_DRAWN, _COVERED = 2000, 3.0


@dataclass(frozen=True)
class Series:
    """Points of one kind.

    Attributes:
        points: (x, y, what is said of it when pointed at).
        kind: class of the style: "trial", "best", "front", "failed", or "k0" to "k7" for classes.
        line: whether steps join them: the height of a point holds until the next.
        marked: whether each point is marked.
        straight: whether the line goes from point to point instead.
    """

    points: Sequence[tuple[float, float, str]]
    kind: str
    line: bool = False
    marked: bool = True
    straight: bool = False


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        title: with the unit.
        logarithmic: whether equal distances are equal ratios.
    """

    title: str
    logarithmic: bool = False


class _Scale:
    """From values to pixels, with ticks at round values."""

    def __init__(self, values: Sequence[float], axis: Axis, start: float, end: float) -> None:
        self.logarithmic = axis.logarithmic
        self.start, self.end = start, end
        inner = [self._inner(value) for value in values]
        low, high = min(inner), max(inner)
        spare = (high - low) * 0.06 or max(abs(high) * 0.05, 0.05)
        self.low, self.high = low - spare, high + spare
        if not axis.logarithmic and min(values) >= 0.0:
            self.low = max(0.0, self.low)

    def _inner(self, value: float) -> float:
        return math.log10(max(value, 1.0)) if self.logarithmic else value

    def __call__(self, value: float) -> float:
        share = (self._inner(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        if self.logarithmic:
            decades = range(math.floor(self.low), math.ceil(self.high) + 1)
            for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
                found = [step * 10.0**power for power in decades for step in steps]
                found = [value for value in found if self.low <= math.log10(value) <= self.high]
                if len(found) >= 3:
                    return found if len(found) <= 7 else found[:: math.ceil(len(found) / 7)]
        return _round_values(
            10**self.low if self.logarithmic else self.low, 10**self.high if self.logarithmic else self.high
        )


def chart(name: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """Return a chart as SVG text, every string in it escaped.

    Args:
        name: what the chart shows, for those who cannot see it.
        x: the horizontal axis.
        y: the vertical axis.
        series: drawn in this order; those without points are left out.
    """
    points = [point for each in series for point in each.points]
    across = _Scale([point[0] for point in points], x, _LEFT, _WIDTH - _RIGHT)
    up = _Scale([point[1] for point in points], y, _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{escape(name)}">',
        *_grid(across, up, x, y),
    ]
    for each in series:
        if each.line:
            parts.append(_line(each, across, up))
        if each.marked:
            placed = [(across(px), up(py), said) for px, py, said in each.points]
            parts += [_mark(each.kind, *point) for point in _uncovered(placed)]
    return "\n".join([*parts, "</svg>"])


def _grid(across: _Scale, up: _Scale, x: Axis, y: Axis) -> list[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = []
    for value in across.ticks():
        at = across(value)
        parts.append(f'<line class="grid" x1="{at:.1f}" y1="{_TOP:g}" x2="{at:.1f}" y2="{bottom:g}"/>')
        # Centred under its line, but for one at the edge, which would be cut off.
        x_text, anchor = (_WIDTH, "end") if at > _WIDTH - 20 else (at, "middle")
        parts.append(f'<text x="{x_text:.1f}" y="{bottom + 15:g}" text-anchor="{anchor}">{escape(short(value))}</text>')
    for value in up.ticks():
        at = up(value)
        parts.append(f'<line class="grid" x1="{_LEFT:g}" y1="{at:.1f}" x2="{right:g}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6:g}" y="{at + 4:.1f}" text-anchor="end">{escape(short(value))}</text>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text class="axis" x="{middle:g}" y="{_HEIGHT - 8:g}" text-anchor="middle">{escape(x.title)}</text>')
    at = (_TOP + bottom) / 2
    parts.append(
        f'<text class="axis" transform="translate(13 {at:g}) rotate(-90)" text-anchor="middle">{escape(y.title)}</text>'
    )
    return parts


def _uncovered(placed: list[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Return points without those that others cover, where there are many; the first of them stays."""
    if len(placed) <= _ALL_DRAWN:
        return placed
    cells: dict[tuple[int, int], tuple[float, float, str]] = {}
    for point in placed:
        cells.setdefault((round(point[0] / _COVERED), round(point[1] / _COVERED)), point)
    return list(cells.values())


def _line(each: Series, across: _Scale, up: _Scale) -> str:
    placed = [(f"{across(px):.1f}", f"{up(py):.1f}") for px, py, _ in each.points]
    steps = [f"M{placed[0][0]} {placed[0][1]}"] if placed else []
    for (x, y), before, after in zip(placed[1:], placed, [*placed[2:], None], strict=False):
        if each.straight:
            steps.append(f"L{x} {y}")
        elif y != before[1] or after is None:  # a step that changes nothing is part of the next
            steps.append(f"H{x}V{y}")
    return f'<path class="line {each.kind}" d="{"".join(steps)}"/>'


def _mark(kind: str, x: float, y: float, said: str) -> str:
    title = f"<title>{escape(said)}</title>"
    if kind == "failed":
        path = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"
        return f'<path class="mark failed" d="{path}">{title}</path>'
    radius = 5.0 if kind == "front" else 3.5
    return f'<circle class="mark {kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}">{title}</circle>'


def short(value: float) -> str:
    """Return a number in few characters: `0.85`, `120`, `45 k`, `1.2 M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.4g} {letter}"
    return f"{value:.4g}"


def _round_values(low: float, high: float) -> list[float]:
    rough = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= rough)
    return [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]

"""Turn a folded, laid-out graph into shapes, which the SVG and the PNG writer draw alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from amber.drawing import style
from amber.drawing.fold import Box, FoldedGraph, fold
from amber.drawing.layout import ARROW, Layout, Point, Rect, Route, lay_out
from amber.graph.describe import clip

if TYPE_CHECKING:
    from amber.graph.cost import GraphCost
    from amber.graph.node import Network

_MARGIN = 28.0
_TITLE, _DETAIL, _HEADING = 14.0, 12.0, 20.0
_MIN_WIDTH = 150.0
_CHIP_HEIGHT, _CHIP_GAP = 17.0, 5.0
_STRIP_WIDTH, _STRIP_GAP = 720.0, 16.0
# Control points at this share of the radius make a cubic curve follow a quarter of an ellipse.
_BEND = 0.5523


@dataclass(frozen=True)
class Text:
    """One line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    anchor: str = "start"


@dataclass(frozen=True)
class Block:
    """A rounded rectangle; `tooltip` shows on hovering in SVG."""

    rect: Rect
    fill: str
    stroke: str
    radius: float = 6.0
    tooltip: str = ""


@dataclass(frozen=True)
class Curve:
    """A line made of commands `M`, `L` and `C`, each with its points."""

    commands: tuple[tuple[str, tuple[Point, ...]], ...]
    colour: str
    width: float


@dataclass(frozen=True)
class Triangle:
    """A filled arrow head."""

    points: tuple[Point, Point, Point]
    colour: str


Shape = Text | Block | Curve | Triangle
# Text and colour of each input that boxes name instead of a line.
Chips = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Scene:
    """Shapes in the order in which to draw them, on a page of `width` x `height` pixels."""

    width: float
    height: float
    background: str
    title: str
    shapes: tuple[Shape, ...]


def make_scene(
    graph: Network,
    *,
    title: str,
    subtitle: str,
    theme: str,
    costs: GraphCost | None,
    loss_weights: Mapping[str, float] | None = None,
) -> Scene:
    """Fold, lay out and colour a computation graph.

    Raises:
        ConfigError: For an unknown theme.
    """
    colours = style.get_theme(theme)
    folded = fold(graph, costs, loss_weights)
    chips = chips_of(folded, colours)
    top, layout = arrange(folded, chips)
    head = _heading(title, subtitle, costs)
    texts = [style.text_width(text, size, bold) for text, size, bold in head]
    across = max((rect.x + rect.width for rect in top.values()), default=0.0)
    width = max([layout.width, across, *texts, 320.0]) + 2 * _MARGIN
    shapes: list[Shape] = []
    y = _MARGIN
    for text, size, bold in head:
        y += size
        shapes.append(Text(_MARGIN, y, text, size, colours.text if bold else colours.muted, bold))
        y += 7
    legend, y = _legend(folded, layout.routes, colours, width, y + 6)
    shapes += legend
    y += 18
    placed = {
        key: Rect(rect.x + (width - across) / 2, rect.y + y, rect.width, rect.height) for key, rect in top.items()
    }
    y = max((rect.bottom + 26.0 for rect in placed.values()), default=y)
    dx, dy = (width - layout.width) / 2, y
    for key, rect in layout.boxes.items():
        placed[key] = Rect(rect.x + dx, rect.y + dy, rect.width, rect.height)
    tones = _tones(folded, layout.routes, colours)
    # Straight edges last, so that arcs pass beneath the main chain.
    for source, tone in tones.items():
        bent = [_edge(route, tone, dx, dy) for route in layout.routes if route.source == source and not route.straight]
        # A rim in the colour of the page parts crossing lines; all rims of a net come before its lines.
        shapes += [Curve(curve.commands, colours.background, 4.5) for curve, _ in bent]
        shapes += [shape for pair in bent for shape in pair]
    for route in layout.routes:
        if route.straight:
            shapes += _edge(route, colours.main_edge, dx, dy)
    for box in folded.boxes:
        shapes += _box(box, placed[box.key], colours, chips)
    return Scene(width, dy + layout.height + _MARGIN, colours.background, title, tuple(shapes))


def arrange(folded: FoldedGraph, chips: Chips) -> tuple[dict[str, Rect], Layout]:
    """Return where the inputs lie that boxes name instead of lines, above all else, and the layout of all else."""
    sizes = {box.key: _size(box, chips) for box in folded.boxes}
    named = [key for key in folded.inputs if key in chips]
    layout = lay_out(
        {key: size for key, size in sizes.items() if key not in chips},
        folded.edges,
        [key for key in folded.inputs if key not in chips],
        folded.outputs,
        folded.doubled,
    )
    return _strip([(key, sizes[key]) for key in named], max(layout.width, _STRIP_WIDTH)), layout


def _strip(boxes: Sequence[tuple[str, tuple[float, float]]], room: float) -> dict[str, Rect]:
    """Set boxes side by side, in as few rows as the room allows and equally many in each."""
    for count in range(1, len(boxes) + 1):
        per_row = -(-len(boxes) // count)
        rows = [boxes[start : start + per_row] for start in range(0, len(boxes), per_row)]
        if all(sum(size[0] + _STRIP_GAP for _, size in row) - _STRIP_GAP <= room for row in rows):
            break
    else:
        rows = [[box] for box in boxes]
    placed: dict[str, Rect] = {}
    y = 0.0
    widths = [max(row[place][1][0] for row in rows if place < len(row)) for place in range(len(rows[0]) if rows else 0)]
    for row in rows:
        x, height = 0.0, max(size[1] for _, size in row)
        for (key, _), width in zip(row, widths, strict=False):
            placed[key] = Rect(x, y, width, height)
            x += width + _STRIP_GAP
        y += height + _STRIP_GAP
    return placed


def _heading(title: str, subtitle: str, costs: GraphCost | None) -> list[tuple[str, float, bool]]:
    lines = [(clip(title, 90), _HEADING, True)] if title else []
    if subtitle:
        lines.append((clip(subtitle, 130), 13.0, False))
    if costs is not None:
        lines.append((f"{costs.parameters:,} parameters · {costs.flops:,} FLOPs (forward, batch of 1)", 13.0, False))
    return lines


def chips_of(folded: FoldedGraph, colours: style.Theme) -> Chips:
    """Return text and colour of each input that boxes name instead of a line."""
    if not folded.hidden:
        return {}
    titles = {box.key: box.title.split("  ")[0] for box in folded.boxes}
    return {key: (titles[key], colours.edges[i % len(colours.edges)]) for i, key in enumerate(folded.inputs)}


def _chip_width(text: str) -> float:
    return style.text_width(text, _DETAIL, True) + 12.0


def _size(box: Box, chips: Chips | None = None) -> tuple[float, float]:
    texts = [style.text_width(box.title, _TITLE, True), *(style.text_width(d, _DETAIL) for d in box.details)]
    texts += [style.text_width(text, _DETAIL) for text in box.exits]
    row = sum(_chip_width((chips or {})[key][0]) + _CHIP_GAP for key in box.chips)
    return max(_MIN_WIDTH, max(texts) + 30.0, row + 20.0), 30.0 + 16.0 * len(box.details) + _chip_room(box)


def _chip_room(box: Box) -> float:
    """Return the height of the labels at the foot of a box."""
    return (_CHIP_HEIGHT + 6.0) * (bool(box.chips) + len(box.exits))


def _chip_row(box: Box, centre: float, top: float, chips: Chips, colours: style.Theme) -> list[Shape]:
    """Return the labels of the inputs that a box reads, side by side."""
    shapes: list[Shape] = []
    x = centre - (sum(_chip_width(chips[key][0]) + _CHIP_GAP for key in box.chips) - _CHIP_GAP) / 2
    for key in box.chips:
        text, colour = chips[key]
        width = _chip_width(text)
        shapes.append(Block(Rect(x, top, width, _CHIP_HEIGHT), colour, colour, 4.0))
        shapes.append(Text(x + width / 2, top + 12.5, text, _DETAIL, colours.background, True, "middle"))
        x += width + _CHIP_GAP
    return shapes


def _box(box: Box, rect: Rect, colours: style.Theme, chips: Chips | None = None) -> list[Shape]:
    strong = (chips or {}).get(box.key, ("", colours.family(box.family)))[1]
    shapes: list[Shape] = [
        Block(rect, colours.fill(box.family), strong, tooltip=box.tooltip),
        Block(Rect(rect.x, rect.y, 7.0, rect.height), strong, strong, 3.0),
    ]
    text_height = 30.0 + 16.0 * len(box.details) + _chip_room(box)
    x, y = rect.centre + 3.0, rect.y + (rect.height - text_height) / 2 + 20.0
    shapes.append(Text(x, y, box.title, _TITLE, colours.text, True, "middle"))
    for detail in box.details:
        y += 16.0
        shapes.append(Text(x, y, detail, _DETAIL, colours.muted, False, "middle"))
    y += 8.0
    if box.chips and chips:
        shapes += _chip_row(box, x, y, chips, colours)
        y += _CHIP_HEIGHT + 6.0
    for told in box.exits:
        width = style.text_width(told, _DETAIL) + 14.0
        shapes.append(Block(Rect(x - width / 2, y, width, _CHIP_HEIGHT), colours.background, colours.muted, 8.0))
        shapes.append(Text(x, y + 12.5, told, _DETAIL, colours.text, False, "middle"))
        y += _CHIP_HEIGHT + 6.0
    return shapes


def _tones(folded: FoldedGraph, routes: tuple[Route, ...], colours: style.Theme) -> dict[str, str]:
    """Return a colour for each source of edges that are not straight, in turn."""
    bent = {route.source for route in routes if not route.straight}
    sources = [box.key for box in folded.boxes if box.key in bent]
    return {source: colours.edges[index % len(colours.edges)] for index, source in enumerate(sources)}


def _legend(
    folded: FoldedGraph, routes: tuple[Route, ...], colours: style.Theme, width: float, y: float
) -> tuple[list[Shape], float]:
    shapes: list[Shape] = []
    present = {box.family for box in folded.boxes}
    entries = [(family, words) for family, words in style.FAMILIES.items() if family in present]
    if any(not route.straight for route in routes):
        entries.append(("", "skip or branch: one colour for each source"))
    if folded.hidden:
        entries.append(("chip", "coloured label: an input that the layer reads"))
    if any(box.exits for box in folded.boxes):
        entries.append(("exit", "outlined label: an intermediate output on the layer"))
    x = _MARGIN
    for family, words in entries:
        room = style.text_width(words, _DETAIL) + 44.0
        if x > _MARGIN and x + room > width - _MARGIN + 20.0:
            x, y = _MARGIN, y + 20.0
        if family == "chip":
            shapes.append(Block(Rect(x, y, 16.0, 12.0), colours.edges[1], colours.edges[1], 4.0))
        elif family == "exit":
            shapes.append(Block(Rect(x, y, 16.0, 12.0), colours.background, colours.muted, 6.0))
        elif family:
            shapes.append(Block(Rect(x, y, 16.0, 12.0), colours.family(family), colours.family(family), 2.0))
        else:
            shapes.append(Curve((("M", ((x, y + 6),)), ("L", ((x + 16, y + 6),))), colours.edges[0], 2.0))
        shapes.append(Text(x + 22.0, y + 10.5, words, _DETAIL, colours.muted))
        x += room
    return shapes, y + (12.0 if entries else 0.0)


def _edge(route: Route, colour: str, dx: float, dy: float) -> tuple[Curve, Triangle]:
    points = [(x + dx, y + dy) for x, y in route.points]
    points = [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]
    (ax, ay), (tx, ty) = points[-2], points[-1]
    ux, uy = _sign(tx - ax), _sign(ty - ay)
    base = (tx - ux * ARROW, ty - uy * ARROW)
    half = ARROW / 2
    points[-1] = (tx - ux * (ARROW - 1), ty - uy * (ARROW - 1))
    commands = smooth(points, route.radius)
    wings = (base[0] - uy * half, base[1] + ux * half), (base[0] + uy * half, base[1] - ux * half)
    head = Triangle(((tx, ty), *wings), colour)
    return Curve(commands, colour, 2.0), head


def _sign(value: float) -> float:
    return 0.0 if abs(value) < 1e-9 else (1.0 if value > 0 else -1.0)


def smooth(points: list[Point], radius: tuple[float, float]) -> tuple[tuple[str, tuple[Point, ...]], ...]:
    """Round the corners of a polyline of horizontal and vertical runs, by at most the radii (x, y)."""
    lengths = [abs(bx - ax) + abs(by - ay) for (ax, ay), (bx, by) in pairwise(points)]
    commands: list[tuple[str, tuple[Point, ...]]] = [("M", (points[0],))]
    last = len(points) - 2
    for i in range(1, len(points) - 1):
        before, corner, after = points[i - 1], points[i], points[i + 1]
        # A run between two corners is shared by them; one that ends at a box belongs to its only corner.
        room_in = lengths[i - 1] * (1.0 if i == 1 else 0.5)
        room_out = lengths[i] * (1.0 if i == last else 0.5)
        # Only a run that ends at the side of a box is wide open; one in a gap stays level in its track.
        in_radius = _reach(before, corner, radius, i == 1)
        out_radius = _reach(corner, after, radius, i == last)
        start = _towards(corner, before, min(in_radius, room_in))
        end = _towards(corner, after, min(out_radius, room_out))
        first = _between(start, corner, _BEND)
        second = _between(end, corner, _BEND)
        commands += [("L", (start,)), ("C", (first, second, end))]
    commands.append(("L", (points[-1],)))
    return tuple(commands)


def _reach(a: Point, b: Point, radius: tuple[float, float], at_box: bool) -> float:
    level = abs(a[1] - b[1]) < 1e-9
    return radius[0] if level and at_box else radius[1] if at_box or not level else min(radius)


def _towards(origin: Point, aim: Point, distance: float) -> Point:
    dx, dy = _sign(aim[0] - origin[0]), _sign(aim[1] - origin[1])
    return origin[0] + dx * distance, origin[1] + dy * distance


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share

"""Pure geometry of a drawing: where the boxes lie and which way the edges go, in pixels.

Boxes lie on a grid. Vertical runs of edges lie in the gutters between columns (or in empty cells of a
column), horizontal ones in the gaps between ranks, so that no edge can pass through a box. All edges that
leave one box share one run, a net, which branches at every target.

A layout library (grandalf) was tried instead: it crosses fewer edges, but leads some through boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amber.drawing.edge_routing import LANE_STEP, PORT_STEP, TRACK_STEP, EdgeRouting, route_edges
from amber.drawing.order import assign_columns, assign_ranks, main_chain

_GUTTER_PAD = 20.0
_INNER_GUTTER = 34.0
_GAP = 30.0
_GAP_PAD = 15.0
ARROW = 8.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Rect:
    """A box: top left corner and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> float:
        """Horizontal middle."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height


@dataclass(frozen=True)
class Route:
    """One edge: a polyline of horizontal and vertical runs, with the largest corner radii (x, y)."""

    source: str
    target: str
    points: tuple[Point, ...]
    radius: tuple[float, float]
    straight: bool


@dataclass(frozen=True)
class Layout:
    """All boxes and edges, and the size of the area that holds them."""

    boxes: Mapping[str, Rect]
    routes: tuple[Route, ...]
    width: float
    height: float


def lay_out(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    inputs: Sequence[str],
    outputs: Sequence[str],
    doubled: Sequence[tuple[str, str]] = (),
) -> Layout:
    """Lay out boxes and edges.

    Args:
        sizes: Width and least height of each box, in topological order.
        edges: Distinct pairs of source and target.
        inputs: Boxes with an input of the graph.
        outputs: Boxes with an output of the graph.
        doubled: Edges that also get a second, bowed line.
    """
    keys = list(sizes)
    if not keys:
        return Layout({}, (), 0.0, 0.0)
    ranks = assign_ranks(keys, edges, outputs)
    columns = assign_columns(keys, edges, ranks, main_chain(keys, edges, inputs))
    lowest = min(columns.values())
    columns = {key: column - lowest for key, column in columns.items()}
    routing = route_edges(keys, edges, ranks, columns, centre=-lowest, doubled=doubled)
    boxes, gutters, width = _place_boxes(sizes, ranks, columns, routing)
    routes = _Router(boxes, ranks, routing, gutters).routes(edges, doubled)
    return Layout(boxes, routes, width, max(box.bottom for box in boxes.values()))


def _place_boxes(
    sizes: Mapping[str, tuple[float, float]],
    ranks: Mapping[str, int],
    columns: Mapping[str, int],
    routing: EdgeRouting,
) -> tuple[dict[str, Rect], list[float], float]:
    """Return the boxes, the left end of each gutter, and the width of all."""
    count = max(columns.values()) + 1
    gutters, lefts, widths = [], [], []
    x = 0.0
    for index in range(count + 1):
        lanes = routing.lane_count(index)
        gutters.append(x)
        outer = index in (0, count)
        room = 2 * _GUTTER_PAD + (lanes - 1) * LANE_STEP if lanes else 0.0
        x += room if outer else max(_INNER_GUTTER, room)
        if index < count:
            widths.append(max(size[0] for key, size in sizes.items() if columns[key] == index))
            lefts.append(x)
            x += widths[-1]
    boxes: dict[str, Rect] = {}
    y = 0.0
    for rank in range(max(ranks.values()) + 1):
        row = [key for key in sizes if ranks[key] == rank]
        if rank:
            tracks = routing.track_count(rank)
            y += max(_GAP, 2 * _GAP_PAD + (tracks - 1) * TRACK_STEP)
        heights = {key: max(sizes[key][1], (routing.side_ports(key) + 1) * PORT_STEP) for key in row}
        tallest = max(heights.values(), default=0.0)
        for key in row:
            column = columns[key]
            top = y + (tallest - heights[key]) / 2
            boxes[key] = Rect(lefts[column], top, widths[column], heights[key])
        y += tallest
    return {key: boxes[key] for key in sizes}, gutters, x


class _Router:
    """Turns the routing of edges into polylines."""

    def __init__(
        self,
        boxes: Mapping[str, Rect],
        ranks: Mapping[str, int],
        routing: EdgeRouting,
        gutters: Sequence[float],
    ) -> None:
        self._boxes, self._ranks, self._routing, self._gutters = boxes, ranks, routing, gutters
        self._tops = {
            rank: max(box.bottom for key, box in boxes.items() if ranks[key] == rank - 1)
            for rank in range(1, max(ranks.values()) + 1)
        }

    def routes(self, edges: Sequence[tuple[str, str]], doubled: Sequence[tuple[str, str]] = ()) -> tuple[Route, ...]:
        plain = (self._route(source, target) for source, target in edges)
        bowed = (self._far_route(s, t) for s, t in doubled if (s, t) in self._routing.straight | self._routing.near)
        return (*plain, *bowed)

    def _lane_x(self, source: str) -> float:
        lane = self._routing.lanes[source]
        if lane.gutter is None:
            return self._boxes[source].centre
        steps = lane.index if lane.rightwards else self._routing.lane_count(lane.gutter) - 1 - lane.index
        return self._gutters[lane.gutter] + _GUTTER_PAD + steps * LANE_STEP

    def _track_y(self, source: str, rank: int) -> float:
        return self._tops[rank] + _GAP_PAD + self._routing.tracks[source, rank] * TRACK_STEP

    def _side_port(self, box: str, port: tuple[str, bool]) -> Point:
        rect = self._boxes[box]
        left = port in self._routing.ports.get((box, "left"), [])
        ports = self._routing.ports[box, "left" if left else "right"]
        y = rect.y + rect.height * (ports.index(port) + 1) / (len(ports) + 1)
        return (rect.x if left else rect.x + rect.width), y

    def _top_port(self, target: str, source: str) -> Point:
        """Return a port beside the middle of a box's top, which is kept for the edge from straight above."""
        rect = self._boxes[target]
        left, right = self._routing.top_ports(target)
        side = left if source in left else right
        step = min(14.0, (rect.width / 2 - 10) / len(side))
        offset = (side.index(source) + 1) * step
        return rect.centre + (-offset if side is left else offset), rect.y

    def _route(self, source: str, target: str) -> Route:
        routing, start, end = self._routing, self._boxes[source], self._boxes[target]
        if (source, target) in routing.straight:
            points: list[Point] = [(start.centre, start.bottom), (end.centre, end.y)]
            return Route(source, target, tuple(points), (0.0, 0.0), True)
        rank = self._ranks[target]
        if (source, target) in routing.near:
            y = self._track_y(source, rank)
            port = self._top_port(target, source)
            points = [(start.centre, start.bottom), (start.centre, y), (port[0], y), port]
            return Route(source, target, tuple(points), (9.0, 9.0), False)
        return self._far_route(source, target)

    def _far_route(self, source: str, target: str) -> Route:
        """Return the way along a lane, beside what lies between."""
        routing, start, rank = self._routing, self._boxes[source], self._ranks[target]
        x = self._lane_x(source)
        radius = (9.0, 9.0)
        if routing.lanes[source].gutter is None:
            points = [(x, start.bottom)]
        elif (source, False) in routing.ports.get((source, "left"), []) + routing.ports.get((source, "right"), []):
            port = self._side_port(source, (source, False))
            points = [port, (x, port[1])]
            radius = (1e3, 22.0)
        else:
            y = self._track_y(source, self._ranks[source] + 1)
            points = [(start.centre, start.bottom), (start.centre, y), (x, y)]
        if routing.enters_side(source, target):
            port = self._side_port(target, (source, True))
            points += [(x, port[1]), port]
            radius = (1e3, 22.0)
        else:
            y = self._track_y(source, rank)
            port = self._top_port(target, source)
            points += [(x, y), (port[0], y), port]
        return Route(source, target, tuple(points), radius, False)

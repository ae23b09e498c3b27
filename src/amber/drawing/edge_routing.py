"""Choose lanes, tracks and ports for the edges of a drawing; counts and indices only, no lengths.

All edges that leave one box for elsewhere share one line, a net.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LANE_STEP = 10.0
TRACK_STEP = 8.0
PORT_STEP = 9.0


@dataclass
class Lane:
    """The vertical run of a net.

    `gutter` i lies left of column i; None is the net's own column, below its source. `first` and `last` are
    zones: 2 * rank for a rank, one less for the gap above it. Lane 0 lies nearest to the centre.
    """

    gutter: int | None
    first: int
    last: int
    rightwards: bool
    index: int = 0


@dataclass
class EdgeRouting:
    """What `route_edges` decided."""

    columns: Mapping[str, int]
    straight: set[tuple[str, str]] = field(default_factory=set)
    near: set[tuple[str, str]] = field(default_factory=set)
    far: dict[str, list[str]] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    ports: dict[tuple[str, str], list[tuple[str, bool]]] = field(default_factory=dict)
    """Ports at a side of a box, from top to bottom: source of the net, and whether it comes in."""
    tracks: dict[tuple[str, int], int] = field(default_factory=dict)
    """Track of a net in the gap above a rank."""
    tops: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def lane_count(self, gutter: int) -> int:
        """Return the number of lanes of a gutter."""
        return max((lane.index + 1 for lane in self.lanes.values() if lane.gutter == gutter), default=0)

    def track_count(self, rank: int) -> int:
        """Return the number of tracks in the gap above a rank."""
        return max((index + 1 for (_, gap), index in self.tracks.items() if gap == rank), default=0)

    def side_ports(self, key: str) -> int:
        """Return the number of ports on the fuller side of a box."""
        return max(len(self.ports.get((key, side), [])) for side in ("left", "right"))

    def top_ports(self, key: str) -> tuple[list[str], list[str]]:
        """Return the nets that enter the top of a box left and right of its middle, innermost first."""
        return self.tops[key]

    def side_of(self, gutter: int | None, key: str) -> str:
        """Return the side of a box that looks on a gutter; empty where neither does."""
        if gutter is None:
            return ""
        return {0: "left", 1: "right"}.get(gutter - self.columns[key], "")

    def enters_side(self, source: str, target: str) -> bool:
        """Say whether a far edge enters its target from the side."""
        return bool(self.side_of(self.lanes[source].gutter, target))


def route_edges(
    keys: Sequence[str],
    edges: Sequence[tuple[str, str]],
    ranks: Mapping[str, int],
    columns: Mapping[str, int],
    centre: int,
    doubled: Sequence[tuple[str, str]] = (),
) -> EdgeRouting:
    """Choose the way of every edge.

    Args:
        keys: Boxes in topological order.
        edges: Distinct pairs of source and target.
        ranks: Rank of each box, 0 at the top.
        columns: Column of each box, 0 at the left.
        centre: Column of the main chain.
        doubled: Edges that also get a line along a lane.
    """
    routing = EdgeRouting(columns)
    cells = {(columns[key], ranks[key]) for key in keys}
    for source, target in edges:
        between = range(ranks[source] + 1, ranks[target])
        if columns[source] == columns[target] and not any((columns[source], rank) in cells for rank in between):
            routing.straight.add((source, target))
        elif ranks[target] == ranks[source] + 1:
            routing.near.add((source, target))
        else:
            routing.far.setdefault(source, []).append(target)
    for source, target in doubled:
        if target not in routing.far.get(source, []):
            routing.far.setdefault(source, []).append(target)
    for source in keys:
        if source in routing.far:
            routing.lanes[source] = _choose_lane(routing, source, ranks, cells, centre)
    _number_lanes(routing)
    _assign_ports(routing)
    _assign_tracks(routing, ranks)
    return routing


def _choose_lane(
    routing: EdgeRouting, source: str, ranks: Mapping[str, int], cells: set[tuple[int, int]], centre: int
) -> Lane:
    """Choose the gutter (or the empty cells below the source) with the shortest way and the fewest lanes."""
    targets, columns = routing.far[source], routing.columns
    own, last = columns[source], max(ranks[target] for target in targets)
    options: list[tuple[float, int, Lane]] = []
    if not any((own, rank) in cells for rank in range(ranks[source] + 1, last)) and all(
        columns[target] != own for target in targets
    ):
        way = sum(abs(columns[target] - own) for target in targets)
        options.append((way + 0.3, 0, Lane(None, 2 * ranks[source] + 1, 2 * last - 1, True)))
    for gutter in range(max(columns.values()) + 2):
        first = 2 * ranks[source] + (0 if routing.side_of(gutter, source) else 1)
        end = max(2 * ranks[t] - (0 if routing.side_of(gutter, t) else 1) for t in targets)
        load = sum(
            min(end, lane.last) - max(first, lane.first) + 1
            for lane in routing.lanes.values()
            if lane.gutter == gutter and lane.first <= end and first <= lane.last
        )
        way = sum(_steps(gutter, columns[key]) for key in [source, *targets])
        order = abs(gutter - centre - 0.6)
        options.append((way + 0.01 * load, round(10 * order), Lane(gutter, first, end, gutter > centre)))
    return min(options, key=lambda option: option[:2])[2]


def _steps(gutter: int, column: int) -> int:
    """Return the number of columns between a column and a gutter."""
    return column - gutter if gutter <= column else gutter - column - 1


def _number_lanes(routing: EdgeRouting) -> None:
    """Give nets of one gutter distinct lanes where they overlap, the short ones nearest to the centre."""
    placed: list[Lane] = []
    for lane in sorted(routing.lanes.values(), key=lambda lane: (lane.last - lane.first, lane.first)):
        if lane.gutter is None:
            continue
        taken = {
            other.index
            for other in placed
            if other.gutter == lane.gutter and other.first <= lane.last and lane.first <= other.last
        }
        lane.index = min(set(range(len(taken) + 1)) - taken)
        placed.append(lane)


def _assign_ports(routing: EdgeRouting) -> None:
    entering: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for source, targets in routing.far.items():
        lane = routing.lanes[source]
        for target in targets:
            side = routing.side_of(lane.gutter, target)
            if side:
                depth = lane.index if (side == "right") == lane.rightwards else -lane.index
                entering.setdefault((target, side), []).append((depth, source))
    # The innermost lane enters uppermost: so an arc never crosses one that ends at the same box.
    for place, found in entering.items():
        routing.ports[place] = [(source, True) for _, source in sorted(found)]
    for source, lane in routing.lanes.items():
        side = routing.side_of(lane.gutter, source)
        if side:
            routing.ports.setdefault((source, side), []).append((source, False))


def _assign_tracks(routing: EdgeRouting, ranks: Mapping[str, int]) -> None:
    """Give horizontal runs in one gap distinct tracks where they overlap."""
    runs: dict[tuple[str, int], list[float]] = {}
    for source, target in sorted(routing.near, key=lambda edge: (ranks[edge[1]], routing.columns[edge[1]], edge)):
        run = [float(routing.columns[source]), float(routing.columns[target])]
        runs.setdefault((source, ranks[target]), []).extend(run)
        _add_top(routing, target, source, run[0])
    for source, targets in routing.far.items():
        lane = routing.lanes[source]
        at = float(routing.columns[source]) if lane.gutter is None else lane.gutter - 0.5
        if lane.gutter is not None and not routing.side_of(lane.gutter, source):
            runs.setdefault((source, ranks[source] + 1), []).extend([at, float(routing.columns[source])])
        for target in targets:
            if not routing.enters_side(source, target):
                runs.setdefault((source, ranks[target]), []).extend([at, float(routing.columns[target])])
                _add_top(routing, target, source, at)
    placed: dict[int, list[tuple[float, float, int]]] = {}
    for (source, rank), places in sorted(runs.items(), key=lambda run: (max(run[1]) - min(run[1]), run[0])):
        low, high = min(places), max(places)
        taken = {index for a, b, index in placed.get(rank, []) if a <= high and low <= b}
        routing.tracks[source, rank] = min(set(range(len(taken) + 1)) - taken)
        placed.setdefault(rank, []).append((low, high, routing.tracks[source, rank]))


def _add_top(routing: EdgeRouting, target: str, source: str, at: float) -> None:
    left, right = routing.tops.setdefault(target, ([], []))
    if source not in left + right:
        (left if at < routing.columns[target] else right).append(source)

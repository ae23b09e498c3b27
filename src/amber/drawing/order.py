"""Put the boxes of a drawing on a grid: a rank from top to bottom and a column from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Edges = Sequence[tuple[str, str]]


def neighbours(keys: Sequence[str], edges: Edges) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the parents and the children of each key, in the order of `edges`."""
    parents: dict[str, list[str]] = {key: [] for key in keys}
    children: dict[str, list[str]] = {key: [] for key in keys}
    for source, target in edges:
        parents[target].append(source)
        children[source].append(target)
    return parents, children


def assign_ranks(keys: Sequence[str], edges: Edges, outputs: Sequence[str]) -> dict[str, int]:
    """Return the length of the longest path to each box; outputs that lead nowhere go to the bottom.

    Args:
        keys: Boxes in topological order.
        edges: Pairs of source and target.
        outputs: Boxes with an output of the graph.
    """
    parents, children = neighbours(keys, edges)
    ranks: dict[str, int] = {}
    for key in keys:
        ranks[key] = max((ranks[parent] + 1 for parent in parents[key]), default=0)
    last = max(ranks.values(), default=0)
    for key in outputs:
        if not children[key] and parents[key]:
            ranks[key] = last
    return ranks


def main_chain(keys: Sequence[str], edges: Edges, inputs: Sequence[str]) -> list[str]:
    """Return a longest path; of equally long ones, that from the middlemost input."""
    parents, children = neighbours(keys, edges)
    length: dict[str, int] = {}
    for key in reversed(keys):
        length[key] = 1 + max((length[child] for child in children[key]), default=0)
    middle = (len(inputs) - 1) / 2
    place = {key: abs(index - middle) for index, key in enumerate(inputs)}
    starts = [key for key in keys if not parents[key]]
    if not starts:
        return []
    chain = [min(starts, key=lambda key: (-length[key], place.get(key, len(keys))))]
    while children[chain[-1]]:
        chain.append(max(children[chain[-1]], key=lambda key: length[key]))
    return chain


def assign_columns(keys: Sequence[str], edges: Edges, ranks: Mapping[str, int], chain: Sequence[str]) -> dict[str, int]:
    """Return a column for each box: 0 for the main chain, the others near their neighbours, one box a cell.

    Barycentres are swept down and up a few times; the assignment with the shortest edges is kept.
    """
    if not keys:
        return {}
    parents, children = neighbours(keys, edges)
    rows: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for key in keys:
        rows[ranks[key]].append(key)
    columns = {key: 0 for key in chain}
    for rank, row in enumerate(rows):
        others = [key for key in row if key not in chain]
        if rank == 0:
            # In the order of the inputs where that leaves the main chain about in the middle.
            half = next((row.index(key) for key in row if key in chain), 0)
            if min(half, len(others) - half) < len(others) // 3:
                half = len(others) // 2
            columns.update({key: index - half for index, key in enumerate(others[:half])})
            columns.update({key: index + 1 for index, key in enumerate(others[half:])})
        else:
            wished = {key: _mean([columns[parent] for parent in parents[key]]) for key in others}
            _place(others, wished, columns)
    best = dict(columns)
    for sweep in range(6):
        # The inputs keep their order, in which a reader looks for them.
        for row in reversed(rows[1:]) if sweep % 2 == 0 else rows[1:]:
            others = [key for key in row if key not in chain]
            wished = {key: _mean([columns[near] for near in parents[key] + children[key]]) for key in others}
            _place(others, wished, columns)
        if _spread(edges, columns) < _spread(edges, best):
            best = dict(columns)
    used = sorted(set(best.values()))
    return {key: used.index(best[key]) - used.index(0) for key in keys}


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def _spread(edges: Edges, columns: Mapping[str, int]) -> int:
    return sum(abs(columns[a] - columns[b]) for a, b in edges) + 2 * len(set(columns.values()))


def _place(row: Sequence[str], wished: Mapping[str, float], columns: dict[str, int]) -> None:
    """Put the boxes of a row on the free columns nearest to those they prefer, in the order of these."""
    taken = {0}
    balance = 0
    for key in sorted(row, key=lambda key: (abs(wished[key]), row.index(key))):
        near = round(wished[key])
        free = [column for column in range(near - len(row) - 2, near + len(row) + 3) if column not in taken]
        # Equally near columns are filled on the emptier side.
        column = min(free, key=lambda c: (abs(c - wished[key]), -c if balance <= 0 else c))
        balance += 1 if column > 0 else -1
        taken.add(column)
    taken.discard(0)
    ordered = sorted(row, key=lambda key: (wished[key], row.index(key)))
    columns.update(zip(ordered, sorted(taken), strict=True))

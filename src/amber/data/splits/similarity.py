"""Groups of near-duplicates, which a split keeps together.

What may be changed here: which examples count as near-duplicates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.data.splits.sketches import Sketches

_LARGE = 0.5


@dataclass(frozen=True, eq=False)
class SimilarityGroups:
    """Examples that are alike, directly or through others.

    Attributes:
        groups: number of each example's group, int64 `(examples,)`.
        notes: one sentence for whatever a user should know of them.
    """

    groups: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def similarity_groups(sketches: Sketches) -> SimilarityGroups:
    """Put examples together that share a sampled k-mer on either strand, or that are identical.

    Examples that share a stretch of `sketches.stretch` known letters are always together. Groups are the connected
    components of what is shared: time is that of sorting the samples.

    Args:
        sketches: of all examples, from `sketch`.
    """
    # Takes a while to import, and is needed nowhere else.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = _neighbours(sketches.hashes, sketches.rows)
    same, other = _neighbours(sketches.whole, np.arange(len(sketches)))
    edges = np.concatenate([first, same]), np.concatenate([second, other])
    graph = coo_array((np.ones(len(edges[0]), dtype=np.int8), edges), shape=(len(sketches), len(sketches)))
    count, groups = connected_components(graph, directed=False)
    sizes = np.bincount(groups, minlength=count)
    notes = [f"{len(sketches):,} examples make {count:,} groups of near-duplicates, the largest of {sizes.max():,}."]
    if sizes.max() > _LARGE * len(sketches) and count > 1:
        notes.append(
            f"More than half of the examples are of one group: with a longer `stretch` than {sketches.stretch} fewer "
            "are taken for near-duplicates."
        )
    return SimilarityGroups(groups.astype(np.int64), tuple(notes))


def _neighbours(
    values: NDArray[np.uint64], rows: NDArray[np.int32] | NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of rows with the same value: each with the next, which is enough to connect all of them."""
    order = np.argsort(values, kind="stable")
    alike = values[order][1:] == values[order][:-1]
    return rows[order[:-1][alike]].astype(np.int64), rows[order[1:][alike]].astype(np.int64)

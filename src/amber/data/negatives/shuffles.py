"""Sequences in another order that keeps how often each pair of neighbours occurs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from amber.errors import DataError

_MOST_DRAWS = 200


def dinucleotide_shuffle(codes: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Shuffle each sequence, keeping its counts of dinucleotides and its first and last base.

    Each result is a random Eulerian path through the graph of neighbours: Altschul and Erickson, "Significance of
    nucleotide sequence alignments", Mol. Biol. Evol. 2 (1985), 526-538.

    Args:
        codes: sequences of small integers, one per row, shape `(sequences, length)`. Any code, also that of an unknown
            base, is a letter of its own.
        generator: source of random numbers.

    Returns:
        A new array of the same shape and type.

    Raises:
        DataError: not an array of two axes.
    """
    if codes.ndim != 2:
        raise DataError(f"`codes` must have the shape (sequences, length). Received: {codes.shape}")
    if codes.shape[1] < 4 or not len(codes):
        return codes.copy()
    letters, compact = np.unique(codes, return_inverse=True)
    compact = compact.reshape(codes.shape)
    last_edges = _last_edges(compact, len(letters), generator)
    successors, starts = _ordered_successors(compact, len(letters), last_edges, generator)
    return letters[_walk(compact[:, 0], successors, starts)]


def _last_edges(compact: NDArray[np.intp], size: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Choose for each letter the position of the edge that leaves it last, so that all lead to the last letter.

    Returns:
        Positions in the sequence, shape (sequences, letters); -1 for a letter without one.
    """
    chosen = np.full((len(compact), size), -1)
    own = _last_positions(compact[:, :-1], size)
    pending = np.arange(len(compact))
    for _ in range(_MOST_DRAWS):
        drawn = _random_positions(compact[pending, :-1], size, generator)
        good = _all_reach_the_end(compact[pending], drawn)
        chosen[pending[good]] = drawn[good]
        pending = pending[~good]
        if not len(pending):
            return chosen
    # Hardly any choice fits such a sequence; the edges that it uses last itself always do.
    chosen[pending] = own[pending]
    return chosen


def _random_positions(sources: NDArray[np.intp], size: int, generator: np.random.Generator) -> NDArray[np.intp]:
    keys = generator.random(sources.shape)
    found = np.full((len(sources), size), -1)
    for letter in range(size):
        masked = np.where(sources == letter, keys, -1.0)
        position = masked.argmax(axis=1)
        found[:, letter] = np.where(masked.max(axis=1) < 0, -1, position)
    return found


def _last_positions(sources: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    found = np.full((len(sources), size), -1)
    for letter in range(size):
        here = sources == letter
        position = sources.shape[1] - 1 - here[:, ::-1].argmax(axis=1)
        found[:, letter] = np.where(here.any(axis=1), position, -1)
    return found


def _all_reach_the_end(compact: NDArray[np.intp], edges: NDArray[np.intp]) -> NDArray[np.bool_]:
    size = edges.shape[1]
    rows = np.arange(len(compact))[:, None]
    end = compact[:, -1:]
    target = np.where(edges < 0, end, compact[rows, np.minimum(edges + 1, compact.shape[1] - 1)])
    target[rows[:, 0], end[:, 0]] = end[:, 0]
    reached = target
    for _ in range(size):
        reached = np.take_along_axis(target, reached, axis=1)
    good: NDArray[np.bool_] = (reached == end).all(axis=1)
    return good


def _ordered_successors(
    compact: NDArray[np.intp], size: int, last_edges: NDArray[np.intp], generator: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return what follows each letter in a random order, letter after letter, and where each letter's begin."""
    sources, targets = compact[:, :-1], compact[:, 1:]
    keys = sources + generator.random(sources.shape) * 0.5
    rows = np.arange(len(compact))
    for letter in range(size):
        # No edge has to be the last one out of the letter at the end.
        bound = (last_edges[:, letter] >= 0) & (compact[:, -1] != letter)
        keys[rows[bound], last_edges[bound, letter]] = letter + 0.75
    order = np.argsort(keys, axis=1)
    counts = (sources[:, :, None] == np.arange(size)).sum(axis=1)
    starts = np.concatenate([np.zeros((len(compact), 1), dtype=np.intp), np.cumsum(counts, axis=1)[:, :-1]], axis=1)
    return np.take_along_axis(targets, order, axis=1), starts


def _walk(first: NDArray[np.intp], successors: NDArray[np.intp], starts: NDArray[np.intp]) -> NDArray[np.intp]:
    rows = np.arange(len(first))
    following = starts.copy()
    walked = np.empty((len(first), successors.shape[1] + 1), dtype=np.intp)
    walked[:, 0] = current = first
    for step in range(1, walked.shape[1]):
        place = following[rows, current]
        following[rows, current] += 1
        walked[:, step] = current = successors[rows, place]
    return walked

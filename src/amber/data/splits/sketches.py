"""Sketches of examples: samples of their k-mers by which identical and near-identical ones are found in linear time.

What may be changed here: what of a sequence is sampled. Groups and leakage are the matter of `similarity` and
`leakage`.

Of every `window` consecutive k-mers the one with the smallest hash is kept (minimizers, Roberts et al. 2004,
Bioinformatics 20:3363), so that two sequences that share a stretch of `kmer + window - 1` letters share a sampled
k-mer. A k-mer and its reverse complement have the same hash. K-mers with unknown or ambiguous letters are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.checks import positive_integer
from amber.data.encoding.alphabets import PADDING
from amber.data.encoding.one_hot import reverse_complement
from amber.data.examples import Examples, SequenceInput
from amber.errors import DataError
from amber.types import Array

Hashes = NDArray[np.uint64]

_POSITIONS_AT_ONCE = 1 << 19
_LONGEST_STRETCH = 40
# A wider one samples less, and finds shorter stretches that happen to be sampled more often.
_LARGEST_WINDOW = 20
_MULTIPLIER = 0x9E3779B97F4A7C15
_NOTHING = np.uint64(0xFFFFFFFFFFFFFFFF)
# Pairs of sequences that may share a k-mer by chance, as a fraction of all sequences.
_BY_CHANCE = 0.01


@dataclass(frozen=True, eq=False)
class Sketches:
    """What is sampled of examples.

    Attributes:
        whole: a hash of each example's inputs, the same for both strands, `(examples,)`.
        rows: of each sampled k-mer the example, sorted, `(samples,)`.
        hashes: of the sampled k-mers, each once for an example, `(samples,)`.
        kmer: letters of a sampled k-mer; 0 where there are no sequences.
        window: of so many consecutive k-mers one is sampled.
    """

    whole: Hashes
    rows: NDArray[np.int32]
    hashes: Hashes
    kmer: int
    window: int

    @property
    def stretch(self) -> int:
        """Letters of the shortest shared stretch that is found for certain; 0 where there are no sequences."""
        return self.kmer + self.window - 1 if self.kmer else 0

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.whole)


def sketch(examples: Examples, *, stretch: int | None = None) -> Sketches:
    """Read all examples once and sample their sequences; time and memory grow with their total length.

    Args:
        examples: with any inputs; k-mers are sampled of sequences, `whole` is of all inputs.
        stretch: letters that two sequences must share to be found for certain; by default 40, of sequences shorter than
            120 a third, and at least so many that hardly any k-mers are shared by chance.

    Raises:
        DataError: a stretch below 1, or longer than all sequences.
    """
    if stretch is not None:
        positive_integer(stretch, "stretch", error=DataError)
    lengths = _lengths(examples)
    if stretch is not None and lengths and stretch > max(lengths):
        raise DataError(
            f"Near-duplicates must share at most the {max(lengths):,} letters that sequences have. "
            f"Received: a stretch of {stretch:,}"
        )
    kmer, window = _sampling(len(examples), lengths, _letters(examples), stretch) if lengths else (0, 0)
    whole, rows, hashes = np.empty(len(examples), dtype=np.uint64), [], []
    for part, inputs in _chunks(examples, sum(lengths)):
        whole[part] = _whole(inputs, examples)
        for name, kind in examples.inputs.items():
            if isinstance(kind, SequenceInput):
                found, sampled = _minimizers(inputs[name], kind, kmer, window)
                rows.append((found + part[0]).astype(np.int32))
                hashes.append(sampled)
    return Sketches(whole, *_each_once(rows, hashes), kmer, window)


def _sampling(count: int, lengths: list[int], letters: int, stretch: int | None) -> tuple[int, int]:
    """Return the length of k-mers, and of how many one is sampled."""
    shortest = min(lengths)
    pairs = max((count * sum(lengths)) ** 2 / 2, 1.0)
    by_chance = math.ceil(math.log(max(pairs / (_BY_CHANCE * max(count, 1)), 2.0), letters))
    if stretch is None:
        stretch = max(by_chance, min(_LONGEST_STRETCH, max(shortest, 3) // 3))
    kmer = min(max(by_chance, stretch - _LARGEST_WINDOW + 1), stretch)
    return kmer, stretch - kmer + 1


def _lengths(examples: Examples) -> list[int]:
    """Return the length of each input that is a sequence, of unequal ones that of the first example."""
    kinds = {name: kind for name, kind in examples.inputs.items() if isinstance(kind, SequenceInput)}
    unknown = [name for name, kind in kinds.items() if kind.length is None]
    first = examples.read(np.arange(min(len(examples), 1))) if unknown else {}
    return [first[name].shape[1] if kind.length is None else kind.length for name, kind in kinds.items()]


def _letters(examples: Examples) -> int:
    return min(len(kind.alphabet.letters) for kind in examples.inputs.values() if isinstance(kind, SequenceInput))


def _chunks(examples: Examples, length: int) -> Iterator[tuple[NDArray[np.int64], Mapping[str, Array]]]:
    size = max(_POSITIONS_AT_ONCE // max(length, 64), 1)
    for start in range(0, len(examples), size):
        part = np.arange(start, min(start + size, len(examples)))
        yield part, examples.read(part)


def _whole(inputs: Mapping[str, Array], examples: Examples) -> Hashes:
    """Return a hash of each example: where all sequences have strands, the smaller of those of both strands."""
    forward = np.zeros(len(next(iter(inputs.values()))), dtype=np.uint64)
    reverse = forward.copy()
    has_strands = True
    for number, (name, kind) in enumerate(examples.inputs.items(), start=1):
        values = inputs[name]
        if isinstance(kind, SequenceInput):
            ahead = _of_codes(values)
            turned = _of_codes(_turned(values, kind)) if kind.alphabet.is_nucleotides else ahead
            has_strands &= kind.alphabet.is_nucleotides
        else:
            plain = np.ascontiguousarray(values, dtype=np.float32)
            ahead = _of_codes(plain.reshape(len(plain), -1).view(np.uint32))
            back = np.ascontiguousarray(plain[:, ::-1]) if plain.ndim == 3 else plain
            turned = _of_codes(back.reshape(len(back), -1).view(np.uint32))
        with np.errstate(over="ignore"):
            forward, reverse = (_mixed(each + np.uint64(number)) for each in (forward ^ ahead, reverse ^ turned))
    return np.minimum(forward, reverse) if has_strands else forward


def _turned(codes: NDArray[np.uint8], kind: SequenceInput) -> NDArray[np.uint8]:
    """Return the other strand with its padding at the right again."""
    turned = reverse_complement(codes, kind.alphabet)
    padding = (turned == PADDING).sum(axis=1)
    if not padding.any():
        return turned
    places = (np.arange(turned.shape[1]) + padding[:, None]) % turned.shape[1]
    return np.take_along_axis(turned, places, axis=1)


def _of_codes(values: Array) -> Hashes:
    """Return a hash of each row of integers; padding at the right does not count."""
    places = _mixed(np.arange(1, values.shape[1] + 1, dtype=np.uint64)) | np.uint64(1)
    with np.errstate(over="ignore"):
        letters = _mixed(values.astype(np.uint64) + np.uint64(1))
        if values.dtype == np.uint8:
            letters[values == PADDING] = 0
        return _mixed((letters * places).sum(axis=1, dtype=np.uint64))


def _minimizers(
    codes: NDArray[np.uint8], kind: SequenceInput, kmer: int, window: int
) -> tuple[NDArray[np.int64], Hashes]:
    """Return row and hash of the k-mers that are sampled."""
    if codes.shape[1] < kmer:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)
    hashes = _mixed(_of_kmers(codes, kmer))
    if kind.alphabet.is_nucleotides:
        turned = _mixed(_of_kmers(reverse_complement(codes, kind.alphabet), kmer))
        hashes = np.minimum(hashes, turned[:, ::-1])
    unclear = np.cumsum(np.pad(codes >= len(kind.alphabet.letters), ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    hashes[unclear[:, kmer:] != unclear[:, :-kmer]] = _NOTHING
    smallest = _sliding_minimum(hashes, min(window, hashes.shape[1]))
    new = smallest != _NOTHING
    new[:, 1:] &= smallest[:, 1:] != smallest[:, :-1]
    return np.nonzero(new)[0], smallest[new]


def _of_kmers(codes: NDArray[np.uint8], kmer: int) -> Hashes:
    """Return a polynomial hash of each k-mer, put together from those of 1, 2, 4, ... letters."""
    with np.errstate(over="ignore"):
        block, size = codes.astype(np.uint64) + np.uint64(1), 1
        whole, covered = np.empty(0, dtype=np.uint64), 0
        while True:
            if kmer & size:
                ahead = block[:, covered : codes.shape[1] - size + 1]
                whole = whole[:, : ahead.shape[1]] * _power(size) + ahead if covered else block
                covered += size
            if covered == kmer:
                return whole
            block = block[:, :-size] * _power(size) + block[:, size:]
            size *= 2


def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_MULTIPLIER, exponent, 1 << 64))


def _sliding_minimum(values: Hashes, window: int) -> Hashes:
    size = 1
    while 2 * size <= window:
        values = np.minimum(values[:, :-size], values[:, size:])
        size *= 2
    rest = window - size
    return np.minimum(values[:, : values.shape[1] - rest], values[:, rest:]) if rest else values


def _mixed(bits: Hashes) -> Hashes:
    """Return hashes whose every bit depends on every bit (the finaliser of MurmurHash3)."""
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        bits = (bits ^ (bits >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return bits ^ (bits >> np.uint64(33))


def _each_once(rows: list[NDArray[np.int32]], hashes: list[Hashes]) -> tuple[NDArray[np.int32], Hashes]:
    """Return the samples sorted by example, each hash once for an example."""
    if not rows:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint64)
    row, value = np.concatenate(rows), np.concatenate(hashes)
    order = np.lexsort((value, row))
    row, value = row[order], value[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (value[1:] != value[:-1])
    return row[first], value[first]

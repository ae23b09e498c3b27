"""What variants change: a network's predictions of windows with the one and the other allele.

What may be changed here: how predictions of the two alleles are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import keras
import numpy as np
from numpy.typing import NDArray

from amber.backend import interrupts
from amber.backend.batch_order import predict
from amber.checks import positive_integer
from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.one_hot import one_hot, one_hot_complement
from amber.data.genomics.alleles import AlleleWindows, Codes, allele_windows
from amber.data.genomics.genome import Genome
from amber.data.genomics.variants import Variants
from amber.display import one_line
from amber.errors import DataError
from amber.explain.settings import Progress
from amber.types import Array

Scores: TypeAlias = NDArray[np.float64]

# Variants whose windows are held at once.
_AT_ONCE = 1024
# Probabilities are kept this far from 0 and 1 where odds are formed: float32 knows no finer difference from 1.
_LEAST = 1e-7


@dataclass(frozen=True)
class VariantEffects:
    """Predictions for both alleles of variants; each of shape `(variants, units)`.

    Attributes:
        windows: what was predicted, and why some variants were not.
        reference: of the window with the reference allele; NaN where a variant is not scored.
        alternative: of the window with the alternative allele.
    """

    windows: AlleleWindows
    reference: Scores
    alternative: Scores
    __repr__ = one_line

    @property
    def difference(self) -> Scores:
        """Prediction for the alternative allele minus that for the reference."""
        return self.alternative - self.reference

    @property
    def log2_ratio(self) -> Scores:
        """Binary logarithm of alternative / reference; NaN unless both are positive."""
        fits = (self.reference > 0) & (self.alternative > 0)
        ratio = np.divide(self.alternative, self.reference, out=np.full(self.reference.shape, np.nan), where=fits)
        return np.asarray(np.log2(ratio))

    @property
    def log2_odds_ratio(self) -> Scores:
        """Binary logarithm of the ratio of odds p / (1 - p) of predictions that are probabilities.

        Zhou and Troyanskaya, "Predicting effects of noncoding variants", Nature Methods 12 (2015), 931-934.
        """
        return _log2_odds(self.alternative) - _log2_odds(self.reference)


@interrupts.guarded()
def variant_effects(
    model: keras.Model,
    variants: Variants,
    genome: Genome,
    *,
    alphabet: str = "dna",
    unknown: Literal["mean", "zeros"] = "mean",
    both_strands: bool = False,
    batch_size: int = 256,
    progress: Progress | None = None,
) -> VariantEffects:
    """Predict windows around variants with either allele.

    The windows have the length that the model reads; see `AlleleWindows` for where the variant lies in them. Variants
    whose reference allele is not what the genome has are not scored.

    Args:
        model: a model of one input of one-hot sequences, shape `(length, 4)`, and any outputs of shape `(units,)`.
        variants: from `read_variants`; any number of alternatives.
        genome: the genome they were called on.
        alphabet: `dna`, or its letters in the order of the model's channels.
        unknown: an unknown base is the `"mean"` of all, or `"zeros"`.
        both_strands: predict each window as the mean of its two strands.
        batch_size: windows a step.
        progress: called after each batch with the number of variants done and of all that are scored.

    Returns:
        Predictions of all units of all outputs, in their order.

    Raises:
        DataError: a model that reads something else, or an alphabet that is not of nucleotides.
        ConfigError: a batch size that is not a positive integer.
    """
    batch_size = positive_integer(batch_size, "batch_size")
    letters = Alphabet.of(alphabet)
    if not letters.is_nucleotides:
        raise DataError(f"Variants are of DNA. Received: the alphabet {letters.letters}", field=("alphabet",))
    windows = allele_windows(variants, genome, window_length(model))
    units = sum(int(tensor.shape[-1]) for tensor in model.outputs)
    reference, alternative = (np.full((len(variants), units), np.nan) for _ in range(2))

    def predicted(codes: Codes) -> Array:
        x = one_hot(letters.translate(codes), letters, unknown=unknown)
        found = _joined(predict(model, x, batch_size))
        if both_strands:
            found = (found + _joined(predict(model, one_hot_complement(x, letters), batch_size))) / 2
        return found

    for rows in _batches(windows.scored, progress):
        interrupts.check()
        before, after = windows.read(rows)
        reference[rows], alternative[rows] = predicted(before), predicted(after)
    return VariantEffects(windows, reference, alternative)


def window_length(model: keras.Model) -> int:
    """Return how many bases a model reads.

    Raises:
        DataError: several inputs, one that is not of one-hot nucleotides, or one without a fixed length.
    """
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][1] != 4 or shapes[0][0] is None:
        raise DataError(
            "Variants need a model of one input of one-hot sequences, shape (length, 4). "
            f"Received: inputs of shape {', '.join(map(str, shapes))}"
        )
    return int(shapes[0][0])


def _batches(rows: NDArray[np.int64], progress: Progress | None) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        yield part
        if progress is not None:
            progress(start + len(part), len(rows))


def _joined(outputs: object) -> Array:
    """Return the units of all outputs side by side."""
    each = keras.tree.flatten(outputs)
    return np.concatenate([np.asarray(array, dtype=np.float64) for array in each], axis=-1)


def _log2_odds(values: Scores) -> Scores:
    inside = np.clip(values, _LEAST, 1 - _LEAST)
    return np.asarray(np.log2(inside) - np.log2(1 - inside))

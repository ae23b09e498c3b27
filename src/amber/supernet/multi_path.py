"""Train several feed-forward architectures of one supernet on every batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.backend.weight_slices import SlicedMLP
from amber.checks import positive_integer
from amber.errors import ConfigError
from amber.supernet.ann import AnnSupernet
from amber.supernet.base import Sampler
from amber.supernet.child import SupernetModel
from amber.types import Tensor, TensorTree


class MultiPathModel(SupernetModel):
    """Trains the shared weights as several new architectures on every batch.

    The loss, and so the gradient, is the mean over the architectures: the estimate of ENAS with that many samples
    (Pham et al., arXiv 1802.03268, section 2.2). Predictions have shape (batch, architectures, units). The
    architectures share each matrix product of full width; on torch's CPU each computes its own part only, which is
    less work.

    Args:
        supernet: a feed-forward supernet.
        sampler: gives the tokens of one architecture.
        count: how many architectures at a time.
        **options: those of SupernetModel.

    Raises:
        ConfigError: another kind of supernet, or `count` is not a positive integer.
    """

    def __init__(self, supernet: AnnSupernet, *, sampler: Sampler, count: int, **options: Any) -> None:
        if not isinstance(supernet, AnnSupernet):
            raise ConfigError(
                f"Only a feed-forward supernet can train several architectures at once. Received: {supernet!r}"
            )
        self._count = positive_integer(count, "at_once")
        super().__init__(supernet, sampler=sampler, **options)

    @property
    def arcs(self) -> list[tuple[int, ...]]:
        """The tokens of the latest architectures."""
        return list(self._untracked.arcs)

    def _at_once(self) -> tuple[int, ...]:
        return (self._count,)

    def _draw(self) -> np.ndarray:
        drawn = [self.supernet.layout.validate(self._untracked.sampler()) for _ in range(self._count)]
        self._untracked.arcs, self._untracked.arc = drawn, drawn[-1]
        self._untracked.taken = None
        tokens = np.asarray(drawn, "int32")
        if self._arc_variable is not None:
            self._arc_variable.assign(tokens)
        return tokens

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Compute the outputs, shape (batch, architectures, units): one tensor, or a list of them."""
        drawn = np.asarray(self._untracked.arcs, "int32") if self._arc_variable is None else self._arc_variable
        arcs = ops.convert_to_tensor(drawn, "int32")
        outputs = self.supernet.run_selected(arcs, self._blocks(inputs, training), training, self._dropouts)
        penalty = self.supernet.penalty(arcs, True, training)
        if penalty is not None:
            self.add_loss(penalty / self._count)
        outputs = [ops.transpose(output, (1, 0, 2)) for output in outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: Any = True
    ) -> Any:
        """Return the mean loss over the architectures."""
        y, y_pred, sample_weight = self._flat(y, y_pred, sample_weight)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(
        self, x: TensorTree, y: TensorTree, y_pred: TensorTree, sample_weight: TensorTree = None
    ) -> Mapping[str, Tensor]:
        """Return the metrics over all architectures."""
        y, y_pred, sample_weight = self._flat(y, y_pred, sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def _flat(self, y: object, predicted: object, weights: object) -> tuple[Any, Any, Any]:
        """Return every pair of example and architecture as one example."""

        def repeated(values: object) -> Tensor:
            return ops.repeat(ops.convert_to_tensor(values), self._count, axis=0)

        y, weights = (None if each is None else keras.tree.map_structure(repeated, each) for each in (y, weights))
        rows = keras.tree.map_structure(lambda output: ops.reshape(output, (-1, output.shape[-1])), predicted)
        return y, rows, weights

    def _sliced_mlp(self, training: bool) -> SlicedMLP | None:
        return None

    def _sliced_mlps(self, training: bool) -> list[SlicedMLP]:
        if (training and any(self._rates)) or self.compute_dtype != "float32" or not self.supernet.runs_sliced:
            return []
        return [self.supernet.take(arc, self._rates) for arc in self._untracked.arcs]

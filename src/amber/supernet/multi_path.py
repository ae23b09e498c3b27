"""Train several feed-forward architectures of one supernet on every batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from amber.backend.weight_slices import SlicedMLP
from amber.checks import is_integer
from amber.errors import ConfigError
from amber.supernet.ann import AnnSupernet
from amber.supernet.base import Sampler
from amber.supernet.child import SupernetModel


class ArchitectureBatch:
    """A sampler that gives several architectures at a time.

    Args:
        sampler: gives the tokens of one.
        count: how many.

    Raises:
        ConfigError: `count` is not a positive integer.
    """

    def __init__(self, sampler: Sampler, count: int) -> None:
        if not is_integer(count) or count < 1:
            raise ConfigError(f"at_once must be a positive number of architectures. Received: {count!r}")
        self.sampler, self.count = sampler, count

    def __call__(self) -> list[Any]:
        """Return the tokens of each."""
        return [self.sampler() for _ in range(self.count)]


class MultiPathModel(SupernetModel):
    """Trains the shared weights as several new architectures on every batch.

    The loss, and so the gradient, is the mean over the architectures: the estimate of ENAS with that many samples
    (Pham et al., arXiv 1802.03268, section 2.2). Predictions have shape (batch, architectures, units). The
    architectures share each matrix product of full width; on torch's CPU each runs its own part, which is less.

    Args:
        supernet: a feed-forward supernet.
        sampler: an ArchitectureBatch.
        **options: those of SupernetModel.

    Raises:
        ConfigError: another kind of supernet.
    """

    def __init__(self, supernet: AnnSupernet, *, sampler: ArchitectureBatch, **options: Any) -> None:
        if not isinstance(supernet, AnnSupernet):
            raise ConfigError(
                f"Only a feed-forward supernet trains as many architectures at once. Received: {supernet!r}"
            )
        super().__init__(supernet, sampler=sampler, **options)

    def _at_once(self) -> tuple[int, ...]:
        return (self._untracked.sampler.count,)

    def _draw(self) -> np.ndarray:
        drawn = [self.supernet.layout.validate(tokens) for tokens in self._untracked.sampler()]
        self._untracked.arcs, self._untracked.arc = drawn, drawn[-1]
        self._untracked.forget()
        tokens = np.asarray(drawn, "int32")
        if self._arc_variable is not None:
            self._arc_variable.assign(tokens)
        return tokens

    @property
    def arcs(self) -> list[tuple[int, ...]]:
        """The tokens of the latest architectures."""
        return list(self._untracked.arcs)

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Compute the outputs, shape (batch, architectures, units): one tensor, or a list of them."""
        arranged = self.supernet.arrange(inputs, training=training)
        blocks = {name: ops.cast(block, self.compute_dtype) for name, block in arranged.items()}
        drawn = np.asarray(self._untracked.arcs, "int32") if self._arc_variable is None else self._arc_variable
        arcs = ops.convert_to_tensor(drawn, "int32")
        outputs = self.supernet.run_selected(arcs, blocks, training, self._dropouts)
        penalty = self.supernet.penalty(arcs, True, training)
        if penalty is not None:
            self.add_loss(penalty / self._untracked.sampler.count)
        outputs = [ops.transpose(output, (1, 0, 2)) for output in outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: Any = True
    ) -> Any:
        """Return the mean loss over the architectures."""
        y, y_pred, sample_weight = self._flat(y, y_pred, sample_weight)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the metrics over all architectures."""
        y, y_pred, sample_weight = self._flat(y, y_pred, sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def _flat(self, y: Any, predicted: Any, weights: Any) -> tuple[Any, Any, Any]:
        """Every pair of sample and architecture as a sample."""

        def repeated(values: object) -> Any:
            return None if values is None else keras.tree.map_structure(self._repeat, values)

        rows = keras.tree.map_structure(lambda output: ops.reshape(output, (-1, output.shape[-1])), predicted)
        return repeated(y), rows, repeated(weights)

    def _repeat(self, values: object) -> Any:
        return ops.repeat(ops.convert_to_tensor(values), self._untracked.sampler.count, axis=0)

    def _sliced_mlp(self, training: bool) -> SlicedMLP | None:
        return None

    def _sliced_mlps(self, training: bool) -> list[SlicedMLP]:
        if (training and any(self._rates)) or self.compute_dtype != "float32":
            return []
        networks = [self.supernet.sliced_mlp(arc) for arc in self._untracked.arcs]
        return [network for network in networks if network is not None]

"""A functional Keras model on torch whose batches are shared out among processes; `fit` stays Keras's.

The first process holds the model that the user has. For each batch it gives the others their rows and its weights,
computes the outputs of its own rows, collects theirs, and takes loss, metrics and the gradient of the loss with
respect to all outputs from the whole batch, as on one device. Each process then differentiates its rows from there
(`DistributedDataParallel` puts the gradients together), and the first updates its weights. So a loss may be any
function of a batch, and only the first process has a loss, metrics and an optimizer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import keras
import torch
from torch import Tensor

from amber.backend.distribution.copies import RowsFunctional, added_loss, differentiate
from amber.backend.distribution.exchange import (
    Batch,
    data_parallel,
    layer_seeds,
    parts_of,
    receive,
    send,
    spread_weights,
)
from amber.backend.distribution.followers import Followers, torch_device
from amber.backend.distribution.placed_model import PlacedFunctional
from amber.backend.keras_internals.models import compute_loss, loss_tracker
from amber.backend.keras_internals.torch_runtime import convert_to_tensor
from amber.backend.keras_internals.variables import tensor_of
from amber.backend.torch.plan import Plan, make_plan
from amber.backend.torch.train_step import make_update
from amber.backend.torch.whole_batch import SHARED_KERNELS
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.keras_internals.fit import DataAdapter


class SharedFunctional(PlacedFunctional, RowsFunctional):
    """A functional Keras model on torch, trained by one process for each device of its placement.

    Evaluation and prediction are shared out as well while the processes hold this model, if AMBER's kernels compute
    all of its layers. A batch of fewer rows than devices is computed by the first.
    """

    _sharing: Sharing | None = None
    _begins = True

    def train_step(self, data: TensorTree) -> Mapping[str, Tensor]:
        """Train on one batch."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        sharing = self._shared(x, starts=bool(self.trainable_variables))
        if sharing is None:
            return super().train_step(data)
        step = self._execution.train_step(self)
        compute: Callable[..., Tensor] = compute_loss if step is None else step.loss
        weights = [tensor_of(variable) for variable in self.trainable_variables]
        for weight in weights:
            weight.grad = None
        with sharing.followers.exchange():
            outputs, added = sharing.forward(x)
            predicted = self._packed(outputs)
            loss = compute(self, x, y, predicted, sample_weight, True)
            # Not `backward`: DistributedDataParallel would take the gradients of penalties for those of the batch.
            found = torch.autograd.grad(self.optimizer.scale_loss(loss), [*outputs, *weights], allow_unused=True)
            sharing.backward(found[: len(outputs)], self.optimizer.scale_loss(loss.new_ones(())))
        for weight, penalty in zip(weights, found[len(outputs) :], strict=True):
            if penalty is not None:
                weight.grad = penalty if weight.grad is None else weight.grad + penalty
        predicted = keras.tree.map_structure(Tensor.detach, predicted)
        loss = loss.detach() + added
        if step is not None:
            step.update()
            return self._execution.report(self, loss, x, y, predicted, sample_weight)
        make_update(self.optimizer, self.trainable_variables)()
        loss_tracker(self).update_state(loss, sample_weight=len(keras.tree.flatten(x)[0]))
        return self.compute_metrics(x, y, predicted, sample_weight=sample_weight)

    def _forward(self, plan: Plan | None, x: TensorTree, training: bool) -> TensorTree:
        # What a layer called by Keras may add to the loss is that of all rows.
        is_shared = not training and plan is not None and not plan.calls_layers
        sharing = self._shared(x, starts=False) if is_shared else None
        if sharing is None:
            return super()._forward(plan, x, training)
        with sharing.followers.exchange(), torch.no_grad():
            return self._packed(sharing.predicted(x))

    @contextmanager
    def _quietly(self, is_quiet: bool, adapters: Sequence[DataAdapter] = ()) -> Iterator[None]:
        self._begins = True
        with super()._quietly(is_quiet, adapters):
            yield

    def _shared(self, x: TensorTree, starts: bool) -> Sharing | None:
        """Return what shares a batch out; None where this process computes it alone.

        Args:
            x: the inputs.
            starts: whether processes are started for it.
        """
        devices = 0 if self.placement is None else len(self.placement.devices)
        if self.placement is None or devices < 2 or len(keras.tree.flatten(x)[0]) < devices:
            return None
        followers = self.placement.followers
        if not starts and followers.model is not self:
            return None
        if self._begins or followers.model is not self or self._sharing is None:
            self._begins = False
            with followers.exchange():
                if followers.load(self) or self._sharing is None:
                    self._sharing = Sharing(self, followers)
                self._sharing.begin()
        return self._sharing


class Sharing:
    """How the batches of a model are shared out, as the first process sees it.

    Args:
        model: has just been loaded by the other processes.
        followers: those processes.

    Attributes:
        followers: likewise.
    """

    def __init__(self, model: RowsFunctional, followers: Followers) -> None:
        self.followers = followers
        self._model, self._device = model, torch_device(followers.devices[0])
        self._plan = make_plan(model, SHARED_KERNELS)
        self._seeds = layer_seeds(model)
        self._batches = 0
        self._training = data_parallel(lambda x: model.rows(self._plan, x, True), model)
        self._results: list[Tensor] = []
        self._parts: list[slice] = []
        self._shares: list[float] = []

    def begin(self) -> None:
        """Begin a training, evaluation or prediction: its random numbers do not depend on what was before."""
        self._batches = 0

    def forward(self, x: TensorTree) -> tuple[list[Tensor], Tensor]:
        """Return the outputs of a whole batch in training, to differentiate a loss by, and what layers add to it."""
        own = self._spread(x, True)
        self._results = [*self._training(own), added_loss(self._model, self._shares[0])]
        *outputs, added = self._collect(self._results)
        return [each.requires_grad_() for each in outputs], added

    def backward(self, gradients: Sequence[Tensor | None], scale: Tensor) -> None:
        """Differentiate the last batch.

        Args:
            gradients: of the loss with respect to each of the outputs; None: zero.
            scale: what the loss was multiplied with.
        """
        for rank, part in enumerate(self._parts):
            along = [
                torch.zeros_like(own) if gradient is None else gradient[part]
                for own, gradient in zip(self._results, gradients, strict=False)
            ]
            if rank:
                send([*along, scale], rank)
            else:
                first = [*along, scale]
        differentiate(self._results, first)
        self._results = []

    def predicted(self, x: TensorTree) -> list[Tensor]:
        """Return the outputs of a whole batch."""
        return self._collect(self._model.rows(self._plan, self._spread(x, False), False))

    def _spread(self, x: TensorTree, training: bool) -> TensorTree:
        """Give every other process its rows and the weights, and return the rows of this one."""
        tensors = [convert_to_tensor(each) for each in keras.tree.flatten(x)]
        self._parts = parts_of(len(tensors[0]), len(self.followers.devices))
        self._shares = [(part.stop - part.start) / len(tensors[0]) for part in self._parts]
        self._batches += 1
        seeds = tuple(tuple(variable.numpy().tolist()) for variable in self._seeds)
        for rank, part in enumerate(self._parts[1:], 1):
            like = tuple(((part.stop - part.start, *each.shape[1:]), each.dtype) for each in tensors)
            self.followers.tell(rank, "compute", Batch(like, self._shares[rank], self._seed(), seeds, training))
            send([each[part] for each in tensors], rank)
        spread_weights(self._model)
        return keras.tree.pack_sequence_as(x, [each[self._parts[0]] for each in tensors])

    def _collect(self, own: Sequence[Tensor]) -> list[Tensor]:
        """Return results of all rows: those of this process, and those of the others after them; of numbers the sum."""
        pieces = [[each.detach()] for each in own]
        for rank, part in enumerate(self._parts[1:], 1):
            rows = part.stop - part.start
            like = [((rows, *each.shape[1:]) if each.dim() else (), each.dtype) for each in own]
            for found, each in zip(pieces, receive(like, rank, self._device), strict=True):
                found.append(each)
        return [torch.cat(each) if each[0].dim() else torch.stack(each).sum() for each in pieces]

    def _seed(self) -> int:
        """Return a seed that follows from the random state of this process, and changes nothing of it."""
        state = torch.get_rng_state().numpy().tobytes()
        return int.from_bytes(hashlib.sha256(state + self._batches.to_bytes(8, "big")).digest()[:6], "big")

"""A copy of a model in the process of another device."""

from __future__ import annotations

import pickle

import keras
import torch
import torch.distributed as dist
from torch import Tensor

from amber.backend.distribution.exchange import Batch, data_parallel, layer_seeds, receive, send, spread_weights
from amber.backend.keras_internals.models import take_added_losses
from amber.backend.keras_internals.torch_runtime import get_device
from amber.backend.torch.model import FastFunctional
from amber.backend.torch.plan import Plan, make_plan
from amber.backend.torch.whole_batch import SHARED_KERNELS
from amber.types import TensorTree


class RowsFunctional(FastFunctional):
    """A functional model that computes some rows of a batch."""

    def rows(self, plan: Plan | None, x: TensorTree, training: bool) -> list[Tensor]:
        """Return the outputs of rows, in order, by a plan or by Keras."""
        outputs: list[Tensor] = keras.tree.flatten(FastFunctional._forward(self, plan, x, training))
        return outputs


class Copy:
    """A model like that of the first process, without loss, metrics and optimizer.

    Args:
        packed: what `followers` made of the model.
        rank: of this process.
        device: torch's name of this process's device.
    """

    def __init__(self, packed: bytes, rank: int, device: str) -> None:
        config, custom, switches = pickle.loads(packed)
        plain = keras.Model.from_config(config, custom_objects=custom)
        self._model = RowsFunctional(plain.input, plain.output, name=plain.name)
        for variable, is_trained in zip(self._model.weights, switches, strict=True):
            variable.trainable = is_trained
        self._plan = make_plan(self._model, SHARED_KERNELS)
        self._rank, self._device = rank, device
        self._seeds = layer_seeds(self._model)
        self._training = data_parallel(lambda x: self._model.rows(self._plan, x, True), self._model)

    def compute(self, batch: Batch) -> None:
        """Receive rows, compute their outputs and send them, and in training differentiate them."""
        x = keras.tree.pack_sequence_as(self._model.input, receive(batch.inputs, 0, self._device))
        spread_weights(self._model)
        torch.manual_seed(batch.seed + self._rank)
        for variable, state in zip(self._seeds, batch.layer_seeds, strict=True):
            variable.assign([state[0] + self._rank, *state[1:]])
        if not batch.training:
            with torch.no_grad():
                send(self._model.rows(self._plan, x, False), 0)
            return
        results = [*self._training(x), added_loss(self._model, batch.share)]
        send(results, 0)
        gradients = receive([(tuple(each.shape), each.dtype) for each in results], 0, self._device)
        for parameter in self._training.parameters():
            parameter.grad = None
        differentiate(results, gradients)


def added_loss(model: keras.Model, share: float) -> Tensor:
    """Return what the layers of a model have added to the loss, and forget it.

    Args:
        model: has just computed some rows.
        share: their share of the batch: Keras takes what layers add for means over rows.
    """
    total = torch.zeros((), device=get_device())
    for loss in take_added_losses(model):
        total = total + loss.sum()
    return total * share


def differentiate(tensors: list[Tensor], gradients: list[Tensor]) -> None:
    """Leave the gradients of the whole batch on the parameters: the sum of those of all devices, not their mean."""
    wanted = [(each, along) for each, along in zip(tensors, gradients, strict=True) if each.requires_grad]
    size = dist.get_world_size()
    torch.autograd.backward([each for each, _ in wanted], [along * size for _, along in wanted])

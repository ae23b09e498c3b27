"""What the processes of one model send each other on torch, the same on both sides of each exchange."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import torch
import torch.distributed as dist
from torch import Tensor

from amber.backend.keras_internals.graphs import layers_within
from amber.backend.keras_internals.variables import tensor_of


@dataclass(frozen=True)
class Batch:
    """What a follower is told of its part of a batch.

    Attributes:
        inputs: shape and type of each input, in order.
        share: its rows, of all rows of the batch.
        seed: of the random numbers of this batch; each device adds its rank.
        layer_seeds: the state of each generator of a layer, as the first device has it.
        training: whether gradients follow.
    """

    inputs: tuple[tuple[tuple[int, ...], torch.dtype], ...]
    share: float
    seed: int
    layer_seeds: tuple[tuple[int, ...], ...]
    training: bool


def parts_of(rows: int, devices: int) -> list[slice]:
    """Return the rows of each device: as many each, one more for the first where they cannot be divided."""
    size, left = divmod(rows, devices)
    ends = [size * number + min(number, left) for number in range(devices + 1)]
    return [slice(start, end) for start, end in itertools.pairwise(ends)]


def send(tensors: Sequence[Tensor], rank: int) -> None:
    """Send tensors to one process."""
    for tensor in tensors:
        dist.send(tensor.detach().contiguous(), rank)


def receive(like: Sequence[tuple[tuple[int, ...], torch.dtype]], rank: int, device: str) -> list[Tensor]:
    """Receive tensors of known shapes and types from one process."""
    received = [torch.empty(shape, dtype=dtype, device=device) for shape, dtype in like]
    for tensor in received:
        dist.recv(tensor, rank)
    return received


def spread_weights(model: keras.Model) -> None:
    """Give all processes the weights of the first, trained or not: what a callback changed is changed everywhere."""
    by_type: dict[torch.dtype, list[Tensor]] = {}
    for variable in model.weights:
        tensor = tensor_of(variable).detach()
        by_type.setdefault(tensor.dtype, []).append(tensor)
    for tensors in by_type.values():
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        dist.broadcast(flat, 0)
        if dist.get_rank():
            for tensor, values in zip(tensors, flat.split([each.numel() for each in tensors]), strict=True):
                tensor.copy_(values.view(tensor.shape))


def layer_seeds(model: keras.Model) -> list[keras.Variable]:
    """Return the state of each generator that a layer has of its own, in the order of the layers."""
    found = []
    for layer in layers_within(model):
        if layer is model or getattr(layer, "layers", None):
            continue  # of a model within, the layers come by themselves
        weights = {id(variable) for variable in layer.weights}
        found += [variable for variable in layer.variables if id(variable) not in weights]
    return found


class Forward(torch.nn.Module):
    """A model's computation and the tensors that it trains, as DistributedDataParallel wants them."""

    def __init__(self, run: object, model: keras.Model) -> None:
        super().__init__()
        self._run = run
        for position, variable in enumerate(model.trainable_variables):
            self.register_parameter(f"weight_{position}", tensor_of(variable))

    def forward(self, *inputs: object) -> object:
        """Compute the outputs for inputs in training."""
        return self._run(*inputs)  # type: ignore[operator]


def data_parallel(run: object, model: keras.Model) -> torch.nn.parallel.DistributedDataParallel:
    """Return a computation whose gradients, once it was differentiated on all devices, are the mean of theirs."""
    return torch.nn.parallel.DistributedDataParallel(Forward(run, model))

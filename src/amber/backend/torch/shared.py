"""Children of a supernet on torch: steps that run, differentiate and update the selected weights only.

A network that is cut out of shared matrices (`CutNetwork`) is run by kernels of its own. Any other child is called
as Keras calls it, and feeding, losses, reports and the update are the fast ones. Whatever is not covered takes
Keras's way.
"""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import torch
from keras.src.backend.torch.core import convert_to_tensor, get_device
from torch import Tensor

from amber.backend.cuts import CutNetwork
from amber.backend.torch.cut_network import Runner
from amber.backend.torch.cut_updates import CutUpdate
from amber.backend.torch.losses import loss_of
from amber.backend.torch.many_cuts import differentiate, run_together
from amber.backend.torch.reporting import FastTraining, Reports
from amber.backend.torch.updates import make_update

_OVERRIDABLE = frozenset({"call", "compute_loss", "_compute_loss", "compute_metrics", "get_metrics_result"})


class Execution(Reports):
    """What a child keeps to run fast; all of it can be made anew."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = Runner()
        self.loss: Any = None
        self.update: CutUpdate | None = None
        self._compiled: tuple[Any, Any] = (None, None)
        self._variables: list[Any] = []
        self._switches: list[bool] = []
        self._last: CutNetwork | None = None
        self._runs = False

    def refresh(self, model: Any) -> None:
        """Brings loss and update up to date with how the model is compiled and what of it is trainable."""
        loss, optimizer = self._compiled
        if loss is model._compile_loss and optimizer is model.optimizer and self._switches == self._read_switches():
            return
        own_loss = type(model).compute_loss is not keras.Model.compute_loss
        self.loss = None if own_loss else loss_of(model._compile_loss)
        built = model.optimizer is not None and model.optimizer.built
        self._variables = model.variables
        self._switches = self._read_switches()
        trainable = model.trainable_variables
        self.update = CutUpdate(model.optimizer, trainable, self.runner.views) if built and trainable else None
        self._compiled = (model._compile_loss, model.optimizer) if built else (None, None)

    def _read_switches(self) -> list[bool]:
        return [variable._trainable for variable in self._variables]

    def can_run(self, network: CutNetwork) -> bool:
        """Whether the kernels know everything in a network."""
        if network is not self._last:
            self._last, self._runs = network, self.runner.can_run(network)
        return self._runs


class SharedModel(FastTraining):
    """Base of the children of supernets on torch."""

    @property
    def _execution(self) -> Execution:
        state = self.__dict__
        if "_fast_execution" not in state:
            # Not through Keras' __setattr__, which would track it.
            state["_fast_execution"] = Execution()
        execution: Execution = state["_fast_execution"]
        return execution

    def _cut_network(self, training: bool) -> CutNetwork | None:
        """The network of the present architecture as cuts of shared tensors, or None if it is none."""
        return None

    def _cuts(self, training: bool) -> CutNetwork | None:
        if not _OVERRIDABLE.isdisjoint(vars(self)) or self.run_eagerly or (self.compiled and self.jit_compile):
            return None
        network = self._cut_network(training)
        return network if network is not None and self._execution.can_run(network) else None

    def train_step(self, data: Any) -> Any:
        """Trains on one batch."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        execution = self._execution
        execution.refresh(self)
        if networks := self._runnable(True):
            return self._train_together(networks, data)
        update = execution.update
        network = self._cuts(True)
        matrix = None if network is None else _matrix(x, network)
        if update is None or network is None or matrix is None or not update.covers(network):
            return self._train_called(data)
        with torch.no_grad():
            done = execution.runner.forward(network, matrix)
        leaves = [output.requires_grad_() for output in done.outputs]
        predicted: Any = leaves[0] if len(leaves) == 1 else leaves
        # Nothing was called that could have added a loss.
        loss = self._loss_of(x, y, predicted, sample_weight, True, adds=False)
        gradients = torch.autograd.grad(self.optimizer.scale_loss(loss), leaves, allow_unused=True)
        with torch.no_grad():
            for leaf in leaves:
                leaf.requires_grad_(False)
            known = [
                torch.zeros_like(leaf) if gradient is None else gradient
                for leaf, gradient in zip(leaves, gradients, strict=True)
            ]
            update(network, done, done.backward(known))
        return self._report(loss, x, y, predicted, sample_weight)

    def _train_called(self, data: Any) -> Any:
        if not self._is_plain():
            with warnings.catch_warnings():
                # Weights that the architecture does not use have no gradient, which is the point.
                warnings.filterwarnings("ignore", message="Gradients do not exist")
                return super().train_step(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        predicted = self(x, training=True)
        self.zero_grad()
        loss = self._loss_of(x, y, predicted, sample_weight, True)
        self.optimizer.scale_loss(loss).backward()
        variables = [variable for variable in self.trainable_variables if variable._value.grad is not None]
        make_update(self.optimizer, variables)()
        return self._report(loss, x, y, predicted, sample_weight)

    def _cut_networks(self, training: bool) -> list[CutNetwork]:
        """The networks of a child that is many at once, if they run here; none for other children."""
        return []

    def _runnable(self, training: bool) -> list[CutNetwork]:
        """The same, where running each by itself computes less than all of them in one product of full width."""
        if get_device() != "cpu" or not _OVERRIDABLE.isdisjoint(vars(self)):
            return []
        networks = self._cut_networks(training)
        return networks if all(map(self._execution.runner.can_run, networks)) else []

    def _train_together(self, networks: list[CutNetwork], data: Any) -> Any:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        matrix, update = _matrix(x, networks[0]), self._execution.update
        if matrix is None or update is None or not all(map(update.covers, networks)):
            return self._train_called(data)

        def scaled(outputs: list[Tensor]) -> Tensor:
            predicted: Any = outputs[0] if len(outputs) == 1 else outputs
            loss = self._compute_loss(x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=True)
            losses.append(loss.detach())
            return self.optimizer.scale_loss(loss)

        losses: list[Tensor] = []
        _, outputs, variables = differentiate(self._execution.runner, networks, matrix, scaled)
        make_update(self.optimizer, variables)()
        return self._report(losses[0], x, y, outputs[0] if len(outputs) == 1 else outputs, sample_weight)

    def _is_plain(self) -> bool:
        """Whether the steps are Keras's own, with an optimizer to go."""
        built = self.optimizer is not None and self.optimizer.built
        return built and _OVERRIDABLE.isdisjoint(vars(self)) and bool(self.trainable_variables)

    def test_step(self, data: Any) -> Any:
        """Evaluates one batch."""
        if not _OVERRIDABLE.isdisjoint(vars(self)):
            return super().test_step(data)
        self._execution.refresh(self)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        predicted = self._predicted(x)
        return self._report(self._loss_of(x, y, predicted, sample_weight, False), x, y, predicted, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Predicts one batch."""
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._predicted(x)

    def _predicted(self, x: Any) -> Any:
        if (networks := self._runnable(False)) and (features := _matrix(x, networks[0])) is not None:
            together = run_together(self._execution.runner, networks, features)
            return together[0] if len(together) == 1 else together
        network = self._cuts(False)
        matrix = None if network is None else _matrix(x, network)
        if network is None or matrix is None:
            return self(x, training=False)
        with torch.no_grad():
            outputs = self._execution.runner.forward(network, matrix).outputs
        return outputs[0] if len(outputs) == 1 else outputs

    def _loss_of(self, x: Any, y: Any, predicted: Any, sample_weight: Any, training: bool, adds: bool = True) -> Tensor:
        loss = None
        plain = self._execution.loss is not None and sample_weight is None and not (adds and self.losses)
        if plain and isinstance(y, Tensor) and isinstance(predicted, Tensor) and predicted.dtype is torch.float32:
            loss = self._execution.loss(y, predicted)
        if loss is None:
            return self._compute_loss(x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=training)
        return loss


def _matrix(x: Any, network: CutNetwork) -> Tensor | None:
    """All input features side by side, or None for what Keras must first check or convert."""
    if isinstance(x, (list, tuple)):
        blocks = [block for each in x if (block := _float32(each)) is not None]
        fits = [tuple(block.shape[1:]) for block in blocks] == [(count,) for count in network.features]
        return torch.cat(blocks, 1) if fits and len(blocks) == len(x) else None
    matrix = _float32(x)
    return matrix if matrix is not None and matrix.shape[1:] == (sum(network.features),) else None


def _float32(x: Any) -> Tensor | None:
    """A tensor of one batch, or None; single batches come as arrays."""
    if type(x) is np.ndarray and x.dtype == np.float32:
        return convert_to_tensor(x)
    return x if type(x) is Tensor and x.dtype is torch.float32 else None

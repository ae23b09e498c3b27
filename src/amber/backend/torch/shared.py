"""Children of a supernet on torch: steps that run, differentiate and update the selected weights only.

A network whose weights are slices of shared matrices (`SlicedMLP`) has a forward and a backward pass of its own. Any
other child is called as Keras calls it, with fast feeding, losses, reports and updates. Keras does what neither covers.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import torch
from torch import Tensor

from amber.backend.keras_internals.models import compiled_loss, compute_loss, forget_own_losses
from amber.backend.keras_internals.torch_runtime import convert_to_tensor, get_device, to_torch_dtype
from amber.backend.keras_internals.variables import is_trainable_by_itself, tensor_of
from amber.backend.stock_parts import has_own_methods
from amber.backend.torch.batched_sliced_mlp import differentiate, run_together
from amber.backend.torch.plan import watched_globally
from amber.backend.torch.reporting import FastTraining, Reports
from amber.backend.torch.sliced_mlp import Runner
from amber.backend.torch.sparse_update import SparseUpdate
from amber.backend.torch.train_step import Loss, loss_of, make_update
from amber.backend.weight_slices import SlicedMLP
from amber.types import TensorTree


class Execution(Reports):
    """What a child keeps to run fast; all of it can be made again."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = Runner()
        self.loss: Any = None
        self.update: SparseUpdate | None = None
        self.is_regularized = False
        self._compiled: tuple[Any, Any] = (None, None)
        self._variables: list[Any] = []
        self._switches: list[bool] = []
        self._last: SlicedMLP | None = None
        self._runs = False

    def refresh(self, model: keras.Model) -> None:
        """Bring loss and update up to date with how the model is compiled and what of it is trainable."""
        loss, optimizer = self._compiled
        if loss is compiled_loss(model) and optimizer is model.optimizer and self._switches == self._read_switches():
            return
        own_loss = type(model).compute_loss is not keras.Model.compute_loss
        self.loss = None if own_loss else loss_of(compiled_loss(model))
        built = model.optimizer is not None and model.optimizer.built
        self._variables = model.variables
        self.is_regularized = any(variable.regularizer is not None for variable in self._variables)
        self._switches = self._read_switches()
        trainable = model.trainable_variables
        self.update = SparseUpdate(model.optimizer, trainable, self.runner.views) if built and trainable else None
        self._compiled = (compiled_loss(model), model.optimizer) if built else (None, None)

    def _read_switches(self) -> list[bool]:
        return [is_trainable_by_itself(variable) for variable in self._variables]

    def can_run(self, network: SlicedMLP) -> bool:
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

    def _sliced_mlp(self, training: bool) -> SlicedMLP | None:
        """Return the network of the present architecture as slices of shared tensors, or None."""
        return None

    def _cuts(self, training: bool) -> SlicedMLP | None:
        if has_own_methods(self) or self.run_eagerly or (self.compiled and self.jit_compile):
            return None
        network = self._sliced_mlp(training)
        return network if network is not None and self._execution.can_run(network) else None

    def train_step(self, data: TensorTree) -> Mapping[str, Tensor]:
        """Train on one batch."""
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
        predicted: Any = done.outputs[0] if len(done.outputs) == 1 else done.outputs
        loss, gradients = self._differentiated(x, y, predicted, sample_weight)
        with torch.no_grad():
            update(network, done, done.backward(gradients))
        return self._execution.report(self, loss, x, y, predicted, sample_weight)

    def _differentiated(
        self, x: TensorTree, y: TensorTree, predicted: TensorTree, sample_weight: TensorTree
    ) -> tuple[Tensor, list[Tensor]]:
        """The loss of a batch and its gradient with respect to each output; leaves the predictions as they were."""
        loss = self._execution.loss
        is_plain = isinstance(loss, Loss) and sample_weight is None and self.optimizer.loss_scale_factor is None
        if is_plain and isinstance(y, Tensor) and isinstance(predicted, Tensor):
            with torch.no_grad():
                found = loss.with_gradient(y, predicted)
            if found is not None:
                return found[0], [found[1]]
        leaves = [output.requires_grad_() for output in keras.tree.flatten(predicted)]
        # Nothing was called that could have added a loss.
        value = self._loss_of(x, y, predicted, sample_weight, True, adds=False)
        gradients = torch.autograd.grad(self.optimizer.scale_loss(value), leaves, allow_unused=True)
        known = [
            torch.zeros_like(leaf) if gradient is None else gradient
            for leaf, gradient in zip(leaves, gradients, strict=True)
        ]
        for leaf in leaves:
            leaf.requires_grad_(False)
        return value, known

    def _train_called(self, data: TensorTree) -> Mapping[str, Tensor]:
        if not self._is_plain():
            with warnings.catch_warnings():
                # Weights that the architecture does not use have no gradient, which is the point.
                warnings.filterwarnings("ignore", message="Gradients do not exist")
                return super().train_step(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        is_direct = self._is_direct()
        if is_direct:
            predicted, penalty = self._directly(x, True)
        else:
            predicted, penalty = self(x, training=True), None
        loss = self._loss_of(x, y, predicted, sample_weight, True, adds=not is_direct)
        loss = loss if penalty is None else loss + penalty
        # A penalty, or a layer that was called, may read any variable.
        read = self._selected_variables() if is_direct and penalty is None else self.trainable_variables
        self._descend(loss, [variable for variable in read if variable.trainable])
        return self._execution.report(self, loss, x, y, predicted, sample_weight)

    def _descend(self, loss: Tensor, variables: list[keras.Variable]) -> None:
        """Update those of the variables that the loss depends on."""
        parameters = [tensor_of(variable) for variable in variables]
        gradients = torch.autograd.grad(self.optimizer.scale_loss(loss), parameters, allow_unused=True)
        found = [(variable, each) for variable, each in zip(variables, gradients, strict=True) if each is not None]
        make_update(self.optimizer, [variable for variable, _ in found])([gradient for _, gradient in found])

    def _computes_selected(self) -> bool:
        """Whether `_compute` may stand for a call of the model."""
        return False

    def _compute(self, inputs: TensorTree, training: bool | None) -> tuple[list[Tensor], Tensor | None]:
        """The outputs, and what is added to the loss or None."""
        raise NotImplementedError(f"{type(self).__name__} does not define _compute().")

    def _selected_variables(self) -> list[keras.Variable]:
        """The variables that `_compute` reads for its outputs."""
        raise NotImplementedError(f"{type(self).__name__} does not define _selected_variables().")

    def _output_shapes(self) -> list[tuple[int | None, ...]] | None:
        """Shapes of the outputs without the batch axis, or None if only a call tells."""
        return None

    def __call__(self, *args: object, **kwargs: object) -> TensorTree:
        """Compute the outputs, as `keras.Model.__call__`."""
        # Keras asks for the shapes before the first training; going through all layers for that takes longer.
        if get_device() == "meta" and args and (shapes := self._output_shapes()) is not None:
            batch, dtype = keras.tree.flatten(args[0])[0].shape[0], to_torch_dtype(self.compute_dtype)
            empty = [torch.empty((batch, *shape), dtype=dtype, device="meta") for shape in shapes]
            return empty[0] if len(empty) == 1 else empty
        return super().__call__(*args, **kwargs)

    def _is_direct(self) -> bool:
        """Whether a call of the model would do nothing but compute its outputs."""
        is_seen = has_own_methods(self) or self._execution.is_regularized or watched_globally()
        return not is_seen and self._computes_selected()

    def _directly(self, x: TensorTree, training: bool) -> tuple[TensorTree, Tensor | None]:
        """The predictions and the penalty, without the general machinery of a call."""
        # What an earlier call has added does not count for this batch.
        forget_own_losses(self)
        outputs, penalty = self._compute(keras.tree.map_structure(convert_to_tensor, x), training)
        return outputs[0] if len(outputs) == 1 else outputs, penalty

    def _sliced_mlps(self, training: bool) -> list[SlicedMLP]:
        """The networks of a child that is many at once, if they run here; none for other children."""
        return []

    def _runnable(self, training: bool) -> list[SlicedMLP]:
        """The same, where running each by itself computes less than all of them in one product of full width."""
        if get_device() != "cpu" or has_own_methods(self):
            return []
        networks = self._sliced_mlps(training)
        return networks if all(map(self._execution.runner.can_run, networks)) else []

    def _train_together(self, networks: list[SlicedMLP], data: TensorTree) -> Mapping[str, Tensor]:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        matrix, update = _matrix(x, networks[0]), self._execution.update
        if matrix is None or update is None or not all(map(update.covers, networks)):
            return self._train_called(data)

        def scaled(outputs: list[Tensor]) -> Tensor:
            predicted: Any = outputs[0] if len(outputs) == 1 else outputs
            loss: Tensor = compute_loss(self, x, y, predicted, sample_weight, True)
            losses.append(loss.detach())
            return self.optimizer.scale_loss(loss)

        losses: list[Tensor] = []
        _, outputs, variables = differentiate(self._execution.runner, networks, matrix, scaled)
        make_update(self.optimizer, variables)()
        return self._execution.report(
            self, losses[0], x, y, outputs[0] if len(outputs) == 1 else outputs, sample_weight
        )

    def _is_plain(self) -> bool:
        """Whether the steps are Keras's own, with an optimizer to go."""
        built = self.optimizer is not None and self.optimizer.built
        return built and not has_own_methods(self) and bool(self.trainable_variables)

    def test_step(self, data: TensorTree) -> Mapping[str, Tensor]:
        """Evaluate one batch."""
        if has_own_methods(self):
            return super().test_step(data)
        self._execution.refresh(self)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        predicted, penalty, adds = self._predicted(x)
        loss = self._loss_of(x, y, predicted, sample_weight, False, adds)
        return self._execution.report(self, loss if penalty is None else loss + penalty, x, y, predicted, sample_weight)

    def predict_step(self, data: TensorTree) -> TensorTree:
        """Predict one batch."""
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._predicted(x)[0]

    def _predicted(self, x: TensorTree) -> tuple[TensorTree, Tensor | None, bool]:
        """The predictions of a batch, a penalty, and whether something was called that may have added losses."""
        if (networks := self._runnable(False)) and (features := _matrix(x, networks[0])) is not None:
            together = run_together(self._execution.runner, networks, features)
            return together[0] if len(together) == 1 else together, None, False
        network = self._cuts(False)
        matrix = None if network is None else _matrix(x, network)
        if network is not None and matrix is not None:
            with torch.no_grad():
                outputs = self._execution.runner.forward(network, matrix).outputs
            return outputs[0] if len(outputs) == 1 else outputs, None, False
        if self._is_direct():
            return (*self._directly(x, False), False)
        return self(x, training=False), None, True

    def _loss_of(
        self,
        x: TensorTree,
        y: TensorTree,
        predicted: TensorTree,
        sample_weight: TensorTree,
        training: bool,
        adds: bool = True,
    ) -> Tensor:
        loss = None
        plain = self._execution.loss is not None and sample_weight is None and not (adds and self.losses)
        if plain and isinstance(y, Tensor) and isinstance(predicted, Tensor) and predicted.dtype is torch.float32:
            loss = self._execution.loss(y, predicted)
        if loss is None:
            return compute_loss(self, x, y, predicted, sample_weight, training)
        return loss


def _matrix(x: TensorTree, network: SlicedMLP) -> Tensor | None:
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

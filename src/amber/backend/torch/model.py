"""The class of functional models on torch: Keras' own, with faster insides.

`FastFunctional` overrides only how a batch is run, fed and reported. Variables, layers, losses, metrics and the
optimizer stay Keras' objects, read at every step; whether a plan still fits its layers is checked whenever training,
evaluation or prediction begins. What is not covered takes Keras' own way, and so do overridden steps: a method
replaced on the model wins, and a subclass with a `train_step` of its own is never given this class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import torch
from torch import Tensor

from amber.backend.base_model import BaseFunctional
from amber.backend.keras_internals.graphs import (
    Functional,
    input_structure,
    layer_count,
    output_structure,
    standardized_inputs,
)
from amber.backend.keras_internals.models import compiled_loss, compute_loss
from amber.backend.keras_internals.torch_runtime import (
    call_context,
    close_call_context,
    get_device,
    get_keras_mask,
    replaces_variables,
)
from amber.backend.keras_internals.variables import is_trainable_by_itself, tensor_of
from amber.backend.torch.losses import loss_of, regularizers_of
from amber.backend.torch.plan import Plan, make_plan, watched_globally
from amber.backend.torch.reporting import FastTraining, Reports, has_own_methods
from amber.backend.torch.updates import make_update
from amber.types import TensorTree


class TrainStep:
    """The loss and the update of a compiled model.

    Attributes:
        parameters: the tensors that are trained.
        is_trainable: whether there are any, and an optimizer that knows them.
    """

    def __init__(self, model: keras.Model, plan: Plan) -> None:
        self._compiled_loss, self._optimizer = compiled_loss(model), model.optimizer
        self._variables = tuple(model.variables)
        self._switches = self._read_switches(model)
        trainable = model.trainable_variables
        self.parameters = [tensor_of(variable) for variable in trainable]
        self.is_trainable = bool(trainable) and self._optimizer is not None and self._optimizer.built
        # A loss of the model's own is asked for at every batch.
        self._loss = loss_of(compiled_loss(model)) if type(model).compute_loss is Functional.compute_loss else None
        self._penalties = regularizers_of(trainable)
        self._adds_losses = plan.calls_layers
        if self.is_trainable:
            self.update = make_update(self._optimizer, trainable)

    def _read_switches(self, model: keras.Model) -> list[int]:
        return [is_trainable_by_itself(model), layer_count(model), *map(is_trainable_by_itself, self._variables)]

    def is_current(self, model: keras.Model) -> bool:
        """Whether the model is still compiled, and its variables trainable, as they were."""
        return (
            compiled_loss(model) is self._compiled_loss
            and model.optimizer is self._optimizer
            and self._read_switches(model) == self._switches
        )

    def loss(
        self,
        model: keras.Model,
        x: TensorTree,
        y: TensorTree,
        predicted: TensorTree,
        sample_weight: TensorTree,
        training: bool,
    ) -> Tensor:
        """The loss of a batch, as `keras.Model.compute_loss`."""
        loss = None
        if self._loss is not None and sample_weight is None and isinstance(y, Tensor) and isinstance(predicted, Tensor):
            loss = self._loss(y, predicted)
        if loss is None or self._adds_losses:
            return compute_loss(model, x, y, predicted, sample_weight, training)
        if self._penalties:
            loss = loss + torch.stack([penalty() for penalty in self._penalties]).sum()
        return loss


class Execution(Reports):
    """What a model keeps to run fast: all of it can be made anew from the model."""

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        self.is_planned = False
        self.train_step: TrainStep | None = None

    def refresh(self, model: keras.Model) -> Plan | None:
        """Return the plan after checking that it fits the layers, or None if only Keras can run them."""
        if has_own_methods(model) or watched_globally():
            self.plan, self.is_planned = None, False
        elif not self.is_planned or (self.plan is not None and not self.plan.is_current()):
            self.plan, self.is_planned, self.train_step = make_plan(model), True, None
        elif self.plan is None:
            self.plan = make_plan(model)
        return self.plan


class FastFunctional(FastTraining, BaseFunctional):
    """A functional Keras model run by torch as a flat list of kernels.

    A subclass may override the steps, `compute_loss` and `compute_metrics`, which are then asked at every batch. Its
    `call` may check or prepare inputs, but must compute what the graph says: a plan runs tensors that fit directly.
    """

    @property
    def _execution(self) -> Execution:
        state = self.__dict__
        if "_fast_execution" not in state:
            # Not through Keras' __setattr__, which would track it.
            state["_fast_execution"] = Execution()
        execution: Execution = state["_fast_execution"]
        return execution

    def call(
        self, inputs: TensorTree, training: bool | None = None, mask: TensorTree = None, **kwargs: object
    ) -> TensorTree:
        """Compute the outputs, as `keras.Model.call`."""
        if mask is None and not kwargs and get_device() == "meta" and (plan := self._execution.plan):
            outline = plan.outline(_leaves(inputs))
            if outline is not None:
                return self._packed(outline)
        if mask is None and not kwargs and _is_concrete(inputs) and (plan := self._execution.refresh(self)):
            flat = standardized_inputs(self, inputs)
            if _is_unmasked(flat):
                return self._run(plan, flat, training)
        return super().call(inputs, training=training, mask=mask, **kwargs)

    def _run(self, plan: Plan, flat_inputs: list[Tensor], training: bool | None) -> TensorTree:
        if not plan.calls_layers:
            outputs = plan(flat_inputs, training)
        else:
            call_context(self, training)
            try:
                outputs = plan(flat_inputs, training)
            finally:
                close_call_context(self)
        return self._packed(outputs)

    def _packed(self, outputs: list[Tensor]) -> TensorTree:
        if len(outputs) == 1:
            return outputs[0]
        return keras.tree.pack_sequence_as(output_structure(self), outputs)

    def _forward(self, x: TensorTree, training: bool) -> TensorTree:
        """The outputs for a batch, without the general machinery of `__call__` where nothing needs it."""
        plan = self._execution.plan
        if plan is None or not _is_concrete(x):
            return self(x, training=training)
        flat = self._fitting_inputs(x)
        return self(x, training=training) if flat is None else self._run(plan, flat, training)

    def _fitting_inputs(self, x: TensorTree) -> list[Tensor] | None:
        """The input tensors in order, or None if Keras must first check or convert them."""
        tensors: Any = [x] if isinstance(x, Tensor) else x
        if isinstance(x, dict):
            names = [tensor.name for tensor in self.inputs]
            tensors = [x[name] for name in names] if set(names) == set(x) else None
        if not isinstance(tensors, (list, tuple)) or len(tensors) != len(self.inputs):
            return None
        if not (isinstance(input_structure(self), (list, tuple)) or len(self.inputs) == 1):
            return None
        for tensor, expected in zip(tensors, self._execution.plan.expected, strict=True):  # type: ignore[union-attr]
            if type(tensor) is not Tensor or tensor.dtype is not expected.dtype or not expected.fits(tensor):
                return None
        return list(tensors) if _is_unmasked(tensors) else None

    def train_step(self, data: TensorTree) -> Mapping[str, Tensor]:
        """Train on one batch."""
        step = self._train_step()
        if step is None:
            return super().train_step(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        predicted = self._forward(x, True)
        loss = step.loss(self, x, y, predicted, sample_weight, True)
        for parameter in step.parameters:
            parameter.grad = None
        self.optimizer.scale_loss(loss).backward()
        step.update()
        return self._report(loss, x, y, predicted, sample_weight)

    def test_step(self, data: TensorTree) -> Mapping[str, Tensor]:
        """Evaluate one batch."""
        step = self._train_step()
        if step is None:
            return super().test_step(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        predicted = self._forward(x, False)
        loss = step.loss(self, x, y, predicted, sample_weight, False)
        return self._report(loss, x, y, predicted, sample_weight)

    def predict_step(self, data: TensorTree) -> TensorTree:
        """Predict one batch."""
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._forward(x, False)

    def _train_step(self) -> TrainStep | None:
        execution = self._execution
        if execution.plan is None or self.run_eagerly:
            return None
        if execution.train_step is None or not execution.train_step.is_current(self):
            execution.train_step = TrainStep(self, execution.plan)
        return execution.train_step if execution.train_step.is_trainable else None

    def _prepare(self) -> None:
        execution = self._execution
        execution.refresh(self)
        if self.compiled and self.jit_compile:
            execution.plan = None


def _is_concrete(inputs: TensorTree) -> bool:
    """Whether these are tensors to compute with now, under no scope that replaces variables or their types."""
    return not (
        replaces_variables()
        or torch.compiler.is_compiling()
        or not all(isinstance(x, (Tensor, np.ndarray)) for x in _leaves(inputs))
    )


def _leaves(inputs: TensorTree) -> list[Tensor]:
    return [inputs] if isinstance(inputs, Tensor) else keras.tree.flatten(inputs)


def _is_unmasked(tensors: Sequence[Tensor]) -> bool:
    return all(get_keras_mask(tensor) is None for tensor in tensors)

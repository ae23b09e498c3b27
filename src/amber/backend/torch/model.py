"""The class of functional models on torch: Keras' own, with faster insides.

`FastFunctional` overrides only how a batch is run, fed and reported. Variables, layers, losses, metrics and the
optimizer stay Keras' objects, read at every step; whether a plan still fits its layers is checked whenever training,
evaluation or prediction begins. What is not covered takes Keras' own way, and so do overridden steps: a method
replaced on the model wins, and a subclass with a `train_step` of its own is never given this class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import torch
from torch import Tensor

from amber.backend.base_model import BaseFunctional
from amber.backend.keras_internals.graphs import output_structure, standardized_inputs
from amber.backend.keras_internals.torch_runtime import (
    call_context,
    close_call_context,
    get_device,
    get_keras_mask,
    replaces_variables,
)
from amber.backend.stock_parts import has_own_methods
from amber.backend.torch.plan import Plan, make_plan, watched_globally
from amber.backend.torch.reporting import FastTraining, Reports
from amber.backend.torch.train_step import TrainStep
from amber.types import TensorTree


class Execution(Reports):
    """What a model keeps to run fast: all of it can be made again from the model.

    Attributes:
        plan: its layers as kernels; None where only Keras can run them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        self._is_planned = False
        self._step: TrainStep | None = None

    def refresh(self, model: keras.Model) -> Plan | None:
        """Return the plan after checking that it fits the layers, or None if only Keras can run them."""
        if has_own_methods(model) or watched_globally() or (model.compiled and model.jit_compile):
            self.plan, self._is_planned = None, False
        elif not self._is_planned or (self.plan is not None and not self.plan.is_current()):
            self.plan, self._is_planned, self._step = make_plan(model), True, None
        elif self.plan is None:
            self.plan = make_plan(model)
        return self.plan

    def train_step(self, model: keras.Model) -> TrainStep | None:
        """Return the loss and the update of the model as it is compiled now, or None if a batch is left to Keras."""
        if self.plan is None or model.run_eagerly:
            return None
        if self._step is None or not self._step.is_current(model):
            self._step = TrainStep(model, self.plan)
        return self._step if self._step.is_trainable else None


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
        if mask is None and not kwargs:
            execution = self._execution
            if get_device() == "meta" and execution.plan is not None:
                outline = execution.plan.outline(keras.tree.flatten(inputs))
                if outline is not None:
                    return self._packed(outline)
            if _is_concrete(inputs) and (plan := execution.refresh(self)) is not None:
                flat = standardized_inputs(self, inputs)
                if all(get_keras_mask(tensor) is None for tensor in flat):
                    return self._run(plan, flat, training)
        return super().call(inputs, training=training, mask=mask, **kwargs)

    def _run(self, plan: Plan, flat_inputs: list[Tensor], training: bool | None) -> TensorTree:
        if not plan.calls_layers:
            return self._packed(plan(flat_inputs, training))
        call_context(self, training)
        try:
            return self._packed(plan(flat_inputs, training))
        finally:
            close_call_context(self)

    def _packed(self, outputs: list[Tensor]) -> TensorTree:
        if len(outputs) == 1:
            return outputs[0]
        return keras.tree.pack_sequence_as(output_structure(self), outputs)

    def _forward(self, plan: Plan | None, x: TensorTree, training: bool) -> TensorTree:
        """The outputs for a batch, without the general machinery of `__call__` where nothing needs it."""
        if plan is not None and _is_concrete(x):
            flat = plan.fitting(x)
            if flat is not None:
                return self._run(plan, flat, training)
        return self(x, training=training)

    def train_step(self, data: TensorTree) -> Mapping[str, Tensor]:
        """Train on one batch."""
        execution = self._execution
        step = execution.train_step(self)
        if step is None:
            return super().train_step(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        predicted = self._forward(execution.plan, x, True)
        loss = step.loss(self, x, y, predicted, sample_weight, True)
        for parameter in step.parameters:
            parameter.grad = None
        self.optimizer.scale_loss(loss).backward()
        step.update()
        return execution.report(self, loss, x, y, predicted, sample_weight)

    def test_step(self, data: TensorTree) -> Mapping[str, Tensor]:
        """Evaluate one batch."""
        execution = self._execution
        step = execution.train_step(self)
        if step is None:
            return super().test_step(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        predicted = self._forward(execution.plan, x, False)
        loss = step.loss(self, x, y, predicted, sample_weight, False)
        return execution.report(self, loss, x, y, predicted, sample_weight)

    def predict_step(self, data: TensorTree) -> TensorTree:
        """Predict one batch."""
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._forward(self._execution.plan, x, False)


def _is_concrete(inputs: Any) -> bool:
    """Whether these are tensors to compute with now, under no scope that replaces variables."""
    if replaces_variables() or torch.compiler.is_compiling():
        return False
    return isinstance(inputs, Tensor) or all(isinstance(x, (Tensor, np.ndarray)) for x in keras.tree.flatten(inputs))

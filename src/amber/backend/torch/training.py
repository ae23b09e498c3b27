"""What one training or test step of a model needs besides its plan, worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from amber.backend.keras_internals.graphs import Functional, layer_count
from amber.backend.keras_internals.models import compiled_loss, compute_loss
from amber.backend.keras_internals.variables import is_trainable_by_itself, tensor_of
from amber.backend.torch.losses import loss_of
from amber.backend.torch.penalties import regularizers_of
from amber.backend.torch.plan import Plan
from amber.backend.torch.updates import make_update
from amber.types import TensorTree

if TYPE_CHECKING:
    import keras


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

"""The gradients that are written out are those of automatic differentiation, clipped probabilities included."""

from __future__ import annotations

import keras
import pytest
import torch

from amber.backend.torch.train_step import Loss, loss_of


def compiled(name: str) -> Loss:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile(loss=name)
    keras_loss = model._compile_loss
    keras_loss.build(torch.zeros(3, 2), torch.zeros(3, 2))
    found = loss_of(keras_loss)
    assert isinstance(found, Loss)
    return found


@pytest.mark.parametrize("name", ["mse", "binary_crossentropy"])
def test_a_written_gradient_is_that_of_the_loss(name: str) -> None:
    predicted = torch.tensor([[0.0, 1.0], [0.3, 0.9], [1e-9, 0.5]], requires_grad=True)
    target = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    loss = compiled(name)
    expected = loss(target, predicted)
    assert expected is not None
    expected.backward()
    found = loss.with_gradient(target, predicted.detach())
    assert found is not None
    torch.testing.assert_close(found[0], expected.detach())
    torch.testing.assert_close(found[1], predicted.grad)


def test_other_losses_are_differentiated_otherwise() -> None:
    zeros = torch.zeros(3, 2)
    assert compiled("mae").with_gradient(zeros, zeros) is None
    assert compiled("mse").with_gradient(torch.zeros(3, 1), zeros) is None

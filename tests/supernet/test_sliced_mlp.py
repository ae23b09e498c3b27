"""On torch, feed-forward children run, learn and are updated as slices of the shared tensors, as Keras would do it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from keras import ops
from tests.supernet.spaces import ann_data, cnn_data, make_ann, make_cnn, scatter
from tests.supernet.test_selected import ann_builders

from amber.backend.torch import shared

RATE = 0.05


def slowly(child: Any) -> Any:
    """Makes every step Keras's own, which a method set on the model does."""
    child.compute_metrics = child.compute_metrics
    return child


def weights_of(builder: Any) -> list[np.ndarray]:
    return [np.array(ops.convert_to_numpy(weight)) for weight in builder.supernet.weights]


def targets(child: Any, x: np.ndarray) -> Any:
    found = child.predict(x, verbose=0)
    return [np.cos(each) for each in found] if isinstance(found, list) else np.cos(found)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_step_is_the_step_of_keras(data: st.DataObject) -> None:
    builder = data.draw(ann_builders())
    scatter(builder, 1)
    before = weights_of(builder)
    arc = builder.layout.sample(data.draw(st.integers(0, 999)))
    sampled = data.draw(st.booleans())
    optimizer = data.draw(st.sampled_from([keras.optimizers.SGD, keras.optimizers.Adam, keras.optimizers.RMSprop]))
    x, _ = ann_data(6)
    found = []
    for slow in (False, True):
        for weight, value in zip(builder.supernet.weights, before, strict=True):
            weight.assign(value)
        child = builder.build(sampler=lambda: arc) if sampled else builder.build(arc)
        # An epsilon at which no gradient that differs in its last digit makes a step of another size.
        settled = {"epsilon": 0.1} if optimizer is not keras.optimizers.SGD else {}
        child.compile(optimizer=optimizer(RATE, **settled), loss=["mse"] * len(child.outputs))
        y = targets(child, x)
        (slowly(child) if slow else child).train_on_batch(x, y)
        found.append(weights_of(builder))
        assert child.optimizer.iterations == 1
    for fast, expected in zip(*found, strict=True):
        np.testing.assert_allclose(fast, expected, rtol=1e-4, atol=1e-5)


def test_the_kernels_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    builder, (x, y) = make_ann(controller="uniform"), ann_data()
    used = []
    forward = shared.Runner.forward
    monkeypatch.setattr(shared.Runner, "forward", lambda *given: used.append(1) or forward(*given))
    child = builder()
    child.fit(x, y, batch_size=16, verbose=0)
    assert len(used) == 4
    child.evaluate(x, y, batch_size=16, verbose=0)
    child.predict([x[:, :2], x[:, 2:]], batch_size=16, verbose=0)
    assert len(used) == 12
    slowly(child).fit(x, y, batch_size=16, verbose=0)
    assert len(used) == 12


def test_later_steps_leave_unselected_weights_and_their_moments_alone() -> None:
    builder, (x, y) = make_ann(units=(3, 5)), ann_data()
    child = builder(sampler="uniform", seed=2)
    for _ in range(30):
        child.train_on_batch(x, y)
    for _ in range(9):
        optimizer, supernet = child.optimizer, builder.supernet
        slots = {
            id(kernel): [slot[optimizer._get_variable_index(kernel)] for slot in optimizer_slots(optimizer)]
            for kernel in supernet.kernels
        }
        before = {id(k): [np.array(ops.convert_to_numpy(t)) for t in (k, *slots[id(k)])] for k in supernet.kernels}
        child.train_on_batch(x, y)
        masks = mask_of(builder, child.arc_seq)
        assert not all(mask.all() for mask in masks)
        for kernel, mask in zip(supernet.kernels, masks, strict=True):
            after = [ops.convert_to_numpy(tensor) for tensor in (kernel, *slots[id(kernel)])]
            for old, new in zip(before[id(kernel)], after, strict=True):
                np.testing.assert_array_equal(old[~mask], new[~mask])


def optimizer_slots(optimizer: Any) -> tuple[Any, Any]:
    return optimizer._momentums, optimizer._velocities


def mask_of(builder: Any, arc: Any) -> list[np.ndarray]:
    """Which weights of each layer an architecture reads."""
    supernet = builder.supernet
    masks = [np.zeros(kernel.shape, bool) for kernel in supernet.kernels]
    for part in supernet.take(arc).layers:
        for start, stop in part.spans if part.number < len(masks) else ():
            masks[part.number][start:stop, : part.units] = True
    return masks


def test_weights_that_are_not_trainable_stay() -> None:
    builder, (x, y) = make_ann(controller="uniform", with_output_blocks=True), ann_data()
    builder.supernet.kernels[0].trainable = False
    before = np.array(ops.convert_to_numpy(builder.supernet.kernels[0]))
    child = builder()
    child.fit(x, y, batch_size=8, verbose=0)
    np.testing.assert_array_equal(ops.convert_to_numpy(builder.supernet.kernels[0]), before)


def test_training_continues_with_the_state_of_the_optimizer() -> None:
    """The optimizer's own variables are its state: copied into another child they make the next step the same."""
    found = []
    for moved in (False, True):
        builder, (x, y) = make_ann(), ann_data()
        scatter(builder, 3)
        arc = builder.layout.sample(5)
        child = builder(arc)
        for _ in range(3):
            child.train_on_batch(x, y)
        if moved:
            state = [np.array(ops.convert_to_numpy(v)) for v in child.optimizer.variables]
            child = builder(arc)
            child.optimizer.build(child.trainable_variables)
            for variable, value in zip(child.optimizer.variables, state, strict=True):
                variable.assign(value)
        child.train_on_batch(x, y)
        found.append(weights_of(builder))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("make", [make_ann, make_cnn])
def test_metrics_and_losses_are_those_of_keras(make: Any) -> None:
    builder = make()
    scatter(builder)
    x, y = (ann_data if make is make_ann else cnn_data)(40)
    weights = np.linspace(0.5, 1.5, 40).astype("float32")
    arc = builder.layout.sample(3)
    for options in ({}, {"sample_weight": weights}):
        fast = builder(arc).evaluate(x, y, batch_size=16, verbose=0, **options)
        slow = slowly(builder(arc)).evaluate(x, y, batch_size=16, verbose=0, **options)
        np.testing.assert_allclose(fast, slow, rtol=1e-5)

"""A network whose output is computed for many substitutions of a few sequences, each from where it differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.explain.substitutions.local import LocalLayer
from amber.explain.substitutions.plan import Plan, plan_of
from amber.explain.substitutions.reach import Reach
from amber.explain.targets import Target
from amber.types import Array, Tensor

Scores = Callable[[Array, Array, Array], Array]
"""Gives scores after substitutions: of which example, at which position, by which base."""

ONE_HOT = np.eye(4, dtype=np.float32)


@dataclass(frozen=True)
class SubstitutedModel:
    """The plan of a functional model, and the number that is asked for.

    Attributes:
        plan: its layers, and how far a substitution reaches in each of its tensors.
        target: the explained number.
    """

    plan: Plan
    target: Target

    def of(self, arrays: Sequence[Array]) -> Scores:
        """Return the scores of some examples after substitutions."""
        plan = self.plan
        originals: dict[int, Any] = {
            name: ops.convert_to_tensor(np.ascontiguousarray(array))
            for name, array in zip(plan.inputs, arrays, strict=True)
        }
        for step in plan.steps:
            if plan.reaches.get(step.writes, 0) is not None:
                originals[step.writes] = step.call(*[originals[name] for name in step.reads])
        pools = {
            step.writes: step.pool(originals[step.reads[0]], step.reach) for step in plan.steps if step.pool is not None
        }
        padded: dict[tuple[int, int], Tensor] = {}

        def scores(rows: Array, positions: Array, bases: Array) -> Array:
            found: dict[int, Any] = {plan.inputs[plan.place]: ops.convert_to_tensor(ONE_HOT[bases][:, None])}
            batch = _Batch(plan.reaches, originals, padded, found, rows, positions)
            for step in plan.steps:
                if step.pool is not None:
                    found[step.writes] = pools[step.writes](found[step.reads[0]], rows, positions)
                elif step.local is not None:
                    found[step.writes] = batch.local(step.writes, step.local, step.reads, step.reach)
                elif step.writes in plan.reaches:
                    found[step.writes] = step.call(*[batch.whole(name) for name in step.reads])
            return np.asarray(ops.convert_to_numpy(self.target.of_output(batch.whole(plan.output))))

        return scores


def substituted_model(model: keras.Model, place: int, target: Target) -> SubstitutedModel | None:
    """Return how to compute a model after single substitutions, or None where that saves nothing.

    Args:
        model: a functional model.
        place: the number of the input that substitutions are in.
        target: the number to compute.
    """
    plan = plan_of(model, place, target.position)
    return None if plan is None else SubstitutedModel(plan, target)


@dataclass(frozen=True)
class _Batch:
    """What is known of a batch of substitutions.

    Attributes:
        reaches: of the plan.
        originals: tensors of the examples without substitutions, by name.
        padded: the same with what a layer adds around them, as rows of channels, by the name of its output and of the
            tensor.
        found: what is changed, by name.
        rows: which example each substitution is in.
        positions: of the substitutions.
    """

    reaches: dict[int, Reach | None]
    originals: dict[int, Any]
    padded: dict[tuple[int, int], Any]
    found: dict[int, Any]
    rows: Array
    positions: Array

    def whole(self, name: int) -> Any:
        """Return all positions of a tensor after the substitutions."""
        if name not in self.found:
            return ops.take(self.originals[name], self.rows, axis=0)
        reach = self.reaches[name]
        changed = self.found[name]
        if reach is None:
            return changed
        places = reach.starts[self.positions][:, None] + np.arange(reach.width)
        numbers = np.broadcast_to(np.arange(len(places))[:, None], places.shape)
        indices = np.stack([numbers.reshape(-1), places.reshape(-1)], axis=-1)
        tensor = ops.take(self.originals[name], self.rows, axis=0)
        return ops.scatter_update(tensor, indices, ops.reshape(changed, (-1, changed.shape[-1])))

    def local(self, writes: int, layer: LocalLayer, reads: tuple[int, ...], reach: Reach) -> Any:
        """Return the changed positions of a layer's output."""
        window = layer.window
        starts = reach.starts[self.positions] * window.stride - window.before
        places = starts[:, None] + np.arange((reach.width - 1) * window.stride + window.size)
        around = (window.before, window.after(self.originals[reads[0]].shape[1], reach.length))
        return layer.run(*[self._at(places, name, (writes, name), around, window.fill) for name in reads])

    def _at(self, places: Array, name: int, key: tuple[int, int], around: tuple[int, int], fill: float) -> Any:
        """Return a tensor after the substitutions at the places that are given for each."""
        reach = self.reaches.get(name)
        if reach is None:
            return self._unchanged(places, name, key, around, fill)
        inside = places - reach.starts[self.positions][:, None]
        if places.shape[1] == reach.width and not inside[:, 0].any():
            return self.found[name]
        unchanged = self._unchanged(places, name, key, around, fill)
        numbers = np.arange(len(places))[:, None] * reach.width + np.clip(inside, 0, reach.width - 1)
        changed = ops.take(ops.reshape(self.found[name], (-1, unchanged.shape[-1])), numbers, axis=0)
        return ops.where(((inside >= 0) & (inside < reach.width))[..., None], changed, unchanged)

    def _unchanged(self, places: Array, name: int, key: tuple[int, int], around: tuple[int, int], fill: float) -> Any:
        """Return a tensor of the examples at the places that are given for each substitution."""
        length, channels = self.originals[name].shape[1:]
        if key not in self.padded:
            filled = ops.pad(self.originals[name], ((0, 0), around, (0, 0)), constant_values=fill)
            self.padded[key] = ops.reshape(filled, (-1, channels))
        row = self.rows[:, None] * (length + sum(around))
        return ops.take(self.padded[key], row + places + around[0], axis=0)

"""Which layers of a model are computed again after a substitution, and at which positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from amber.backend.keras_internals.graphs import Functional, LayerCall, calls_in_order, functional_of
from amber.explain.substitutions.local import LocalLayer, local_layer
from amber.explain.substitutions.pools import GLOBAL_POOLS, GlobalPool
from amber.explain.substitutions.reach import Reach, joined


@dataclass(frozen=True)
class Step:
    """One layer: what it reads and writes, and how it is computed again.

    Attributes:
        call: gives its output from all that it reads.
        reads: names of tensors.
        writes: the name of its output.
        reach: what changes: in its output where it is `local`, in its input where it is a `pool`, else unused.
        local: how it computes the positions of its output that change, where these are few.
        pool: how it summarises all positions from those that change.
    """

    call: Callable[..., Any]
    reads: tuple[int, ...]
    writes: int
    reach: Reach
    local: LocalLayer | None = None
    pool: GlobalPool | None = None


@dataclass
class Plan:
    """The steps of a functional model.

    Attributes:
        inputs: names of the inputs.
        place: the number of the input that substitutions are in.
        output: the name of the output that is asked for.
        steps: in the order of computation; only those that this output needs.
        reaches: what a substitution changes in a tensor, by name: None for all of it. Tensors that are not here do not
            change.
    """

    inputs: tuple[int, ...]
    place: int
    output: int = -1
    steps: list[Step] = field(default_factory=list)
    reaches: dict[int, Reach | None] = field(default_factory=dict)

    def add(self, call: LayerCall, layer: Any, reads: tuple[int, ...]) -> int:
        """Add a layer, and return the name of its output."""
        # A model may be called several times: what it computes has another name each time.
        writes = len(self.inputs) + len(self.steps)
        step = Step(_caller(layer, call), reads, writes, Reach.of_input(1))
        changed = [self.reaches[name] for name in reads if name in self.reaches]
        if changed:
            self.reaches[writes] = None
            reaches = [each for each in changed if each is not None]
            if len(reaches) == len(changed) and _is_by_position(call):
                step = self._narrowed(step, layer, joined(reaches), call.output_shapes[0])
        self.steps.append(step)
        return writes

    def _narrowed(self, step: Step, layer: Any, reach: Reach, output: tuple[int | None, ...]) -> Step:
        """Return a step that computes only what changes, where that is less."""
        if type(layer) in GLOBAL_POOLS:
            pool = GLOBAL_POOLS[type(layer)](layer)
            return step if pool is None else replace(step, pool=pool, reach=reach)
        local = local_layer(layer, reach.length)
        if local is None or output[0] is None:
            return step
        after = reach.through(local.window, output[0])
        if after.is_wide:
            return step
        self.reaches[step.writes] = after
        return replace(step, local=local, reach=after)

    def keep_what_is_needed(self) -> None:
        """Leave out the steps that the output does not need."""
        needed = {self.output}
        kept = []
        for step in reversed(self.steps):
            if step.writes in needed:
                needed.update(step.reads)
                kept.append(step)
        self.steps = kept[::-1]


def plan_of(model: keras.Model, place: int, output: int) -> Plan | None:
    """Return the plan of a functional model, or None where it saves nothing.

    Args:
        model: a functional model.
        place: the number of the input that substitutions are in.
        output: the number of the output that is asked for.
    """
    length = model.inputs[place].shape[1]
    if length is None:
        return None
    names = {id(tensor): number for number, tensor in enumerate(model.inputs)}
    plan = Plan(tuple(range(len(model.inputs))), place)
    plan.reaches[place] = Reach.of_input(length)
    if not _add_all(plan, model, names):
        return None
    plan.output = names[id(model.outputs[output])]
    plan.keep_what_is_needed()
    return plan if any(step.local is not None and step.local.window.size > 1 for step in plan.steps) else None


def _add_all(plan: Plan, model: keras.Model, names: dict[int, int]) -> bool:
    """Add the layers of a model; `names` gives those of its tensors in the plan. Say whether all can be followed."""
    for call in calls_in_order(model):
        layer = functional_of(call.layer) if isinstance(call.layer, keras.Sequential) else call.layer
        if isinstance(layer, keras.layers.Masking) or getattr(layer, "mask_zero", False):
            return False
        reads = tuple(names[each] for each in call.inputs)
        if isinstance(layer, keras.Model) and isinstance(layer, Functional):
            within = {id(tensor): name for tensor, name in zip(layer.inputs, reads, strict=True)}
            if not _add_all(plan, layer, within):
                return False
            written = [within[id(tensor)] for tensor in layer.outputs]
        elif len(call.outputs) == 1:
            written = [plan.add(call, layer, reads)]
        else:
            return False
        names.update(zip(call.outputs, written, strict=True))
    return True


def _is_by_position(call: LayerCall) -> bool:
    """Say whether a layer reads only tensors of the same positions, and has no other arguments."""
    shapes = call.input_shapes
    if any(len(shape) != 2 or shape[0] != shapes[0][0] for shape in shapes):
        return False
    markers: dict[int, Any] = {name: object() for name in call.inputs}
    positional, named = call.arguments(markers)
    given = keras.tree.flatten(positional)
    return [*map(id, given)] == [id(markers[name]) for name in call.inputs] and not any(
        each is not None for each in named.values()
    )


def _caller(layer: Any, call_in_model: LayerCall) -> Callable[..., Any]:
    def call(*tensors: Any) -> Any:
        positional, named = call_in_model.arguments(dict(zip(call_in_model.inputs, tensors, strict=True)))
        return layer(*positional, **named)

    return call

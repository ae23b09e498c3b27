"""Whether some network of a space fits data and budget, for every builder of ours, without loading Keras."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.architect.places import at_candidate
from amber.architect.residual_space import check_candidate, filters_of_layers
from amber.architect.shared_cnn_space import check_shared_space
from amber.data.targets.target import units_of
from amber.errors import ConfigError, InvalidArchitectureError, ModelSpaceError
from amber.experiment.before_keras.reachable import Least, Parts, Reachable, bounds, joined
from amber.experiment.builders import OWN_BUILDERS, BranchOptions, ResidualCnnOptions, SequentialOptions
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_spec import TaskSpec

_NORMALISATION = Operation("batch_normalization")
_STEM_KERNEL = 8
_FIRST = "The model space must hold networks that fit the data; none of its architectures is one"
_SHARED = "A one-shot search takes one: leave the others out of data.blocks, or write search.strategy: trials"
_HEADS = {"GAP": "globalavgpool1d", "GMP": "globalmaxpool1d", "Flatten": "flatten"}
# What `amber.modeler.get_layer` normalises.
_NORMALISED = ("conv1d", "conv2d", "dense")


def check_space(loaded: Configuration, problem: TaskSpec, *, with_budget: bool = True) -> dict[tuple[int, int], str]:
    """Check that some architecture of the space is a network for these data, and within the budget.

    Args:
        loaded: the configuration.
        problem: shapes of inputs and outputs.
        with_budget: whether the budget is looked at.

    Returns:
        Layer and candidate that fit in no network, with the reason.

    Raises:
        ConfigError: inputs or outputs that the builder cannot have, operations that it does not take, a space without a
            network, or a budget that every network exceeds; names file, line and key.
    """
    if not _is_known(loaded):
        return {}
    _check_ends(loaded, problem)
    try:
        connected = _check_connected(loaded, problem) if loaded.builder_type in ("dag", "multi_io") else {}
        found = _networks(loaded, problem)
    except ModelSpaceError as error:
        raise loaded.space_error(error) from error
    except InvalidArchitectureError as error:
        raise loaded.space_error(ModelSpaceError(f"{_FIRST}. Received: {error}", field=error.field)) from error
    least = _least_of_outputs(problem) if found is None else found.cheapest()
    if with_budget:
        _check_budget(loaded, least)
    return connected if found is None else found.useless


def _is_known(loaded: Configuration) -> bool:
    """Say whether builder and operations are those that AMBER has, none of a plug-in."""
    if loaded.builder_type not in OWN_BUILDERS:
        return False
    registry = sys.modules.get("amber.operations")
    if registry is None:
        return True
    kinds = {operation.Layer_type for layer in loaded.space.layers for operation in layer}
    return all(
        kind in registry.OPERATIONS and registry.OPERATIONS.get(kind).make.__module__.startswith(("keras", "amber."))
        for kind in kinds
    )


def _check_ends(loaded: Configuration, problem: TaskSpec) -> None:
    kind = loaded.builder_type
    try:
        if loaded.config.search.strategy == "one_shot":
            problem.only_input(kind, _SHARED)
        elif kind == "sequential":
            problem.only_input(kind)
        elif kind == "residual_cnn":
            problem.sequence_and_numbers(kind)
        if kind != "multi_io":
            problem.only_output(kind)
    except ConfigError as error:
        raise loaded.error(("builder", "type"), str(error)) from error
    if kind != "residual_cnn" and loaded.config.search.strategy == "one_shot":
        raise loaded.error(
            ("search", "strategy"),
            f"one_shot needs a residual CNN: write builder: {{type: residual_cnn}}, or strategy: trials. Received: the "
            f"builder {kind}",
        )


def _networks(loaded: Configuration, problem: TaskSpec) -> Reachable | None:
    """Return what the networks of a space give and cost, output included; None where that is not known."""
    options, space = loaded.builder_options, loaded.space
    shapes = list(problem.inputs.values())
    if isinstance(options, ResidualCnnOptions):
        shape = next((each for each in shapes if len(each) == 2), shapes[0])
        found = _residual(space, options, shape, loaded.config.search.strategy == "one_shot")
    elif isinstance(options, SequentialOptions):
        layers: list[list[Parts]] = [[(operation,) for operation in candidates] for candidates in space.layers]
        if options.flatten:
            layers.append([(Operation("flatten"),)])
        found = _chain(Reachable({shapes[0]: Least()}), layers)
    elif isinstance(options, BranchOptions) and isinstance(space, BranchedModelSpace):
        found = _branched(space, options, shapes)
    else:
        return None
    return None if found is None else _with_output(found, problem)


def _chain(found: Reachable | None, layers: Sequence[Sequence[Parts]], first: int = 0) -> Reachable | None:
    for layer, candidates in enumerate(layers, start=first):
        found = None if found is None else found.through(candidates, layer)
    return found


def _residual(
    space: ModelSpace, options: ResidualCnnOptions, shape: tuple[int, ...], one_shot: bool
) -> Reachable | None:
    """Follow the chain without skips: with them a network is as long and wide, and never smaller."""
    if len(shape) != 2:
        raise InvalidArchitectureError(f"a residual CNN reads one sequence, length x channels, not a shape {shape}")
    widths = [max(1, round(filters * options.wsf)) for filters in filters_of_layers(space)]
    for layer, candidates in enumerate(space.layers):
        for position, operation in enumerate(candidates):
            with at_candidate(layer, position):
                check_candidate(operation)
    if one_shot:
        check_shared_space(space)
    found: Reachable | None = Reachable({shape: Least()})
    found = _chain(found, [[(_convolution(widths[0], _STEM_KERNEL), _NORMALISATION)]])
    for layer, (candidates, width) in enumerate(zip(space.layers, widths, strict=True)):
        after: Parts = (_NORMALISATION,) if layer else ()
        if layer + 1 < len(widths) and widths[layer + 1] != width and _differ(space, layer):
            factor = options.reduction_factor
            reduced = Operation("maxpool1d", pool_size=factor, strides=factor, padding="same")
            after = (*after, _convolution(widths[layer + 1], 1), reduced)
        parts = [(*_residual_parts(operation, width, options), *after) for operation in candidates]
        found = _chain(found, [parts], layer)
    head = Operation(_HEADS[options.flatten_mode])
    return _chain(found, [[(head, Operation("dense", units=options.fc_units))]], len(widths))


def _differ(space: ModelSpace, layer: int) -> bool:
    """Say whether filters change after a layer, before they are scaled."""
    return bool(space.layers[layer][0].get("filters") != space.layers[layer + 1][0].get("filters"))


def _residual_parts(operation: Operation, width: int, options: ResidualCnnOptions) -> Parts:
    if operation.Layer_type == "identity":
        return ()
    strides = operation.get("strides") or 1
    if operation.Layer_type == "conv1d":
        dilation = operation.get("dilation_rate") or operation.get("dilation") or 1
        kernel = operation.get("kernel_size")
        return (_convolution(width, kernel, strides=strides, dilation_rate=dilation), _NORMALISATION)
    size = operation.get("pool_size", 2)
    pool = Operation(operation.Layer_type, pool_size=size, strides=strides, padding="same")
    return (_convolution(width, 1), _NORMALISATION, pool) if options.add_conv1_under_pool else (pool,)


def _convolution(filters: int, kernel_size: object, **more: object) -> Operation:
    return Operation("conv1d", filters=filters, kernel_size=kernel_size, padding="same", use_bias=False, **more)


def _branched(space: BranchedModelSpace, options: BranchOptions, shapes: Sequence[tuple[int, ...]]) -> Reachable | None:
    branches = dict(space.branch_to_layer)
    stem = branches.pop((1, None))
    ends: list[Reachable] = []
    for shape, key in zip(shapes, sorted(branches), strict=True):
        found: Reachable | None = Reachable({shape: Least()})
        for layer in branches[key]:
            found = _chain(found, [_normalised(space.layers[layer], options)], layer)
        if found is None:
            return None
        ends.append(found)
    together = joined(ends, str(space.concat_op)) if len(ends) > 1 else ends[0]
    for layer in stem:
        together = _chain(together, [_normalised(space.layers[layer], options)], layer)
    return together


def _normalised(candidates: Sequence[Operation], options: BranchOptions) -> list[Parts]:
    return [
        (operation, _NORMALISATION) if options.with_bn and operation.Layer_type in _NORMALISED else (operation,)
        for operation in candidates
    ]


def _with_output(found: Reachable, problem: TaskSpec) -> Reachable | None:
    """Return what there is after the only output, which needs a vector for each example."""
    (name,) = problem.outputs
    flat: dict[tuple[int, ...], Least] = {shape: least for shape, least in found.shapes.items() if len(shape) == 1}
    if not flat:
        raise InvalidArchitectureError(_unflattened(name, str(next(iter(found.shapes)))))
    return _chain(Reachable(flat, found.useless), [[(problem.output_operations()[0],)]])


def _unflattened(output: str, shape: str) -> str:
    return (
        f"The output '{output}' reads a tensor of shape {shape} (without batch), where it needs one vector for each "
        "example: no layer before it flattens or pools the sequence, as flatten or globalmaxpooling1d would"
    )


def _check_connected(loaded: Configuration, problem: TaskSpec) -> dict[tuple[int, int], str]:
    """Check a space whose layers may be connected in many ways; return the candidates that fit in no network."""
    layers, shapes = loaded.space.layers, list(problem.inputs.values())
    found = bounds(layers, shapes)
    if found is None:
        return {}
    if 1 not in found.axes:
        raise InvalidArchitectureError(_unflattened(next(iter(problem.outputs)), " or ".join(map(str, set(shapes)))))
    if all((layer, k) in found.useless for layer, candidates in enumerate(layers) for k in range(len(candidates))):
        raise InvalidArchitectureError(found.useless[0, 0], field=(0, 0))
    for layer, candidates in enumerate(layers):
        reasons = [found.useless[layer, k] for k in range(len(candidates)) if (layer, k) in found.useless]
        # A layer that no other reads is left out, unless each reads the one before it.
        if len(reasons) == len(candidates) and not getattr(loaded.builder_options, "with_skip_connection", True):
            raise InvalidArchitectureError(reasons[0], field=(layer, 0) if len(candidates) == 1 else (layer,))
    return found.useless


def _least_of_outputs(problem: TaskSpec) -> Least:
    """Return what the outputs alone cost, each reading one number."""
    units = sum(map(units_of, problem.outputs.values()))
    return Least(2 * units, 2 * units)


def _check_budget(loaded: Configuration, least: Least) -> None:
    budget = loaded.config.search.budget
    for name, allowed, needed in (
        ("parameters", budget.parameters, least.parameters),
        ("flops", budget.flops, least.flops),
    ):
        if allowed is not None and needed > allowed:
            raise loaded.error(
                ("search", "budget", name),
                f"expected at least {needed:,}, as no network of the space needs less: raise it, or write smaller "
                f"layers into model_space. Received: {allowed:,}",
            )

"""The operation registry: from a type name to the Keras layer, the attributes it takes, and its FLOPs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypedDict, Unpack

import keras

from amber.architect import Operation
from amber.backend.abstract import abstract_layers
from amber.checks import is_number
from amber.display import one_line
from amber.errors import ModelSpaceError
from amber.registry import Registry
from amber.types import Shape

FlopFunction = Callable[[keras.layers.Layer, list[Shape], Shape], int]

_BASE_ATTRIBUTES = frozenset({"name", "dtype", "trainable", "activity_regularizer", "autocast"})
# What the residual and weight-sharing spaces write on every candidate; other layers have no use for it.
SEARCH_ONLY = frozenset({"filters", "units"})


@dataclass(frozen=True, eq=False)
class OperationSpec:
    """One entry of the registry; an entry equals only itself.

    Attributes:
        name: type name, lower case.
        make: the Keras layer class, or a function of keyword arguments that returns a layer.
        required: attributes that must be given.
        search_only: attributes that may be given and do not reach the layer.
        renamed: attribute names that stand for another one (`dilation` -> `dilation_rate`).
        accepts: attributes that `make` takes besides those in its signature, as `**kwargs`.
        takes_list: whether the layer itself joins several inputs.
        ranges: least and greatest value of attributes that the layer does not check itself.
        flops: floating-point operations (2 x multiply-adds, forward, batch 1) of the built layer for its
            input shapes and output shape (without batch); None means none worth counting.
    """

    name: str
    make: Callable[..., keras.layers.Layer]
    required: frozenset[str] = frozenset()
    search_only: frozenset[str] = SEARCH_ONLY
    renamed: dict[str, str] = field(default_factory=dict)
    accepts: frozenset[str] = frozenset()
    takes_list: bool = False
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    flops: FlopFunction | None = None
    __repr__ = one_line

    @cached_property
    def accepted(self) -> frozenset[str]:
        """The attribute names that reach the layer."""
        parameters = inspect.signature(self.make).parameters.values()
        named = {
            p.name
            for p in parameters
            if p.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        }
        return frozenset(named - {"self", "input_shape"}) | self.accepts | _BASE_ATTRIBUTES

    def default_of(self, attribute: str) -> object:
        """Return the value that an attribute has where it is not given."""
        parameter = inspect.signature(self.make).parameters.get(attribute)
        return inspect.Parameter.empty if parameter is None else parameter.default

    @cached_property
    def needs_shape(self) -> bool:
        """Whether `make` asks for the `input_shape` (without batch) that the layer will see."""
        return "input_shape" in inspect.signature(self.make).parameters


OPERATIONS: Registry[OperationSpec] = Registry("operation", ModelSpaceError)


class OperationOptions(TypedDict, total=False):
    """Options of an operation when it is registered; see `register_operation`."""

    required: tuple[str, ...]
    search_only: tuple[str, ...]
    renamed: Mapping[str, str]
    accepts: tuple[str, ...]
    takes_list: bool
    ranges: Mapping[str, tuple[float, float]]
    flops: FlopFunction | None


def register_operation(
    name: str,
    make: Callable[..., keras.layers.Layer],
    *,
    aliases: tuple[str, ...] = (),
    replace: bool = False,
    **options: Unpack[OperationOptions],
) -> OperationSpec:
    """Register a layer type for every builder, for costs, drawings and the command line.

    Args:
        name: the type name, as written in `Operation(name, ...)`; any case.
        make: a Keras layer class (register it with `keras.saving` so that models load) or a function
            that returns a layer. Its parameters are the attributes of the operation; one called
            `input_shape` receives the shape that the layer will see, without batch.
        aliases: other names of the same type.
        replace: allow a name that is taken.
        **options: any of

            - `required`: attributes that must be given,
            - `search_only` (`filters` and `units`): attributes that are accepted and do not reach the layer,
            - `renamed`: attribute names that stand for another one,
            - `accepts`: attributes that `make` takes besides those in its signature, as `**kwargs`,
            - `takes_list`: whether the layer joins several inputs itself,
            - `ranges`: least and greatest value of attributes that the layer does not check itself,
            - `flops`: see OperationSpec.

    Raises:
        ModelSpaceError: the name is taken.
        TypeError: an unknown option.

    Example:
        >>> def gelu_dense(units, name=None):
        ...     return keras.layers.Dense(units, "gelu", name=name)
        >>> spec = register_operation("gelu_dense", gelu_dense, required=("units",))
        >>> make_layer(Operation("gelu_dense", units=3), "gelu").units
        3
    """
    unknown = sorted(set(options) - set(OperationOptions.__annotations__))
    if unknown:
        known = ", ".join(OperationOptions.__annotations__)
        raise TypeError(f"The options of an operation are aliases, replace, {known}. Received: {', '.join(unknown)}")
    accepts = frozenset(options.get("accepts", ()))
    spec = OperationSpec(
        name=name.lower(),
        make=make,
        required=frozenset(options.get("required", ())),
        search_only=frozenset(options.get("search_only", SEARCH_ONLY))
        - set(inspect.signature(make).parameters)
        - accepts,
        renamed=dict(options.get("renamed") or {}),
        accepts=accepts,
        takes_list=options.get("takes_list", False),
        ranges=dict(options.get("ranges") or {}),
        flops=options.get("flops"),
    )
    OPERATIONS.register(name, spec, aliases=aliases, replace=replace)
    return spec


def read_attributes(operation: Operation) -> tuple[str, dict[str, object]]:
    """Return the registered name of an operation's type, and the attributes that its layer reads, unchecked."""
    attributes = operation.Layer_attributes.copy()
    if operation.Layer_type not in OPERATIONS:
        return operation.Layer_type, attributes
    spec = OPERATIONS.get(operation.Layer_type)
    read = {spec.renamed.get(name, name): value for name, value in attributes.items() if name not in spec.search_only}
    return spec.name, read


def layer_arguments(operation: Operation) -> dict[str, object]:
    """Return the keyword arguments that reach the Keras layer of an operation.

    Raises:
        ModelSpaceError: unknown type, missing attribute, or one that the layer does not take.
    """
    spec = OPERATIONS.get(operation.Layer_type)
    arguments: dict[str, Any] = {}
    accepted = spec.accepted
    for name, value in operation.Layer_attributes.items():
        target = spec.renamed.get(name, name)
        if name in spec.search_only:
            continue
        if target not in accepted:
            raise ModelSpaceError(
                f"The operation '{spec.name}' does not take the attribute '{name}'; it takes "
                f"{', '.join(sorted(accepted | set(spec.renamed)))}. Received: {operation}",
                field=(name,),
            )
        if target in arguments and arguments[target] != value:
            raise ModelSpaceError(
                f"'{name}' and '{target}' mean the same and differ. Received: {operation}", field=(name,)
            )
        arguments[target] = value
    _check_ranges(spec, arguments, operation)
    missing = spec.required - set(arguments)
    if missing:
        raise ModelSpaceError(
            f"The operation '{spec.name}' needs the attribute {', '.join(sorted(missing))}. Received: {operation}"
        )
    return arguments


def _check_ranges(spec: OperationSpec, arguments: Mapping[str, object], operation: Operation) -> None:
    for name, (least, greatest) in spec.ranges.items():
        if name not in arguments or arguments[name] == spec.default_of(name):
            continue
        value = arguments[name]
        if not (is_number(value) and least <= value <= greatest):
            above = f"to {greatest:g}" if math.isfinite(greatest) else "upwards"
            raise ModelSpaceError(
                f"'{name}' of the operation '{spec.name}' must be a number from {least:g} {above}. "
                f"Received: {operation}",
                field=(name,),
            )


def make_layer(operation: Operation, name: str | None = None, input_shape: Shape | None = None) -> keras.layers.Layer:
    """Return a fresh, unbuilt Keras layer for an operation.

    Args:
        operation: the operation; it is not changed.
        name: name of the layer, instead of the operation's own.
        input_shape: what the layer will see, without batch; reaches the few layers that depend on it.

    Raises:
        ModelSpaceError: unknown type, or attributes that the layer does not take or that it refuses.
    """
    arguments = layer_arguments(operation)
    if name is not None:
        arguments["name"] = name
    spec = OPERATIONS.get(operation.Layer_type)
    if spec.needs_shape:
        arguments["input_shape"] = input_shape
    try:
        return spec.make(**arguments)
    except Exception as error:  # Keras meets a value of another kind with errors of every kind
        raise ModelSpaceError(f"The layer of {operation} cannot be made: {error}") from error


def check_layers(operations: Iterable[Operation]) -> None:
    """Make the layer of each operation, without weights, and discard it.

    Raises:
        ModelSpaceError: a layer that cannot be made.
    """
    with abstract_layers():
        for operation in operations:
            make_layer(operation)

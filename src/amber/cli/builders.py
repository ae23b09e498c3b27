"""The builders a configuration can name: their options, and how they are made.

What may be changed here: `register_builder` plugs in another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from amber.cli.sections import Count, Positive, Section
from amber.registry import Registry

if TYPE_CHECKING:
    from amber.architect import ModelSpace
    from amber.modeler import ModelBuilder


@dataclass(frozen=True)
class BuilderRequest:
    """What a builder is made of.

    Attributes:
        space: what may be built.
        options: the checked options of the section `builder`.
        input_shape: shape of one record, without the batch.
        num_classes: number of outputs.
        compile_arguments: arguments of `keras.Model.compile`; None: children are not compiled.
    """

    space: ModelSpace
    options: Any
    input_shape: tuple[int, ...]
    num_classes: int
    compile_arguments: Mapping[str, Any] | None


@dataclass(frozen=True)
class BuilderType:
    """One entry of the registry: the model of its options, and a function that makes the builder."""

    options: type[Section]
    make: Callable[[BuilderRequest], ModelBuilder]


BUILDERS: Registry[BuilderType] = Registry("builder")


def register_builder(name: str, options: type[Section], make: Callable[[BuilderRequest], ModelBuilder]) -> None:
    """Makes a builder known to configurations.

    Args:
        name: what `builder.type` says.
        options: the other keys of the section `builder`; needs a field `type`.
        make: makes the builder; it must import Keras only when called.

    Raises:
        ConfigError: the name is taken.
    """
    BUILDERS.register(name, BuilderType(options, make))


class ResidualCnnOptions(Section):
    """Options of the residual 1-D CNN; see `amber.modeler.KerasResidualCnnBuilder`.

    Attributes:
        type: `residual_cnn`.
        fc_units: units of the dense layer before the output.
        flatten_mode: `GAP` (global average pooling) or `Flatten`.
        dropout_rate: after every layer and in the head.
        wsf: width scale factor, multiplies every number of filters.
        add_conv1_under_pool: a 1x1 convolution before each pooling candidate.
        reduction_factor: pool size and stride where the number of filters changes.
    """

    type: str = "residual_cnn"
    fc_units: Count = 64
    flatten_mode: Literal["GAP", "Flatten"] = "Flatten"
    dropout_rate: Annotated[float, Field(ge=0, lt=1)] = 0.2
    wsf: Positive = 1.0
    add_conv1_under_pool: bool = True
    reduction_factor: Count = 4


def _make_residual_cnn(request: BuilderRequest) -> ModelBuilder:
    from amber.architect import Operation
    from amber.modeler import KerasResidualCnnBuilder

    options = request.options.model_dump(exclude={"type"})
    return KerasResidualCnnBuilder(
        inputs_op=Operation("input", shape=request.input_shape),
        output_op=Operation("dense", units=request.num_classes, activation="softmax"),
        model_compile_dict=request.compile_arguments,
        model_space=request.space,
        **options,
    )


register_builder("residual_cnn", ResidualCnnOptions, _make_residual_cnn)

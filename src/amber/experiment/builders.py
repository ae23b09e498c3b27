"""The builders a configuration can name: their options, and how they are made.

What may be changed here: `register_builder` plugs in another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from amber.errors import ConfigError, ModelSpaceError
from amber.experiment.configuration.section import Count, Positive, Section, Text
from amber.experiment.task_spec import TaskSpec
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
        problem: names and shapes of inputs and outputs.
        compile_arguments: arguments of `keras.Model.compile`; None: children are not compiled.
    """

    space: ModelSpace
    options: Any
    problem: TaskSpec
    compile_arguments: Mapping[str, Any] | None


@dataclass(frozen=True)
class BuilderType:
    """One entry of the registry.

    Attributes:
        options: the model of its options.
        make: makes the builder.
        branched: whether its space has branches and a stem instead of a list of layers.
    """

    options: type[Section]
    make: Callable[[BuilderRequest], ModelBuilder]
    branched: bool = False


BUILDERS: Registry[BuilderType] = Registry("builder")


def register_builder(
    name: str, options: type[Section], make: Callable[[BuilderRequest], ModelBuilder], *, branched: bool = False
) -> None:
    """Make a builder known to configurations.

    Args:
        name: what `builder.type` says.
        options: the other keys of the section `builder`; needs a field `type`.
        make: makes the builder; it must import Keras only when called.
        branched: whether its space has branches and a stem instead of a list of layers.

    Raises:
        ConfigError: the name is taken.
    """
    BUILDERS.register(name, BuilderType(options, make, branched))


class ResidualCnnOptions(Section):
    """Options of the residual 1-D CNN; see `amber.modeler.KerasResidualCnnBuilder`.

    Attributes:
        type: `residual_cnn`.
        fc_units: units of the dense layer before the output.
        flatten_mode: `GAP` (global average pooling), `GMP` (global max pooling) or `Flatten`.
        dropout_rate: after every layer and in the head.
        wsf: width scale factor, multiplies every number of filters.
        add_conv1_under_pool: a 1x1 convolution before each pooling candidate.
        reduction_factor: pool size and stride where the number of filters changes.
    """

    type: str = "residual_cnn"
    fc_units: Count = 64
    flatten_mode: Literal["GAP", "GMP", "Flatten"] = "Flatten"
    dropout_rate: Annotated[float, Field(ge=0, lt=1)] = 0.2
    wsf: Positive = 1.0
    add_conv1_under_pool: bool = True
    reduction_factor: Count = 4


def _make_residual_cnn(request: BuilderRequest) -> ModelBuilder:
    from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder

    options = request.options.model_dump(exclude={"type"})
    sequence, numbers = request.problem.sequence_and_numbers("residual_cnn")
    return KerasResidualCnnBuilder(
        inputs_op=sequence,
        numbers_ops=numbers,
        output_op=request.problem.only_output("residual_cnn"),
        model_compile_dict=request.compile_arguments,
        model_space=request.space,
        **options,
    )


register_builder("residual_cnn", ResidualCnnOptions, _make_residual_cnn)


class SequentialOptions(Section):
    """Options of a chain of layers; see `amber.modeler.KerasModelBuilder`.

    Attributes:
        type: `sequential`.
        flatten: flatten what the last layer gives before the output, which sequences need where no layer does.
        gpus: how many devices one child is trained on, or a list of their names (`["gpu:0", "gpu:1"]`); null: one.
    """

    type: str = "sequential"
    flatten: bool | None = None  # as searches have it that were begun before there was this option
    gpus: Count | Annotated[list[Text], Field(min_length=1)] | None = None


def _make_sequential(request: BuilderRequest) -> ModelBuilder:
    from amber.architect import ModelSpace
    from amber.modeler.builders.sequential import KerasModelBuilder

    given, output = request.problem.only_input("sequential"), request.problem.only_output("sequential")
    space = request.space
    if request.options.flatten:
        space = ModelSpace.from_dict([*space.to_dict(), [{"Layer_type": "flatten"}]])
    try:
        return KerasModelBuilder(
            inputs_op=given,
            output_op=output,
            model_compile_dict=request.compile_arguments,
            model_space=space,
            gpus=request.options.gpus,
            output_shape=(output.get("units"),),
        )
    except ConfigError as error:
        raise ModelSpaceError(str(error), field=("gpus",)) from error


register_builder("sequential", SequentialOptions, _make_sequential)


class MultiIOOptions(Section):
    """Options of networks that connect inputs, layers and outputs; see `amber.modeler.KerasMultiIOModelBuilder`.

    Attributes:
        type: `multi_io`.
        with_input_blocks: every layer chooses its inputs; otherwise the first layer reads all.
        with_output_blocks: every output chooses its layers; otherwise it reads all sinks.
        dropout_rate: after every layer.
        wsf: width scale factor, multiplies `units` and `filters`.
    """

    type: str = "multi_io"
    with_input_blocks: bool = True
    with_output_blocks: bool = True
    dropout_rate: Annotated[float, Field(ge=0, lt=1)] = 0.2
    wsf: Positive = 1.0


def _make_multi_io(request: BuilderRequest) -> ModelBuilder:
    from amber.modeler.builders.multi_io import KerasMultiIOModelBuilder

    return KerasMultiIOModelBuilder(
        request.problem.input_operations(),
        request.problem.output_operations(),
        request.compile_arguments,
        request.space,
        **request.options.model_dump(exclude={"type"}),
    )


register_builder("multi_io", MultiIOOptions, _make_multi_io)


class DagOptions(Section):
    """Options of directed acyclic graphs; see `amber.modeler.DAGModelBuilder`.

    Attributes:
        type: `dag`.
        dag_func: `DAG`, `InputBlockDAG` (an intermediate output on every layer that reads an input) or
            `InputBlockAuxLossDAG` (one where two inputs first meet).
        with_input_blocks: every layer chooses its inputs; otherwise the first layer reads all.
        with_skip_connection: every layer chooses earlier layers; otherwise it reads the one before.
    """

    type: str = "dag"
    dag_func: Literal["DAG", "InputBlockDAG", "InputBlockAuxLossDAG"] = "DAG"
    with_input_blocks: bool = True
    with_skip_connection: bool = True


def _make_dag(request: BuilderRequest) -> ModelBuilder:
    from amber.modeler.builders.dag.builder import DAGModelBuilder

    return DAGModelBuilder(
        inputs_op=request.problem.input_operations(),
        output_op=request.problem.only_output("dag"),
        model_space=request.space,
        model_compile_dict=request.compile_arguments,
        **request.options.model_dump(exclude={"type"}),
    )


register_builder("dag", DagOptions, _make_dag)


class BranchOptions(Section):
    """Options of branches and a stem; see `amber.modeler.KerasBranchModelBuilder`.

    The section `model_space` is then `{branches: {name of a block: layers, ...}, stem: layers, merge: concatenate}`.

    Attributes:
        type: `branch`.
        with_bn: normalise dense and convolutional layers before their activation.
    """

    type: str = "branch"
    with_bn: bool = False


def _make_branch(request: BuilderRequest) -> ModelBuilder:
    from amber.modeler.builders.branch import KerasBranchModelBuilder

    return KerasBranchModelBuilder(
        request.problem.input_operations(),
        request.problem.only_output("branch"),
        request.compile_arguments,
        request.space,  # type: ignore[arg-type]
        **request.options.model_dump(exclude={"type"}),
    )


register_builder("branch", BranchOptions, _make_branch, branched=True)

# Others, of plug-ins, may have operations of their own.
OWN_BUILDERS = frozenset(BUILDERS.names())

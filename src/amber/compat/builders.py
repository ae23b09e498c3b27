"""Builders of stand-alone networks that take what the first AMBER's page has and nothing uses any more."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.backend.distribution.placement import Devices
from amber.compat.dags import get_dag
from amber.compat.unused import keywords_of, warn_of_unused
from amber.modeler.builders import branch, multi_io, residual_cnn, sequential
from amber.modeler.builders.dag import builder as dag_builder


class KerasResidualCnnBuilder(residual_cnn.KerasResidualCnnBuilder):
    """Builds residual 1-D CNNs, with the first AMBER's order of arguments; see `builders.residual_cnn`.

    Args:
        inputs_op, output_op, fc_units, flatten_mode, model_compile_dict, model_space, dropout_rate, wsf: as there.
        add_conv1_under_pool, reduction_factor, numbers_ops: as there.
        verbose: accepted; progress is logged, never printed.
        **kwargs: of other builders, without effect; one warning names them.
    """

    def __init__(
        self,
        inputs_op: Operation,
        output_op: Operation,
        fc_units: int,
        flatten_mode: str,
        model_compile_dict: Mapping[str, object] | None,
        model_space: ModelSpace,
        dropout_rate: float = 0.2,
        wsf: float = 1,
        add_conv1_under_pool: bool = True,
        verbose: int = 1,
        reduction_factor: int = 4,
        numbers_ops: Sequence[Operation] = (),
        **kwargs: object,
    ) -> None:
        warn_of_unused("KerasResidualCnnBuilder", kwargs, keywords_of(KerasResidualCnnBuilder.__init__))
        super().__init__(
            inputs_op,
            output_op,
            fc_units,
            flatten_mode,
            model_compile_dict,
            model_space,
            dropout_rate,
            wsf,
            add_conv1_under_pool,
            reduction_factor,
            numbers_ops,
        )


class KerasModelBuilder(sequential.KerasModelBuilder):
    """Builds chains of layers, and takes keywords of other builders; see `builders.sequential`.

    Args:
        inputs_op, output_op, model_compile_dict, model_space, gpus, output_shape: as there.
        **kwargs: of other builders, without effect; one warning names them.
    """

    def __init__(
        self,
        inputs_op: Any,
        output_op: Any,
        model_compile_dict: Mapping[str, Any] | None,
        model_space: ModelSpace | None = None,
        gpus: Devices = None,
        *,
        output_shape: tuple[int, ...] | None = None,
        **kwargs: object,
    ) -> None:
        warn_of_unused("KerasModelBuilder", kwargs, keywords_of(KerasModelBuilder.__init__))
        super().__init__(inputs_op, output_op, model_compile_dict, model_space, gpus, output_shape=output_shape)


class KerasBranchModelBuilder(branch.KerasBranchModelBuilder):
    """Builds branches and a stem, and takes keywords of other builders; see `builders.branch`.

    Args:
        inputs_op, output_op, model_compile_dict, model_space, with_bn: as there.
        **kwargs: of other builders, without effect; one warning names them.
    """

    def __init__(
        self,
        inputs_op: Operation | Sequence[Operation],
        output_op: Operation | Sequence[Operation],
        model_compile_dict: Mapping[str, object] | None,
        model_space: BranchedModelSpace | None = None,
        with_bn: bool = False,
        **kwargs: object,
    ) -> None:
        warn_of_unused("KerasBranchModelBuilder", kwargs, keywords_of(KerasBranchModelBuilder.__init__))
        super().__init__(inputs_op, output_op, model_compile_dict, model_space, with_bn)


class KerasMultiIOModelBuilder(multi_io.KerasMultiIOModelBuilder):
    """Builds networks of several inputs and outputs, and takes keywords of other builders; see `builders.multi_io`.

    Args:
        inputs_op, output_op, model_compile_dict, model_space, with_input_blocks, with_output_blocks: as there.
        dropout_rate, wsf: as there.
        **kwargs: of other builders, without effect; one warning names them.
    """

    def __init__(
        self,
        inputs_op: Operation | Sequence[Operation],
        output_op: Operation | Sequence[Operation],
        model_compile_dict: Mapping[str, object] | None,
        model_space: ModelSpace,
        with_input_blocks: bool = True,
        with_output_blocks: bool = True,
        dropout_rate: float = 0.2,
        wsf: float = 1,
        **kwargs: object,
    ) -> None:
        warn_of_unused("KerasMultiIOModelBuilder", kwargs, keywords_of(KerasMultiIOModelBuilder.__init__))
        super().__init__(
            inputs_op,
            output_op,
            model_compile_dict,
            model_space,
            with_input_blocks,
            with_output_blocks,
            dropout_rate,
            wsf,
        )


class DAGModelBuilder(dag_builder.DAGModelBuilder):
    """Builds directed acyclic graphs, and takes arguments of other builders; see `builders.dag.builder`.

    Args:
        inputs_op, output_op, model_space, model_compile_dict: as there.
        num_layers: accepted; the model space says how many layers there are.
        with_skip_connection, with_input_blocks, dag_func, dag_kwargs: as there.
        *args: accepted, without effect.
        **kwargs: of other builders, without effect; one warning names them.
    """

    _get_dag = staticmethod(get_dag)
    """Finds the kind of DAG by its name."""

    def __init__(
        self,
        inputs_op: Any,
        output_op: Any,
        model_space: ModelSpace,
        model_compile_dict: Mapping[str, Any] | None,
        num_layers: int | None = None,
        with_skip_connection: bool = True,
        with_input_blocks: bool = True,
        dag_func: Any = None,
        dag_kwargs: Mapping[str, Any] | None = None,
        *args: object,
        **kwargs: object,
    ) -> None:
        warn_of_unused("DAGModelBuilder", kwargs, keywords_of(DAGModelBuilder.__init__))
        super().__init__(
            inputs_op,
            output_op,
            model_space,
            model_compile_dict,
            with_skip_connection,
            with_input_blocks,
            dag_func,
            dag_kwargs,
        )
        if num_layers not in (None, self.num_layers):
            warnings.warn(
                f"num_layers has no effect: the model space has {self.num_layers} layers. Received: {num_layers!r}",
                stacklevel=2,
            )

    def _dag_arguments(self, tokens: Sequence[int]) -> dict[str, Any]:
        """Return what every kind of DAG is given: the first AMBER's own take the number of layers too."""
        return {"arc_seq": tokens, "num_layers": self.num_layers, **super()._dag_arguments(tokens)}

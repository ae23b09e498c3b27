"""Builders of stand-alone networks whose arguments on the first AMBER's page mean nothing any more."""

from __future__ import annotations

from collections.abc import Mapping

from amber.architect import ModelSpace, Operation
from amber.modeler.builders import residual_cnn
from amber.modeler.builders.unused import keywords_of, warn_of_unused


class KerasResidualCnnBuilder(residual_cnn.KerasResidualCnnBuilder):
    """Builds residual 1-D CNNs, with the first AMBER's order of arguments; see `builders.residual_cnn`.

    Args:
        inputs_op, output_op, fc_units, flatten_mode, model_compile_dict, model_space, dropout_rate, wsf: as there.
        add_conv1_under_pool, reduction_factor: as there.
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
        )

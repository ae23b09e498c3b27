"""Which supernet belongs to a builder of stand-alone networks.

The tokens of both are the same: the same operation of the same layer, the same skip connections. What the shared
weights say of tokens is therefore said of the network that a search by trials would train under these tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from amber.architect import ModelSpace
from amber.errors import ConfigError
from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder
from amber.supernet.conv import ConvSupernet
from amber.supernet.factory import SupernetFactory
from amber.supernet.settings import ConvSettings

if TYPE_CHECKING:
    from amber.modeler.builders.protocol import Builder


def shared_builder(builder: Builder, compile_arguments: Mapping[str, object], batch_size: int = 32) -> SupernetFactory:
    """Return the factory of children that share weights, over the networks of a builder.

    Args:
        builder: a KerasResidualCnnBuilder.
        compile_arguments: of the shared training; a learning rate that is a schedule is the user's affair.
        batch_size: rows of a batch.

    Raises:
        ConfigError: no supernet is known for this builder.
        ModelSpaceError: a candidate that the supernet does not know.
    """
    if not isinstance(builder, KerasResidualCnnBuilder):
        raise ConfigError(
            f"One-shot search needs a residual CNN (builder.type residual_cnn). Received: {type(builder).__name__}"
        )
    if builder.numbers_ops:
        raise ConfigError(
            "One-shot search shares the weights of networks with one input. "
            f"Received: {1 + len(builder.numbers_ops)} inputs; take the numbers out, or search by trials"
        )
    space = builder.model_space
    if builder.wsf != 1:
        space = ModelSpace.from_dict(
            [
                [{**each, "filters": max(1, round(each["filters"] * builder.wsf))} for each in layer]
                for layer in space.to_dict()
            ]
        )
    supernet = ConvSupernet(
        space,
        builder.inputs_op,
        builder.output_op,
        ConvSettings(
            keep_prob=1.0 - builder.dropout_rate,
            reduction_factor=builder.reduction_factor,
            stem_config={"flatten_op": builder.flatten_mode, "fc_units": builder.fc_units},
            add_conv1_under_pool=builder.add_conv1_under_pool,
        ),
        name="EnasDAG",
    )
    return SupernetFactory(supernet, compile_arguments, "uniform", batch_size=batch_size)

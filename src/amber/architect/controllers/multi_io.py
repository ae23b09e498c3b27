"""Controllers that also choose input blocks, and output blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amber.architect.controllers.general import GeneralController
from amber.architect.controllers.model import LossTerms
from amber.architect.controllers.spec import PolicyBlocks
from amber.architect.model_space import ModelSpace
from amber.checks import positive_integer
from amber.errors import ConfigError


class MultiInputController(GeneralController):
    """A policy whose layers also choose which input blocks they read.

    Args:
        model_space: the space, or the number of candidates of each layer.
        with_input_blocks: without, it is a GeneralController.
        num_input_blocks: how many there are.
        input_block_unique_connection: whether a block that is used is closed to the layers between the first and the
            last, and the last layer takes every block that no layer used. With one layer that layer takes them all.
        skip_weight: of the skip penalty, where there are skip connections.
        **general: as of `GeneralController`.
    """

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        *,
        with_input_blocks: bool = True,
        num_input_blocks: int = 2,
        input_block_unique_connection: bool = True,
        skip_weight: float | None = 0.5,
        **general: Any,
    ) -> None:
        self._input_blocks = positive_integer(num_input_blocks, "num_input_blocks") if with_input_blocks else 0
        self._unique_inputs = bool(input_block_unique_connection)
        if not general.get("with_skip_connection", True):
            skip_weight = None
        super().__init__(model_space, skip_weight=skip_weight, **general)
        self._config.update(
            with_input_blocks=with_input_blocks,
            num_input_blocks=num_input_blocks,
            input_block_unique_connection=input_block_unique_connection,
        )

    def _blocks(self) -> PolicyBlocks:
        return {"num_inputs": self._input_blocks, "unique_inputs": self._unique_inputs}


class MultiIOController(MultiInputController):
    """A policy whose output blocks, too, choose the layers they read.

    Args:
        model_space: the space, or the number of candidates of each layer.
        num_output_blocks: how many there are.
        with_output_blocks: without, it is a MultiInputController.
        output_block_unique_connection: whether an output reads exactly one layer; else any number of them.
        output_block_diversity_weight: of a bonus on outputs that choose differently; needs skip_weight. None: none.
        **multi_input: as of `MultiInputController`.

    Raises:
        ConfigError: a diversity weight without skip_weight.
    """

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        *,
        num_output_blocks: int = 2,
        with_output_blocks: bool = True,
        output_block_unique_connection: bool = True,
        output_block_diversity_weight: float | None = None,
        **multi_input: Any,
    ) -> None:
        self._output_blocks = positive_integer(num_output_blocks, "num_output_blocks") if with_output_blocks else 0
        self._unique_outputs = bool(output_block_unique_connection)
        self._diversity = output_block_diversity_weight if with_output_blocks else None
        without_skips = not multi_input.get("with_skip_connection", True)
        if self._diversity is not None and (without_skips or multi_input.get("skip_weight", 0.5) is None):
            raise ConfigError(
                "output_block_diversity_weight needs skip_weight and skip connections. "
                f"Received: output_block_diversity_weight={self._diversity!r} without them"
            )
        super().__init__(model_space, **multi_input)
        self._config.update(
            num_output_blocks=num_output_blocks,
            with_output_blocks=with_output_blocks,
            output_block_unique_connection=output_block_unique_connection,
            output_block_diversity_weight=output_block_diversity_weight,
        )

    def _blocks(self) -> PolicyBlocks:
        return {
            **super()._blocks(),
            "num_outputs": self._output_blocks,
            "unique_outputs": self._unique_outputs,
        }

    def _loss_terms(self) -> LossTerms:
        return {"diversity_weight": self._diversity}

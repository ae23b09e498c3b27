"""Controllers that also choose input blocks, and output blocks."""

from __future__ import annotations

from amber.architect.controllers.general import GeneralController
from amber.architect.controllers.model import LossTerms
from amber.architect.controllers.settings import MultiInputSettings, MultiIOSettings
from amber.architect.controllers.spec import PolicyBlocks


class MultiInputController(GeneralController):
    """A policy whose layers also choose which input blocks they read.

    It takes the arguments of `GeneralController`, with `MultiInputSettings`.
    """

    settings_class = MultiInputSettings
    settings: MultiInputSettings

    def _blocks(self) -> PolicyBlocks:
        chosen = self.settings
        return {
            "num_inputs": int(chosen.num_input_blocks) if chosen.with_input_blocks else 0,
            "unique_inputs": bool(chosen.input_block_unique_connection),
        }


class MultiIOController(MultiInputController):
    """A policy whose output blocks, too, choose the layers they read.

    It takes the arguments of `GeneralController`, with `MultiIOSettings`.
    """

    settings_class = MultiIOSettings
    settings: MultiIOSettings

    def _blocks(self) -> PolicyBlocks:
        chosen = self.settings
        return {
            **super()._blocks(),
            "num_outputs": int(chosen.num_output_blocks) if chosen.with_output_blocks else 0,
            "unique_outputs": bool(chosen.output_block_unique_connection),
        }

    def _loss_terms(self) -> LossTerms:
        chosen = self.settings
        return {"diversity_weight": chosen.output_block_diversity_weight if chosen.with_output_blocks else None}

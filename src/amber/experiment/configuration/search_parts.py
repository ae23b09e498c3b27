"""The sections within the section `search`: what networks may cost, rungs, and what is known of good networks."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from pydantic import Field, field_validator

from amber import known_names
from amber.experiment.configuration.section import Count, Positive, Section, Text


class BudgetSection(Section):
    """What a network may cost; see `amber.search.rewards.Budget`.

    Attributes:
        parameters: weights at most; null: any number.
        flops: 2 x multiply-adds at most, forward, batch 1; null: any number.
        latency: milliseconds at most to predict a batch of `latency_batch` examples, on the machine that trains and
            before a network is trained; null: any time.
    """

    parameters: Count | None = None
    flops: Count | None = None
    latency: Positive | None = None


class HalvingSection(Section):
    """Successive halving; see `amber.search.halving.HalvingSettings`.

    Attributes:
        rungs: looks at the candidates, the last after `training.epochs`; 1 is a plain search.
        factor: one candidate of so many goes on to the next rung, for so many times the epochs.
        asynchronous: whether nothing waits for a rung to be full: a training goes on where it is among the best so far
            (ASHA), and is given up otherwise. For many workers, and for a search that is made longer.
    """

    rungs: Count = 3
    factor: Annotated[int, Field(ge=2)] = 3
    asynchronous: bool = False


class KnowledgeSection(Section):
    """What is known of good networks, as a term of the score.

    Attributes:
        function: `block_hierarchy`, or one that was registered; its value is the lower, the better a network agrees.
        weight: the score gets worse by this times the value.
        options: of that function; of `block_hierarchy` the `groups`: lists of names of blocks that belong together.
    """

    function: Text
    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("function")
    @classmethod
    def _function_is_registered(cls, name: str) -> str:
        if "amber.search.rewards" not in sys.modules:  # nothing else can be registered
            known_names.check_known(name, known_names.KNOWLEDGE, "knowledge function")
            return name
        from amber.search.rewards import KNOWLEDGE

        KNOWLEDGE.get(name)
        return name

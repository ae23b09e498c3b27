"""The section `search.one_shot` of a configuration: how much of what a search with shared weights does."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from amber.experiment.configuration.section import Count, Positive, Section, Text


class OneShotSection(Section):
    """How much of what a one-shot search does; see `amber.search.one_shot.OneShotSettings`.

    Attributes:
        start_steps: batches as one architecture, before all others.
        warm_up_steps: batches of uniformly drawn architectures before the policy learns.
        steps_per_episode: batches between two updates of the policy.
        episodes: updates of the policy, at most.
        seconds: time for all shared training, at most; null: no limit.
        architectures: scored in each episode.
        uniform_share: share of uniformly drawn architectures in the batches of an episode.
        sample: architectures scored in the end, of the policy and of chance each.
        top_k: of each, chosen and retrained; with `search.halving` in rungs.
        finalist_steps: batches of shared training on the chosen ones only.
        calibration_steps: batches on which normalisation statistics are estimated before a score.
        inherit_weights: retraining begins with the shared weights, not from scratch.
        optimizer_options: of the shared training, on top of `training.optimizer_options`: it is longer than that of one
            network, and may need more weight decay.
    """

    start_steps: Annotated[int, Field(ge=0)] = 100
    warm_up_steps: Annotated[int, Field(ge=0)] = 200
    steps_per_episode: Count = 20
    episodes: Count = 40
    seconds: Positive | None = None
    architectures: Count = 10
    uniform_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    sample: Count = 50
    top_k: Count = 3
    finalist_steps: Annotated[int, Field(ge=0)] = 200
    calibration_steps: Count = 2
    inherit_weights: bool = False
    optimizer_options: dict[Text, bool | int | float | None] = Field(default_factory=dict)

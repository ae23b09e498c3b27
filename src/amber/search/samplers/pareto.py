"""NSGA-II: a score against what the network costs."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from amber.display import PlainRepr
from amber.search.costs import checked_costs


class NSGA2Sampler(PlainRepr, optuna.samplers.NSGAIISampler):
    """Optuna's NSGA-II (Deb et al. 2002) over tokens.

    Args:
        against: "parameters", "flops" or "latency", or several of them: objectives beside the score, to be minimised.
            None: the score alone.
        **arguments: of `optuna.samplers.NSGAIISampler`.

    Attributes:
        against: names of what the score is weighed against; `run_search` reads it.

    Raises:
        ConfigError: `against` is something else.
    """

    def __init__(self, *, against: str | Sequence[str] | None = "parameters", **arguments: object) -> None:
        super().__init__(**arguments)
        self.against = checked_costs(against)

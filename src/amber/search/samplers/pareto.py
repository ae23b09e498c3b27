"""NSGA-II: a score against the size or the work of the network."""

from __future__ import annotations

import optuna

from amber.errors import ConfigError

COSTS = ("parameters", "flops")
"""What a network may cost: names of fields of a trial."""


def checked_cost(against: str | None) -> str | None:
    """Return the cost that a score is weighed against; raises ConfigError where it is unknown."""
    if against is not None and against not in COSTS:
        raise ConfigError(f"against must be one of {', '.join(COSTS)}, or None. Received: {against!r}")
    return against


class NSGA2Sampler(optuna.samplers.NSGAIISampler):
    """Optuna's NSGA-II (Deb et al. 2002) over tokens.

    Args:
        against: "parameters" or "flops": the search has two objectives, the score and this, to be minimised.
            None: the score alone.
        **arguments: of `optuna.samplers.NSGAIISampler`.

    Attributes:
        against: what the score is weighed against; `run_search` reads it.

    Raises:
        ConfigError: `against` is something else.
    """

    def __init__(self, *, against: str | None = "parameters", **arguments: object) -> None:
        super().__init__(**arguments)
        self.against = checked_cost(against)

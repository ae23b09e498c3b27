"""What a network may cost."""

from __future__ import annotations

from dataclasses import dataclass

from amber.checks import is_integer, positive_number
from amber.errors import ConfigError


@dataclass(frozen=True)
class Budget:
    """The most that a network may cost; one beyond it is recorded, not trained.

    Args:
        parameters: all weights of the network; None: any number.
        flops: 2 x multiply-adds, forward, batch 1; None: any number.
        latency: milliseconds to predict one batch on the machine that trains, measured once the network is built; None:
            any time. How many examples the batch has is `ObjectiveSettings.latency_batch`.

    Raises:
        ConfigError: a limit that is not a positive integer, or a latency that is not a positive number.
    """

    parameters: int | None = None
    flops: int | None = None
    latency: float | None = None

    def __post_init__(self) -> None:
        if self.latency is not None:
            positive_number(self.latency, "budget.latency")
        for name, limit in (("parameters", self.parameters), ("flops", self.flops)):
            if limit is not None and (not is_integer(limit) or limit < 1):
                raise ConfigError(f"budget.{name} must be a positive integer or None. Received: {limit!r}")

    def excess(self, costs: object) -> str | None:
        """Say what costs too much, such as `1,200 parameters of 1,000 allowed`; None where nothing does.

        Args:
            costs: has the attributes `parameters` and `flops`, as a Candidate or a GraphCost has.
        """
        over = [
            f"{getattr(costs, name):,} {word} of {limit:,} allowed"
            for name, word, limit in (("parameters", "parameters", self.parameters), ("flops", "FLOPs", self.flops))
            if limit is not None and getattr(costs, name) > limit
        ]
        return ", ".join(over) or None

    def too_slow(self, milliseconds: float) -> str | None:
        """Say by how much a network is too slow, such as `5.1 ms per batch of 2 allowed`; None where it is not."""
        if self.latency is None or milliseconds <= self.latency:
            return None
        return f"{milliseconds:,.4g} ms per batch of {self.latency:,.4g} allowed"

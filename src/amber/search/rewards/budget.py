"""What a network may cost."""

from __future__ import annotations

from dataclasses import dataclass

from amber.checks import is_integer
from amber.errors import ConfigError


@dataclass(frozen=True)
class Budget:
    """The most that a network may cost; one beyond it is recorded, not trained.

    Args:
        parameters: all weights of the network; None: any number.
        flops: 2 x multiply-adds, forward, batch 1; None: any number.

    Raises:
        ConfigError: a limit that is not a positive integer.
    """

    parameters: int | None = None
    flops: int | None = None

    def __post_init__(self) -> None:
        for name, limit in vars(self).items():
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

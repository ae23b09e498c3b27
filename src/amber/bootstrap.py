"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.mock import MockManager, MockReward

__all__ = ["MockManager", "MockReward"]

"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.mock import MockReward
from amber.compat.rewards import KnowledgeReward, LossAucReward, LossReward, SparseCategoricalReward

__all__ = ["KnowledgeReward", "LossAucReward", "LossReward", "MockReward", "SparseCategoricalReward"]

"""Rewards: what a trained network is worth, and what it may cost.

| name | what it is | worst |
|---|---|---|
| `auroc` | area under the receiver operating characteristic, mean over columns; of two classes that of the second | 0 |
| `auprc` | average precision, alike | 0 |
| `accuracy` | share of records whose class was predicted | 0 |
| `mcc` | Matthews correlation coefficient | -1 |
| `pearson` | linear correlation, mean over columns | -1 |
| `spearman` | rank correlation, mean over columns | -1 |
| `loss` | the loss of the validation data, to be minimised | none |

A new one is added with `register_reward`. A knowledge function adds a term that is read off the graph
(`amber.search.rewards.knowledge`), and a `Budget` keeps networks that are too large from being trained.
"""

from amber.search.rewards.budget import Budget
from amber.search.rewards.knowledge import (
    KNOWLEDGE,
    BlockHierarchy,
    Knowledge,
    KnowledgeFunction,
    make_knowledge,
    register_knowledge,
)
from amber.search.rewards.reward import REWARDS, Reward, get_reward, register_reward
from amber.search.rewards.scores import per_column

__all__ = [
    "KNOWLEDGE",
    "REWARDS",
    "BlockHierarchy",
    "Budget",
    "Knowledge",
    "KnowledgeFunction",
    "Reward",
    "get_reward",
    "make_knowledge",
    "per_column",
    "register_knowledge",
    "register_reward",
]

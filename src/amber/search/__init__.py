"""Search: objective, samplers, study, run directory, ranking, and training of the best.

Importing this package is light: a name loads its module, and with it Keras and Optuna, when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from amber.backend import select

# Before anything in this package imports Keras.
select()

if TYPE_CHECKING:
    from amber.search.averaging import average
    from amber.search.best import best_record, describe_architecture, describe_builder, load_best
    from amber.search.callbacks import SearchCallback
    from amber.search.objective import Objective
    from amber.search.progress import SearchProgress
    from amber.search.randomness import seeded, trial_seed
    from amber.search.ranking import ranking_csv, ranking_markdown, ranking_table
    from amber.search.result import SearchResult
    from amber.search.retraining import retrain
    from amber.search.rewards import Budget, Reward, make_knowledge, register_knowledge, register_reward
    from amber.search.run_directory import RunDirectory
    from amber.search.samplers import make_sampler, register_sampler
    from amber.search.storage import StudyDatabase
    from amber.search.study import run_search
    from amber.search.tensorboard import TensorBoardCallback
    from amber.search.trial import TrialResult

_HOMES = {
    "Budget": "rewards",
    "Objective": "objective",
    "Reward": "rewards",
    "RunDirectory": "run_directory",
    "SearchCallback": "callbacks",
    "SearchProgress": "progress",
    "SearchResult": "result",
    "StudyDatabase": "storage",
    "TensorBoardCallback": "tensorboard",
    "TrialResult": "trial",
    "average": "averaging",
    "best_record": "best",
    "describe_architecture": "best",
    "describe_builder": "best",
    "load_best": "best",
    "make_knowledge": "rewards",
    "make_sampler": "samplers",
    "ranking_csv": "ranking",
    "ranking_markdown": "ranking",
    "ranking_table": "ranking",
    "register_knowledge": "rewards",
    "register_reward": "rewards",
    "register_sampler": "samplers",
    "retrain": "retraining",
    "run_search": "study",
    "seeded": "randomness",
    "trial_seed": "randomness",
}

__all__ = [
    "Budget",
    "Objective",
    "Reward",
    "RunDirectory",
    "SearchCallback",
    "SearchProgress",
    "SearchResult",
    "StudyDatabase",
    "TensorBoardCallback",
    "TrialResult",
    "average",
    "best_record",
    "describe_architecture",
    "describe_builder",
    "load_best",
    "make_knowledge",
    "make_sampler",
    "ranking_csv",
    "ranking_markdown",
    "ranking_table",
    "register_knowledge",
    "register_reward",
    "register_sampler",
    "retrain",
    "run_search",
    "seeded",
    "trial_seed",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

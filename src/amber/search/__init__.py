"""Search: objective, samplers, study, run directory, ranking, and training of the best.

Importing this package is light: a name loads its module, and with it Keras and Optuna, when it is first used. The
package can be called: `amber.search(data)` is `amber.starting.search`, a search in one call.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any

from amber.backend import select
from amber.deprecation import warn_deprecated

# Before anything in this package imports Keras.
select()
# Optuna imports a bar, which AMBER never shows; where a notebook lacks ipywidgets, its import warns.
warnings.filterwarnings("ignore", message="IProgress not found")

if TYPE_CHECKING:
    from amber.backend.randomness import seeded, trial_seed
    from amber.search.best import best_record, describe_architecture, describe_builder, load_best
    from amber.search.callbacks import SearchCallback
    from amber.search.ensembling import average
    from amber.search.objective import Objective
    from amber.search.objective_settings import ObjectiveSettings
    from amber.search.progress import SearchProgress
    from amber.search.ranking import front_table, ranking_csv, ranking_markdown, ranking_table
    from amber.search.result import SearchResult
    from amber.search.rewards import Budget, Reward, make_knowledge, register_knowledge, register_reward
    from amber.search.run_directory import RunDirectory
    from amber.search.samplers import make_sampler, register_sampler
    from amber.search.settings import PrunerSettings, SamplerSettings
    from amber.search.storage import StudyDatabase
    from amber.search.stores import DatabaseStore, JournalStore, MemoryStore
    from amber.search.study import Study, run_search
    from amber.search.tensorboard import TensorBoardCallback
    from amber.search.trial import Trial
    from amber.search.trial_store import StoredTrial, TrialStore
    from amber.training.train import retrain

_HOMES = {
    "Budget": "amber.search.rewards",
    "DatabaseStore": "amber.search.stores",
    "JournalStore": "amber.search.stores",
    "MemoryStore": "amber.search.stores",
    "Objective": "amber.search.objective",
    "ObjectiveSettings": "amber.search.objective_settings",
    "PrunerSettings": "amber.search.settings",
    "Reward": "amber.search.rewards",
    "RunDirectory": "amber.search.run_directory",
    "SamplerSettings": "amber.search.settings",
    "SearchCallback": "amber.search.callbacks",
    "SearchProgress": "amber.search.progress",
    "SearchResult": "amber.search.result",
    "StoredTrial": "amber.search.trial_store",
    "Study": "amber.search.study",
    "StudyDatabase": "amber.search.storage",
    "TensorBoardCallback": "amber.search.tensorboard",
    "Trial": "amber.search.trial",
    "TrialStore": "amber.search.trial_store",
    "average": "amber.search.ensembling",
    "best_record": "amber.search.best",
    "describe_architecture": "amber.search.best",
    "describe_builder": "amber.search.best",
    "load_best": "amber.search.best",
    "make_knowledge": "amber.search.rewards",
    "make_sampler": "amber.search.samplers",
    "ranking_csv": "amber.search.ranking",
    "ranking_markdown": "amber.search.ranking",
    "front_table": "amber.search.ranking",
    "ranking_table": "amber.search.ranking",
    "register_knowledge": "amber.search.rewards",
    "register_reward": "amber.search.rewards",
    "register_sampler": "amber.search.samplers",
    "retrain": "amber.training.train",
    "run_search": "amber.search.study",
    "seeded": "amber.backend.randomness",
    "trial_seed": "amber.backend.randomness",
}

__all__ = [
    "Budget",
    "DatabaseStore",
    "JournalStore",
    "MemoryStore",
    "Objective",
    "ObjectiveSettings",
    "PrunerSettings",
    "Reward",
    "RunDirectory",
    "SamplerSettings",
    "SearchCallback",
    "SearchProgress",
    "SearchResult",
    "StoredTrial",
    "Study",
    "StudyDatabase",
    "TensorBoardCallback",
    "Trial",
    "TrialStore",
    "average",
    "best_record",
    "describe_architecture",
    "describe_builder",
    "front_table",
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
    if name == "TrialResult":
        warn_deprecated("amber.search.TrialResult", "amber.search.Trial", since="0.2.0", removed_in="0.4.0")
        name = "Trial"
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _CallablePackage(ModuleType):
    @property
    def __signature__(self) -> inspect.Signature:
        """Return what may be said in one call, for help in notebooks and editors."""
        return inspect.signature(importlib.import_module("amber.starting").search)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Search in one call; see `amber.starting.search`."""
        return importlib.import_module("amber.starting").search(*args, **kwargs)


# As the language reference describes it ("Customizing module attribute access").
sys.modules[__name__].__class__ = _CallablePackage

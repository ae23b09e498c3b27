"""One-shot search: one set of shared weights and one policy, trained in turns; the best train on, together and alone.

After ENAS (Pham et al. 2018) and Single Path One-Shot (Guo et al. 2019). `search` holds the method, `result` what it
gives, `shared` says which supernet belongs to a builder, `scores` what architectures score with it, `files` what is
kept, `display` what is shown.
"""

from amber.search.one_shot.display import OneShotProgress
from amber.search.one_shot.result import OneShotResult, ScoredArchitecture
from amber.search.one_shot.search import run_one_shot
from amber.search.one_shot.settings import OneShotSettings, SharedTraining
from amber.search.one_shot.shared import shared_builder

__all__ = [
    "OneShotProgress",
    "OneShotResult",
    "OneShotSettings",
    "ScoredArchitecture",
    "SharedTraining",
    "run_one_shot",
    "shared_builder",
]

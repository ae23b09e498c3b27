"""What a one-shot search chose is retrained in rungs: shared weights, a short training, and the best go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.search.one_shot.test_one_shot import SMALL
from tests.search.test_halving import Epochs, outcome

from amber.errors import ConfigError
from amber.search import JournalStore, Objective, RunDirectory
from amber.search.halving import HalvingSettings
from amber.search.one_shot import run_one_shot

RUNGS = replace(SMALL, top_k=2, inherit_weights=True, halving=HalvingSettings(rungs=2, factor=2))
LOSS: dict[str, Any] = {"metric": "val_loss", "direction": "minimize", "epochs": 2}


@pytest.mark.slow
@pytest.mark.parametrize("end_after", [1, 4, 5])
def test_the_best_after_a_short_training_go_on(
    make_objective: Callable[..., Objective], tmp_path: Path, end_after: int
) -> None:
    whole, run = Epochs(), tmp_path / "run"
    found = run_one_shot(make_objective(**LOSS), seed=2, settings=RUNGS, callbacks=(whole,))
    chosen = {each.tokens for each in found.candidates}
    # All chosen ones have one epoch, the better half of them another, and none an epoch twice.
    assert {tokens for tokens, epoch in whole.trained if epoch == 1} == chosen and set(whole.trained.values()) == {1}
    finished = {trial.tokens for trial in found.search.ranked}
    assert len(finished) == len(chosen) // 2 and {tokens for tokens, epoch in whole.trained if epoch == 2} == finished
    assert found.search.counts()["pruned"] == len(chosen) - len(finished)
    best = [each for each in map(found.best_of, ("policy", "random")) if each is not None]
    assert found.search.best in best

    before, after = Epochs(end_after), Epochs()
    run_one_shot(make_objective(**LOSS), seed=2, settings=RUNGS, store=RunDirectory.create(run), callbacks=(before,))
    store = JournalStore(RunDirectory.resume(run), resume=True)
    resumed = run_one_shot(make_objective(**LOSS), seed=2, settings=RUNGS, store=store, callbacks=(after,))
    assert outcome(resumed.search) == outcome(found.search)
    # Only the epoch at which it was interrupted is done again.
    again = before.trained + after.trained - whole.trained
    assert again.total() <= 1 and set(before.trained + after.trained) == set(whole.trained)


def test_a_pruner_beside_rungs_is_refused(make_objective: Callable[..., Objective]) -> None:
    with pytest.raises(ConfigError, match=r"expected no pruner beside it\. Received: 'median'"):
        run_one_shot(make_objective(**LOSS), seed=0, settings=RUNGS, pruner="median")

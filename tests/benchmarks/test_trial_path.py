"""The count of what one trial enters finds the road of a trial, and bounds it."""

from __future__ import annotations

import pytest
from benchmarks.trial_path import count_trial

# Lower these when the path gets shorter; the aim is 30 and 200.
MOST_FILES, MOST_FUNCTIONS = 87, 415


@pytest.mark.slow
def test_one_trial_enters_no_more_than_before() -> None:
    path = count_trial(epochs=1)
    found = path.by_file()
    assert {"search/objective.py", "training/train.py", "backend/batch_order.py"} <= set(found)
    assert "train_model" in path.names("training/train.py")
    assert len(found) <= MOST_FILES and found.total() <= MOST_FUNCTIONS

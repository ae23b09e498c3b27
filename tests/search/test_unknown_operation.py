"""An operation that only the searching program registered is named in a worker; no trial is lost without a word."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import keras
import pytest
from tests.search.conftest import COMPILE, tiny_data

from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError
from amber.modeler import KerasModelBuilder
from amber.operations import OPERATIONS, register_operation
from amber.plugins import load_plugins
from amber.search import Objective, run_search
from amber.search.executors import ProcessExecutor


@pytest.fixture
def objective() -> Iterator[Objective]:
    register_operation("only_here", keras.layers.Activation)
    space = ModelSpace.from_dict([[{"Layer_type": "flatten"}], [{"Layer_type": "only_here", "activation": "relu"}]])
    ends = Operation("input", shape=(20, 4), name="x"), Operation("dense", units=2, activation="softmax", name="y")
    builder = KerasModelBuilder(*ends, COMPILE, space)
    train, validation = tiny_data()
    yield Objective(builder, train, validation, epochs=1, batch_size=16)
    OPERATIONS._entries.pop("only_here", None)


def test_candidate_is_checked_in_the_process_that_builds_it(objective: Objective) -> None:
    assert load_plugins([]) == ()  # what the message names
    candidate = objective.prepare((0, 0))
    candidate.check_known()
    again = pickle.loads(pickle.dumps(candidate))
    again.check_known()
    del OPERATIONS._entries["only_here"]
    for each in (candidate, again):
        with pytest.raises(ConfigError, match=r"does not know the operation 'only_here'.*amber.plugins.load_plugins"):
            each.check_known()
    with pytest.raises(ConfigError, match="does not know the operation"):
        objective.evaluate((0, 0), 0, candidate=candidate)


@pytest.mark.slow
def test_a_search_with_worker_processes_says_so(objective: Objective) -> None:
    with pytest.raises(ConfigError, match=r"A worker does not know the operation 'only_here'"):
        run_search(objective, trials=1, seed=0, executor=ProcessExecutor(1))

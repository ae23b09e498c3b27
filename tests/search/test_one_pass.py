"""One pass per trial: one check, one decoding, one plan, one measurement; and planning leaves every generator alone."""

from __future__ import annotations

import contextlib
import pickle
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.random.seed_generator import global_seed_generator
from tests.search.conftest import COMPILE, tiny_data, tiny_space

from amber.architect import Operation, TokenLayout
from amber.errors import ConfigError, InvalidArchitectureError
from amber.graph import graph as graphs
from amber.modeler import DAGModelBuilder, KerasModelBuilder, KerasMultiIOModelBuilder, KerasResidualCnnBuilder
from amber.search import Objective, ObjectiveSettings, RunDirectory, SearchCallback, Trial, run_search
from amber.search.candidate import Candidate
from amber.search.executors import ProcessExecutor


class NotingBuilder(KerasResidualCnnBuilder):
    """Notes in a file, which worker processes share, what it is asked for."""

    def __init__(self, notes: Path) -> None:
        super().__init__(
            Operation("input", shape=(20, 4)),
            Operation("dense", units=2, activation="softmax"),
            fc_units=3,
            flatten_mode="GAP",
            model_compile_dict=COMPILE,
            model_space=tiny_space(),
        )
        self.notes = notes

    def plan(self, arc_seq: Any) -> Any:
        self._note("plan")
        return super().plan(arc_seq)

    def from_graph(self, graph: Any, arc_seq: Any) -> keras.Model:
        # A measured graph holds what it costs.
        self._note("measured" if "cost" in vars(graph) else "not measured")
        return super().from_graph(graph, arc_seq)

    def _note(self, what: str) -> None:
        with self.notes.open("a") as file:
            file.write(f"{what}\n")


class ByTrial(SearchCallback):
    """Counts what happens from the end of one trial to the end of the next."""

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.trials: list[Counter[str]] = []

    def counting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.now[name] += 1
            return function(*arguments, **options)

        return counted

    def on_trial_end(self, trial: Trial) -> None:
        self.trials.append(self.now)
        self.now = Counter()


# The second trial is the best one so far in one of the two directions, and is then written down as such.
@pytest.mark.slow
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_trial_is_checked_decoded_planned_and_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    builder = NotingBuilder(tmp_path / "notes")
    objective = Objective(builder, *tiny_data(), metric="val_loss", direction=direction, epochs=1, batch_size=16)
    seen = ByTrial()
    for name in ("validate", "decode"):
        monkeypatch.setattr(TokenLayout, name, seen.counting(name, getattr(TokenLayout, name)))
    monkeypatch.setattr(NotingBuilder, "plan", seen.counting("plan", NotingBuilder.plan))
    monkeypatch.setattr(graphs, "measure", seen.counting("measure", graphs.measure))
    run_search(objective, trials=4, seed=3, callbacks=[seen], store=RunDirectory.create(tmp_path / "run"))
    # Before the first trial the search looks for an architecture that fits the data.
    assert len(seen.trials) >= 4
    assert seen.trials[1:] == [{"validate": 1, "decode": 1, "plan": 1, "measure": 1}] * (len(seen.trials) - 1)


@pytest.mark.slow
def test_workers_neither_plan_nor_measure(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    objective = Objective(NotingBuilder(notes), *tiny_data(), epochs=1, batch_size=16)
    with ProcessExecutor(1) as executor:
        result = run_search(objective, trials=3, seed=3, executor=executor)
    assert [trial.status for trial in result.trials] == ["complete"] * 3
    # One plan more: of the architecture that was looked at before the search.
    assert Counter(notes.read_text().split("\n")[:-1]) == {"plan": 4, "measured": 3}
    again = run_search(Objective(NotingBuilder(notes), *tiny_data(), epochs=1, batch_size=16), trials=3, seed=3)
    assert [trial.score for trial in again.trials] == pytest.approx([trial.score for trial in result.trials], rel=1e-4)


def test_a_candidate_travels_with_its_graph(make_objective: Callable[..., Objective]) -> None:
    candidate = make_objective().prepare([0, 1, 0])
    sent = pickle.dumps(candidate)
    received = pickle.loads(sent)
    assert isinstance(received.planned, bytes), "a process that only hands it on loads no graph"
    assert received == candidate and pickle.loads(pickle.dumps(received)).graph == candidate.graph
    assert received.graph is not None and "cost" in vars(received.graph)
    assert candidate.graph is not None and received.graph.fingerprint() == candidate.fingerprint
    assert Candidate(**{**candidate.to_dict(), "tokens": candidate.tokens}).graph is None


def _builders() -> dict[str, Any]:
    space, x = tiny_space(), Operation("input", shape=(20, 4), name="x")
    dense, y = Operation("dense", units=2, activation="softmax"), Operation("dense", units=2, name="y")
    return {
        "residual": KerasResidualCnnBuilder(x, dense, 3, "GAP", COMPILE, space),
        "sequential": KerasModelBuilder(x, dense, COMPILE, space),
        "dag": DAGModelBuilder([x], y, space, COMPILE),
        "multi": KerasMultiIOModelBuilder([x], [y], COMPILE, space),
    }


@pytest.mark.parametrize("family", ["residual", "sequential", "dag", "multi"])
def test_planning_disturbs_no_generator(family: str) -> None:
    builder = _builders()[family]
    before = _states()
    planned = 0
    for seed in range(8):
        with contextlib.suppress(InvalidArchitectureError):
            graph = builder.plan(builder.layout.sample(seed))
            planned += bool(graph.fingerprint() and graph.cost.parameters)
    assert planned and _states() == before


def _states() -> list[Any]:
    seeds = global_seed_generator().state
    numpy_state: Any = np.random.get_state()  # noqa: NPY002
    state = None if seeds is None else np.asarray(keras.ops.convert_to_numpy(seeds)).tolist()
    return [random.getstate(), numpy_state[1].tolist(), numpy_state[2:], state]


def test_a_builder_that_builds_in_its_own_way_is_given_the_tokens(
    make_objective: Callable[..., Objective], builder: Any
) -> None:
    trial = make_objective().evaluate([0, 1, 0], 1)
    assert trial.status == "complete" and builder.built == [(0, 1, 0)]


def test_settings_may_be_given_whole_and_field_by_field() -> None:
    builder, data = _builders()["residual"], tiny_data()
    settings = ObjectiveSettings(metric="val_loss", direction="minimize", epochs=7)
    whole = Objective(builder, *data, settings)
    assert Objective(builder, *data, metric="val_loss", direction="minimize", epochs=7).settings == settings
    assert Objective(builder, *data, settings, epochs=2).to_dict() == {**whole.to_dict(), "epochs": 2}
    assert "reward" not in whole.to_dict(), "what a search is compared with is as it was"
    with pytest.raises(ConfigError, match=r"settings of an objective are metric.*'epoch'"):
        Objective(builder, *data, epoch=3)  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match="by name"):
        Objective(builder, *data, "val_loss")  # type: ignore[arg-type]

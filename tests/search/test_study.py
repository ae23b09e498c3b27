"""The search loop: what becomes of proposals, and that the seed decides everything."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import optuna
import pytest
from tests.new_process import run_code

from amber.errors import ConfigError, DataError, InvalidArchitectureError
from amber.search import (
    Objective,
    RunDirectory,
    SamplerSettings,
    SearchCallback,
    SearchResult,
    Trial,
    load_best,
    make_sampler,
    register_sampler,
    retrain,
    run_search,
)
from amber.search.candidate import Candidate
from amber.search.samplers import SAMPLERS

MakeObjective = Callable[..., Objective]


class Script(optuna.samplers.BaseSampler):
    """Proposes given architectures in order."""

    def __init__(self, *arcs: tuple[int, ...]) -> None:
        self.values = [value for arc in arcs for value in arc]

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        return {}

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        return self.values.pop(0)


PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from conftest import CountingBuilder, tiny_data, tiny_space
from amber.search import Objective, run_search, retrain
import hashlib, numpy as np
builder = CountingBuilder(tiny_space())
train, validation = tiny_data()
if sys.argv[2] == "warm":
    run_search(Objective(builder, train, validation, epochs=1), trials=1, seed=9)
objective = Objective(builder, train, validation, metric="val_loss", direction="minimize", epochs=2)
result = run_search(objective, trials=2, seed=4, sampler="tpe")
model, _ = retrain(builder, result.best.tokens, train, validation, epochs=2, seed=result.best.seed)
digest = hashlib.sha256(b"".join(np.asarray(w).tobytes() for w in model.get_weights())).hexdigest()
print(json.dumps([[t.tokens, t.score.hex(), t.seed] for t in result.trials] + [digest]))
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.config.backend() != "torch", reason="bit-identity is promised on torch")
def test_same_seed_gives_identical_scores_and_weights_in_other_processes() -> None:
    outputs = []
    for mode in ("cold", "warm"):  # warm: another search ran in the process before
        done = run_code(PROBE, Path(__file__).parent, mode)
        assert done.returncode == 0, done.stderr
        outputs.append(json.loads(done.stdout.splitlines()[-1]))
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 3


@pytest.mark.slow
def test_score_does_not_depend_on_what_was_trained_before(make_objective: MakeObjective) -> None:
    objective = make_objective(metric="val_loss", direction="minimize")
    arcs = [(0, 1, 0), (1, 0, 1)]
    forward = run_search(objective, trials=2, seed=3, sampler=Script(*arcs))
    backward = run_search(objective, trials=2, seed=3, sampler=Script(*reversed(arcs)))
    assert {t.tokens: t.score for t in forward.trials} == {t.tokens: t.score for t in backward.trials}
    other = run_search(objective, trials=1, seed=4, sampler=Script(arcs[0]))
    assert other.trials[0].score not in {t.score for t in forward.trials}


def test_same_network_is_trained_once(make_objective: MakeObjective, builder: Any) -> None:
    arcs = [(0, 1, 0), (0, 1, 0), (0, 0, 0)]
    result = run_search(make_objective(), trials=2, seed=0, sampler=Script(*arcs))
    assert builder.built == [arcs[0], arcs[2]]
    by_number = sorted(result.trials, key=lambda trial: trial.number)
    assert [trial.status for trial in by_number] == ["complete", "duplicate", "complete"]
    assert by_number[1].score == by_number[0].score
    assert "trial 0" in (by_number[1].error or "")


def test_invalid_architecture_is_recorded_and_the_search_goes_on(
    make_objective: MakeObjective, builder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = builder.plan

    def refuse(arc: Any) -> Any:
        if next(iter(arc)) == 1:
            raise InvalidArchitectureError("Node 'L0_conv' cannot be built")
        return plan(arc)

    monkeypatch.setattr(builder, "plan", refuse)
    result = run_search(make_objective(), trials=1, seed=0, sampler=Script((1, 0, 0), (0, 0, 0)))
    assert result.counts() == {"complete": 1, "invalid": 1, "over budget": 0, "duplicate": 0, "failed": 0, "pruned": 0}
    assert "L0_conv" in (result.trials[1].error or "")
    assert builder.built == [(0, 0, 0)]


def test_failing_child_is_recorded_and_not_tried_again(make_objective: MakeObjective, builder: Any) -> None:
    def fail(tokens: tuple[int, ...]) -> None:
        if tokens[0] == 1:
            raise RuntimeError("out of\nmemory")

    builder.before = fail
    arcs = [(1, 0, 0), (1, 0, 0), (0, 0, 0)]
    result = run_search(make_objective(), trials=2, seed=0, sampler=Script(*arcs))
    assert result.counts() == {"complete": 1, "invalid": 0, "over budget": 0, "duplicate": 1, "failed": 1, "pruned": 0}
    failed = next(trial for trial in result.trials if trial.status == "failed")
    assert failed.error == "RuntimeError: out of memory"
    assert builder.built == [arcs[0], arcs[2]]
    assert result.best is not None and result.best.tokens == arcs[2]


def test_loss_that_is_not_finite_fails_the_child(make_objective: MakeObjective, builder: Any) -> None:
    (x, y), validation = make_objective().train, make_objective().validation
    result = run_search(
        make_objective(train=(np.full_like(x, 3e38), y), validation=validation),
        trials=1,
        seed=0,
        sampler=Script((0, 0, 0)),
    )
    assert result.best is None
    assert (result.trials[0].error or "").startswith("FloatingPointError: the loss is nan")


def test_unknown_metric_stops_the_search_and_lists_the_known(make_objective: MakeObjective) -> None:
    with pytest.raises(ConfigError, match="val_accuracy.*'val_acc'"):
        run_search(make_objective(metric="val_acc"), trials=1, seed=0)


def test_data_that_does_not_fit_stops_the_search(make_objective: MakeObjective) -> None:
    (x, y) = make_objective().train
    with pytest.raises(DataError, match=r"\(20, 4\).*\(19, 4\)"):
        run_search(make_objective(train=(x[:, 1:], y)), trials=1, seed=0)
    with pytest.raises(DataError, match="48, 47"):
        make_objective(train=(x, y[1:]))


def test_model_that_is_not_compiled_stops_the_search(make_objective: MakeObjective, builder: Any) -> None:
    builder.model_compile_dict = None
    with pytest.raises(ConfigError, match="model_compile_dict"):
        run_search(make_objective(), trials=1, seed=0)


def test_interrupt_keeps_what_is_there(make_objective: MakeObjective, builder: Any, tmp_path: Path) -> None:
    def interrupt(tokens: tuple[int, ...]) -> None:
        if len(builder.built) == 2:
            raise KeyboardInterrupt

    class Ends(SearchCallback):
        results: list[SearchResult] = []

        def on_search_end(self, result: SearchResult) -> None:
            self.results.append(result)

    builder.before = interrupt
    directory = RunDirectory.create(tmp_path / "run")
    result = run_search(
        make_objective(),
        trials=3,
        seed=0,
        sampler=Script((0, 0, 0), (1, 0, 0)),
        store=directory,
        callbacks=[Ends()],
    )
    assert result.stopped == "interrupted"
    assert [trial.tokens for trial in result.trials] == [(0, 0, 0)]
    assert Ends.results == [result]
    assert load_best(directory.path)["tokens"] == [0, 0, 0]
    assert "Interrupted" in (directory.path / "search.log").read_text()


def test_exhausted_space_ends_with_a_warning(make_objective: MakeObjective, caplog: Any) -> None:
    every = [(a, b, c) for a in (0, 1, 2) for b in (0, 1, 2) for c in (0, 1)]
    objective = make_objective()
    objective.evaluate = (  # type: ignore[method-assign]
        lambda arc, seed, *, number, candidate: Trial(number, tuple(arc), candidate.fingerprint, "complete", 0.5)
    )
    with caplog.at_level(logging.WARNING, "amber.search"):
        result = run_search(objective, trials=50, seed=0, sampler=Script(*every))
    assert result.stopped == "exhausted"
    assert "exhausted: all 18 architectures" in caplog.text
    with caplog.at_level(logging.WARNING, "amber.search"):
        result = run_search(objective, trials=2, seed=0, sampler=Script(*[(0, 0, 0)] * 140))
    assert result.stopped == "exhausted" and len(result.trials) == 140
    assert "Stopped after 140 proposals" in caplog.text


@pytest.mark.parametrize("options", [{}, {"multivariate": True}])
def test_tpe_learns_and_random_does_not_look(make_objective: MakeObjective, options: dict[str, Any]) -> None:
    objective = make_objective()
    objective.evaluate = (  # type: ignore[method-assign]
        lambda arc, seed, *, number, candidate: Trial(
            number, tuple(arc), f"{number}", "complete", float(arc[0] == 2) + float(arc[1] == 2)
        )
    )
    objective.prepare = (  # type: ignore[method-assign]
        lambda arc: Candidate(tuple(arc), f"{id(object())}{np.random.default_rng().random()}")
    )

    def mean(sampler: str, **more: Any) -> float:
        result = run_search(objective, trials=60, seed=1, sampler=SamplerSettings(sampler, more))
        late = [trial.score or 0.0 for trial in result.trials if trial.number >= 30]
        return float(np.mean(late))

    assert mean("tpe", **options) > mean("random") + 0.4


def test_sampler_registry(make_objective: MakeObjective) -> None:
    layout = make_objective().layout
    with pytest.raises(ConfigError, match="surrogate, tpe"):
        make_sampler("anealing", layout, 0)
    with pytest.raises(ConfigError, match="temperature"):
        make_sampler("tpe", layout, 0, temperature=1)
    with pytest.raises(ConfigError, match="registered already"):
        register_sampler("TPE", lambda layout, seed: Script())
    register_sampler("script-of-test", lambda layout, seed, arc: Script(arc))
    try:
        result = run_search(
            make_objective(),
            trials=1,
            seed=0,
            sampler=SamplerSettings("script-of-test", {"arc": (2, 2, 1)}),
        )
    finally:
        SAMPLERS._entries.pop("script-of-test")
    assert result.trials[0].tokens == (2, 2, 1)


def test_optuna_is_silent_and_its_level_is_put_back(make_objective: MakeObjective, capfd: Any) -> None:
    level = optuna.logging.get_verbosity()
    run_search(make_objective(), trials=1, seed=0, sampler=SamplerSettings("tpe", {"multivariate": True}))
    assert optuna.logging.get_verbosity() == level
    assert "A new study" not in capfd.readouterr().err


@pytest.mark.parametrize("setting", [{"trials": 0}, {"seed": -1}, {"seed": True}, {"sampler": 3}])
def test_settings_out_of_range(make_objective: MakeObjective, setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        run_search(make_objective(), **{"trials": 1, "seed": 0, **setting})


def test_early_stopping_scores_the_best_epoch_and_retrain_repeats_it(
    make_objective: MakeObjective, builder: Any
) -> None:
    builder.model_compile_dict = {**builder.model_compile_dict, "optimizer": keras.optimizers.SGD(2.0)}
    settings: dict[str, Any] = {"metric": "val_loss", "direction": "minimize", "epochs": 8, "patience": 2}
    objective = make_objective(**settings)
    trial = objective.evaluate((0, 0, 0), seed=5)
    assert trial.status == "complete" and 2 < trial.epochs <= 8
    model, history = retrain(
        builder,
        trial.tokens,
        objective.train,
        objective.validation,
        seed=5,
        batch_size=16,
        **settings,
    )
    assert min(history["val_loss"]) == trial.score
    loss = model.evaluate(*objective.validation, batch_size=16, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(trial.score, rel=1e-5)


def test_fit_kwargs_must_not_take_over(make_objective: MakeObjective) -> None:
    with pytest.raises(ConfigError, match="validation_data"):
        make_objective(fit_kwargs={"validation_data": None})
    with pytest.raises(ConfigError, match="patience"):
        make_objective(patience=0)

"""Reference networks as first trials: trained like candidates, recorded, resumed, and the best where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber import known_names
from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError, ModelSpaceError
from amber.experiment import Experiment, run
from amber.experiment.chosen import choose
from amber.experiment.report_contents import gather
from amber.modeler import KerasModelBuilder
from amber.modeler.references import REFERENCES
from amber.report import render_report
from amber.search import Budget, Objective, PrunerSettings, RunDirectory, SamplerSettings, Trial, load_best, run_search
from amber.search.earlier_runs import read_earlier
from amber.search.executors import ProcessExecutor
from amber.search.references import ReferenceBuilder
from amber.search.stores import JournalStore

MakeObjective = Callable[..., Objective]


def starting_with(*names: str, sampler: str = "random") -> SamplerSettings:
    return SamplerSettings(sampler, start_with=names)


def test_the_names_known_without_keras_are_those_registered() -> None:
    assert set(known_names.REFERENCES) == set(REFERENCES.names())


@pytest.mark.slow
def test_they_are_the_first_trials_and_leave_the_sampler_as_it_was(make_objective: MakeObjective) -> None:
    plain = run_search(make_objective(), trials=3, seed=0, sampler="random")
    result = run_search(make_objective(), trials=5, seed=0, sampler=starting_with("deepbind", "CNNProm"))
    trials = sorted(result.trials, key=lambda each: each.number)
    assert [(each.number, each.reference, each.tokens) for each in trials[:2]] == [
        (0, "deepbind", ()),
        (1, "cnnprom", ()),
    ]
    assert trials[0].title == "deepbind (reference network)" and trials[0].parameters
    assert [each.tokens for each in trials[2:]] == [
        each.tokens for each in sorted(plain.trials, key=lambda t: t.number)
    ]
    assert [each.score for each in trials[2:]] == [each.score for each in sorted(plain.trials, key=lambda t: t.number)]
    assert Trial.from_dict(trials[0].to_dict()) == trials[0]
    assert "reference" not in trials[2].to_dict()


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "surrogate"])
def test_a_search_is_resumed_with_them(make_objective: MakeObjective, tmp_path: Path, sampler: str) -> None:
    common: dict[str, Any] = {"seed": 1, "sampler": starting_with("deepbind", "cnnprom", sampler=sampler)}
    whole = run_search(make_objective(), trials=5, store=RunDirectory.create(tmp_path / "whole"), **common)
    store = RunDirectory.create(tmp_path / "parts")
    for trials in (1, 3, 5):
        part = run_search(make_objective(), trials=trials, store=JournalStore(store, resume=True), **common)
    assert [(each.tokens, each.score, each.reference) for each in part.trials] == [
        (each.tokens, each.score, each.reference) for each in whole.trials
    ]
    (read,) = read_earlier([tmp_path / "whole"], make_objective()) if sampler == "never" else (None,)
    assert read is None


@pytest.mark.slow
def test_budgets_and_pruners_and_bad_names(make_objective: MakeObjective) -> None:
    result = run_search(
        make_objective(budget=Budget(parameters=500)), trials=2, seed=0, sampler=starting_with("deepbind")
    )
    assert {each.reference: each.status for each in result.trials}["deepbind"] == "over budget"
    pruned = run_search(
        make_objective(epochs=2, metric="val_loss", direction="minimize"),
        trials=3,
        seed=0,
        sampler=starting_with("deepbind"),
        pruner=PrunerSettings("threshold", {"upper": 1e-9}),
    )
    assert {each.reference: each.status for each in pruned.trials} == {"deepbind": "complete", "": "pruned"}
    with pytest.raises(ModelSpaceError, match="deepbind"):
        run_search(make_objective(), trials=1, seed=0, sampler=starting_with("resnet"))
    with pytest.raises(ConfigError, match="twice"):
        run_search(make_objective(), trials=1, seed=0, sampler=starting_with("deepbind", "deepbind"))


@pytest.mark.slow
def test_worker_processes_train_them_alike(make_objective: MakeObjective) -> None:
    builder = make_objective().builder
    plain = type(builder).__mro__[1](
        builder.inputs_op,
        builder.output_op,
        fc_units=3,
        flatten_mode="GAP",
        model_compile_dict=builder.model_compile_dict,
        model_space=builder.model_space,
    )
    here = run_search(make_objective(builder=plain), trials=2, seed=0, sampler=starting_with("deepbind"))
    there = run_search(
        make_objective(builder=plain), trials=2, seed=0, sampler=starting_with("deepbind"), executor=ProcessExecutor(1)
    )
    assert [each.score for each in there.trials] == [each.score for each in here.trials]


@pytest.mark.slow
def test_the_best_may_be_a_reference(tmp_path: Path) -> None:
    """The motif is nowhere to be seen for the only other network, whose kernel has one position."""
    generator = np.random.default_rng(0)
    bases = generator.integers(0, 4, (400, 30))
    labels = generator.integers(0, 2, 400)
    for row in np.flatnonzero(labels):
        start = generator.integers(0, 24)
        bases[row, start : start + 6] = (0, 1, 0, 1, 2, 3)
    table = tmp_path / "table.csv"
    text = ["".join("ACGT"[base] for base in row) for row in bases]
    table.write_text(
        "seq,label\n" + "\n".join(f"{s},{'yes' if y else 'no'}" for s, y in zip(text, labels, strict=True))
    )
    space = ModelSpace.from_dict([[{"Layer_type": "globalavgpool1d"}]])
    sections = {
        "data": {"source": str(table), "split": "random"},
        "model_space": space,
        "training": {"epochs": 6, "batch_size": 32, "learning_rate": 0.01},
        "search": {"start_with": ["deepbind"], "trials": 2, "sampler": "random", "metric": "val_loss"},
        "final": {"epochs": 2, "ensemble": 1, "linear_term": False, "patience": None},
    }
    experiment = Experiment.from_dict(sections, run_directory=tmp_path / "run")
    result = run(experiment)
    assert result.search is not None and result.search.best is not None
    assert result.search.best.reference == "deepbind"
    record = load_best(tmp_path / "run")
    assert record["reference"] == "deepbind" and record["tokens"] == []
    chosen = choose(tmp_path / "run", None)
    assert isinstance(chosen.builder, ReferenceBuilder) and len(chosen.builder.plan(()).nodes) == 6
    page = render_report(gather(tmp_path / "run"))
    assert "deepbind (reference network)" in page


def test_a_builder_of_several_inputs_has_none() -> None:
    builder = KerasModelBuilder(
        Operation("input", shape=(20,)),
        Operation("dense", units=1),
        None,
        model_space=ModelSpace.from_dict([[{"Layer_type": "identity"}]]),
    )
    with pytest.raises(ModelSpaceError, match="length, channels"):
        ReferenceBuilder(builder, "deepbind").plan(())

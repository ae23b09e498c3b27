"""The comparison of searches: the record, its tables, the clock, and tests of what was found."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.search import (
    __main__ as comparison,
    contestants,
    pool,
    price,
    problem,
    real_tasks,
    report,
    speed,
    tested,
)
from benchmarks.search.record import Record

from amber import measures
from amber.architect import TokenLayout
from amber.data import Split
from amber.search import run_search


def run(search: str, seed: int, scores: list[float], step: float, test: float = 0.5) -> dict[str, Any]:
    events = [{"spent": step * k, "score": each} for k, each in enumerate(scores, 1)]
    draws = [round((test + shift) / tested.UNIT) for shift in (-0.02, 0.0, 0.02, 0.04)]
    common = {"task": "ecoli", "cpu": 100.0, "validation": min(scores), "test": {"auroc": test, "draws": draws}}
    return {"search": search, "seed": seed, "events": events, "parameters": 100, **common}


RUNS = [
    run("surrogate", 0, [0.3, 0.1, 0.05], 10.0, test=0.9),
    run("surrogate", 1, [0.3, 0.2], 10.0, test=0.8),
    # The best comes after the fiftieth trial, and does not count.
    run("keras-tuner random", 0, [0.5] * 48 + [0.1, 0.4] + [0.01] * 3, 2.0),
    run("keras-tuner random", 1, [0.25, 0.2], 40.0),
    run(report.LINEAR, 0, [0.4], 1.0, test=0.7),
    run("reference networks", 0, [0.4], 1.0, test=0.6),
    run("reference networks", 1, [0.4], 1.0, test=0.6),
]


def test_the_target_is_the_best_of_fifty_trials_and_the_time_is_theirs() -> None:
    first, second = speed.reaches(RUNS, "surrogate", "keras-tuner random")
    assert (first.trials, first.target, first.rival_seconds, first.seconds) == (50, 0.1, 100.0, 20.0)
    assert first.ratio == pytest.approx(0.2)
    assert (second.trials, second.target, second.rival_seconds, second.seconds) == (2, 0.2, 80.0, 20.0)
    (row,) = (each for each in report.speed_rows(RUNS, ["ecoli"]) if each[0] == "surrogate")
    assert row[1:] == ["keras-tuner random", "0.20, 0.25 (2 trials)", "0.23; 2 of 2 within"]


def test_a_score_that_was_never_reached_counts_as_endless() -> None:
    runs = [run("surrogate", 0, [0.9], 1.0), *RUNS[2:]]
    assert [each.ratio for each in speed.reaches(runs, "surrogate", "keras-tuner random")] == [None]
    assert report.speed_rows(runs, ["ecoli"])[1][2:] == ["never", "never; 0 of 1 within"]


def test_a_difference_is_paired_by_draws_and_seeds_and_set_beside_the_better_of_the_others() -> None:
    value, low, high = report.difference(RUNS, "surrogate", "reference networks") or (0.0, 0.0, 0.0)
    # By seed it is 0.3 and 0.2, in every draw of examples.
    assert value == pytest.approx(0.25) and 0.2 - 1e-9 <= low < value and value <= high <= 0.3 + 1e-9
    assert report.difference(RUNS, "surrogate", "keras-tuner bayesian") is None
    # The linear model, of one seed, counts for both.
    rows = report.beside_rows(RUNS, ["ecoli"], ("reference networks", report.LINEAR))
    assert rows[1][:6] == ["ecoli", "auroc", "2", "0.850", "0.600", "0.700"]
    assert rows[1][6].startswith("+0.150 (+0.1")


def test_a_mean_of_tasks_has_an_interval_of_its_own() -> None:
    other = [{**each, "task": "abf1"} for each in RUNS]
    assert report.beside_rows([*RUNS, *other], ["ecoli", "abf1"], ("reference networks",))[-1][0] == "mean of tasks"


def test_a_record_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "comparison.json"
    record = Record(path)
    retest = record.retest("ecoli")
    for number in range(20):
        retest["scores"][str(number)] = [number + 0.1, number + 0.2]
        retest["cpu"] += [2.0, 4.0]
    for each in RUNS:
        record.add(each)
    again = Record(path)
    assert again.runs == record.runs and again.retests == record.retests
    assert again.tau("ecoli") == pytest.approx((1.0, 1.0, 1.0, 20)) and again.seconds("ecoli") == 165.0
    assert again.run_of("ecoli", "surrogate", 1) == RUNS[1] and again.run_of("ecoli", "surrogate", 2) is None
    assert "| ecoli | 20 | 1.00 (1.00 to 1.00) | 3.0 | 165 |" in report.page(again)
    assert "| surrogate | 2 | 2 | 0.1250 | 0.850 | 0.800 to 0.900 | 100 | 100 |" in report.page(again)
    assert len(json.loads(path.read_text())["runs"]) == len(RUNS)
    again.retest("ecoli")["cpu"].append(99.0)
    assert again.seconds("ecoli") == 165.0  # the same for all searches


def test_what_tells_most_comes_first() -> None:
    names = [report.LINEAR, "surrogate", "random, as many networks"]
    found = list(comparison.planned(["ecoli", "tf_0"], names, [0, 1]))
    first = [("ecoli", report.LINEAR, 0), ("ecoli", "surrogate", 0), ("tf_0", report.LINEAR, 0)]
    assert found[:3] == first and found[4:6] == [(task, names[2], 0) for task in ("ecoli", "tf_0")]
    # The linear model does not depend on a seed.
    assert [each[2] for each in found].count(1) == 4


def compressed(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")


@pytest.fixture
def real_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files as those of the real tasks are, in few lines."""
    letters = np.random.default_rng(0).choice(list("ACGT"), size=(60, 40))
    sequences = ["".join(row) for row in letters]
    split = ["train", "train", "val", "test"]
    rows = [f"{n},{bases},{n % 2},0,{split[n // 2 % 4]}" for n, bases in enumerate(sequences)]
    compressed(tmp_path / "cnnprom" / "Ecoli.csv.gz", ["id,seq,label,group,gsplit", *rows])
    for part, among in (("train", sequences[:30]), ("dev", sequences[30:45]), ("test", sequences[45:])):
        rows = [f"{bases},{number % 2}" for number, bases in enumerate(among)]
        compressed(tmp_path / f"genomics/tasks/gue/tf_0.{part}.csv.gz", ["sequence,label", *rows])
    yeast, genome = tmp_path / "genomics" / "yeast", ["".join(np.random.default_rng(1).choice(list("ACGT"), 9000))]
    names = ("I", "VII", "IV")
    fasta = [line for name in names for line in (f">{name} dna", *genome)]
    compressed(yeast / "Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz", fasta)
    bins = [f"{name}\t{200 * n}\t{200 * n + 200}\t{n % 2}\t{n % 3 // 2}" for name in names for n in range(12)]
    compressed(yeast / "bins200_24tracks.tsv.gz", ["chrom\tstart\tend\tReb1\tAbf1", *bins])
    own = [f"{name}\t{at}\t{at + 1}\tAbf1\t9\t." for name in names for at in (50, 1000, 2000)]
    other = [f"{name}\t{at}\t{at + 1}\tAsf2\t9\t." for name in names for at in (1010, *range(3000, 8000, 500))]
    compressed(yeast / "chexmix_all381.bed.gz", [*own, *other])
    monkeypatch.setenv("AMBER_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(real_tasks, "FOLDER", tmp_path / "made")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ecoli", "tf_0", "yeast", "abf1"])
def test_real_tasks_are_made_of_the_files_and_can_be_trained(real_data: Path, name: str) -> None:
    task = problem.Task(name, epochs=1)
    assert len(task.data.train) and len(task.data.validation) and not task.shares_weights
    objective = task.objective()
    trial = objective.evaluate(objective.layout.sample(np.random.default_rng(0)), 0)
    assert trial.status == "complete", trial.error


def test_negatives_stay_away_from_the_peaks(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_tasks.configuration("abf1")
    with (real_data / "made" / "abf1.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    # Of three peaks the first is too near to the end; none of another protein's beside a peak is taken.
    assert sum(each["split"] == "test" and each["label"] == "1" for each in rows) == 2
    assert {each["label"] for each in rows} == {"0", "1"} and all(len(each["seq"]) == 200 for each in rows)
    monkeypatch.delenv("AMBER_DATA_DIR")
    with pytest.raises(SystemExit, match="AMBER_DATA_DIR"):
        real_tasks.configuration("rap1")


def test_a_search_trains_on_some_examples_and_its_network_on_all_of_either_strand(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real_tasks, "MOST_SEARCHED_ON", 20)
    task, promoters = problem.Task("tf_0"), problem.Task("ecoli")
    assert (len(task.data.train), len(task.searched_on[1]), len(task.trained_on[1])) == (30, 20, 60)
    x, y = task.searched_on
    assert np.array_equal(x[10:], x[:10, ::-1, ::-1]) and np.array_equal(y[10:], y[:10])
    assert len(promoters.searched_on[1]) == 20 and len(promoters.trained_on[1]) == len(promoters.data.train)
    turned = x[:10, ::-1, ::-1]
    network = task.builder()(task.builder().layout.sample(np.random.default_rng(0)))
    task.__dict__["test"] = Split(x[:10], y[:10])
    one = tested.network_predictions(task, network)
    task.__dict__["test"] = Split(turned, y[:10])
    assert np.allclose(one, tested.network_predictions(task, network), atol=1e-5)


def test_a_constant_has_the_entropy_of_the_frequencies(real_data: Path) -> None:
    assert tested.constant_loss(problem.Task("tf_0")) == pytest.approx(np.log(2), abs=0.01)


@pytest.mark.slow
def test_the_clock_ends_a_search_and_scores_are_those_of_the_best_epoch() -> None:
    task, clock = problem.Task("motifs", epochs=1), problem.Clock(0.5)
    clock.charge(1e6, 1)
    assert task.objective().settings.patience == task.epochs == 1
    assert not run_search(task.objective(), trials=3, seed=0, sampler="random", callbacks=(clock,)).trials
    assert not clock.events
    clock = problem.Clock(networks=2)
    found = run_search(task.objective(), trials=9, seed=0, sampler="random", callbacks=(clock,))
    scores = [round(trial.score or 0.0, 5) for trial in sorted(found.ranked, key=lambda trial: trial.number)]
    assert [each["score"] for each in clock.events] == scores and len(scores) == 2
    assert [each["spent"] for each in clock.events] == [1.0, 2.0]
    assert all("tokens" in each for each in clock.events)


def test_a_network_and_a_linear_model_are_tested_once_by_the_measures_of_the_task(real_data: Path) -> None:
    task = problem.Task("tf_0", epochs=1)
    true = np.asarray(task.test.y).reshape(-1).astype(int)
    chances = np.random.default_rng(0).random(len(true))
    found = tested.tested(task, np.array([1 - chances, chances]).T)
    assert found["auroc"] == pytest.approx(measures.auroc(true, chances), abs=1e-5)
    assert found["mcc"] == pytest.approx(np.corrcoef(true, chances > 0.5)[0, 1], abs=1e-5)
    assert len(found["draws"]) == tested.DRAWS and min(found["draws"]) < found["mcc"] / tested.UNIT
    network = task.builder()(task.builder().layout.sample(np.random.default_rng(0)))
    assert tested.network_predictions(task, network).shape == (len(true), 2)
    linear, how = tested.linear_model(task)
    assert linear.shape == (len(true), 2) and how["k"] in (4, 6) and 0 < how["validation"] < 2
    assert np.allclose(linear.sum(axis=1), 1)


def test_several_labels_are_measured_by_their_means(real_data: Path) -> None:
    task = problem.Task("yeast", epochs=1)
    linear, _ = tested.linear_model(task)
    assert linear.shape == (len(task.test.y), 2)
    assert set(tested.tested(task, linear)) == {"auroc", "auprc", "draws"}


def test_a_search_pays_for_epochs_by_flops() -> None:
    flops, seconds = [1e6, 3e6, 1e6, 3e6], [3.0, 5.0, 1.0, 7.0]
    found = price.fitted_price(flops, seconds)
    assert found.fixed == pytest.approx(0.0) and found.per_megaflop == pytest.approx(2.0, abs=1e-5)
    assert np.mean([found.of(each) for each in flops]) == pytest.approx(np.mean(seconds), abs=1e-4)
    assert price.fitted_price(flops, [5.0, 1.0] * 2) == price.Price(3.0, 0.0)
    clock = problem.Clock(30.0, price=price.Price(1.0, 2.0), epochs=6)
    clock.charge(2e6, 6)
    clock.charge(2e6, 3)
    assert clock.spent == 7.5 and not clock.is_up
    clock.note(0.4, tokens=[0])
    clock.charge(20e6, 6)
    clock.note(0.1, tokens=[1])
    assert clock.is_up and clock.events == [{"spent": 7.5, "score": 0.4, "tokens": [0]}]


def test_a_price_is_said_once(tmp_path: Path) -> None:
    record = Record(tmp_path / "a.json")
    retest = record.retest("ecoli")
    retest["scores"] |= {"1 0": [0.3, 0.3], "3 0": [0.2, 0.2]}
    retest["cpu"] += [3.0, 5.0, 1.0, 7.0]
    assert record.price("ecoli", lambda tokens: tokens[0] * 1e6) == price.Price(0.0, 2.0)
    record.write()
    assert Record(tmp_path / "a.json").price("ecoli", lambda tokens: 9.0) == price.Price(0.0, 2.0)


@pytest.mark.slow
def test_what_is_given_up_early_costs_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(problem.TASKS, "motifs", problem.ComparedTask(problem.TASKS["motifs"].path, 3, 1))
    task = problem.Task("motifs")
    for name in ("surrogate, halving", "keras-tuner hyperband", "surrogate"):
        clock = problem.Clock(18.0, price=price.Price(3.0, 0.0), epochs=3)
        contestants.CONTESTANTS[name].search(task, 0, clock)
        assert 18.0 < clock.spent <= 21.0 and clock.events
        # What was given up was paid for in part; Hyperband notes what it trained for an epoch, too.
        seen = {"surrogate, halving": clock.spent - 3.0 * len(clock.events) > 1.0, "surrogate": len(clock.events) == 6}
        assert seen.get(name, len(clock.events) > 6)


def test_finalists_are_different_networks_the_best_first() -> None:
    clock = problem.Clock()
    assert clock.best(3) == []
    for score, tokens in ((0.5, [0]), (0.2, [1]), (0.3, [1]), (0.4, [2]), (0.9, [3])):
        clock.note(score, tokens=tokens)
    clock.note(0.3, reference="danq")
    assert [each["score"] for each in clock.best(3)] == [0.2, 0.3, 0.4]
    assert [each.get("reference") for each in clock.best(3)] == [None, "danq", None]


def test_a_replayed_search_pays_what_each_training_took_and_finds_what_is_cheap_sooner() -> None:
    layout = TokenLayout([4, 4, 4], with_skips=False)
    drawn = {tuple(map(int, layout.sample(seed))) for seed in range(80)}
    # The first token decides the score, the last what a training takes.
    trained = {
        tokens: {"score": 1.0 - tokens[0] / 10 - tokens[1] / 100, "cpu": 4.0 ** tokens[-1], "flops": 4 ** tokens[-1]}
        for tokens in sorted(drawn)
    }

    def found(**options: Any) -> Any:
        flops = lambda tokens: 4 ** tokens[-1]  # noqa: E731
        return np.mean([pool.replay(trained, layout, flops, options, seed) for seed in range(8)], axis=0)

    plain, cheap = found(), found(cost_exponent=1.0)
    best = min(each["score"] for each in trained.values())
    assert (np.diff(plain) <= 0).all() and (np.diff(cheap) <= 0).all() and cheap[-1] == pytest.approx(best)
    assert cheap.mean() < plain.mean()


@pytest.mark.slow
def test_what_every_contestant_found_is_trained_on_all_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(problem.TASKS, "motifs", problem.ComparedTask(problem.TASKS["motifs"].path, 1, 1))
    task = problem.Task("motifs")
    for name in ("surrogate", "surrogate, halving", "keras-tuner random"):
        clock = problem.Clock(networks=2)
        contestants.CONTESTANTS[name].search(task, 0, clock)
        best = clock.best(3)
        assert len(clock.events) == 2 and 1 <= len(best) <= 2 and best[0] in clock.events
        network, score = task.final(best[0], 0)
        found = network.evaluate(*task.objective().validation, verbose=0, return_dict=True)
        assert found["loss"] == pytest.approx(score, rel=1e-4)

"""The comparison of searches: when one has what KerasTuner finds, the page, and the clock."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.search import contestants, problem, real_tasks, report, speed

from amber.search import run_search


def run(search: str, seed: int, scores: list[float], step: float) -> dict[str, Any]:
    events = [{"wall": 2 * step * k, "cpu": step * k, "score": each, "tokens": [0]} for k, each in enumerate(scores, 1)]
    common = {"task": "splice", "epochs": 3, "seconds": 100.0, "wall": 200.0, "cpu": 100.0, "test": 0.5}
    return {"search": search, "seed": seed, "events": events, **common}


RUNS = [
    run("one-shot", 0, [0.3, 0.1, 0.05], 10.0),
    run("one-shot", 1, [0.3, 0.2], 10.0),
    # The best comes after the fiftieth trial, and does not count.
    run("keras-tuner random", 0, [0.5] * 48 + [0.1, 0.4] + [0.01] * 3, 2.0),
    run("keras-tuner random", 1, [0.25, 0.2], 40.0),
]


def test_the_target_is_the_best_of_fifty_trials_and_the_time_is_theirs() -> None:
    first, second = speed.reaches(RUNS, "one-shot", "keras-tuner random", "cpu")
    assert (first.trials, first.target, first.rival_seconds, first.seconds) == (50, 0.1, 100.0, 20.0)
    assert first.ratio == pytest.approx(0.2)
    assert (second.trials, second.target, second.rival_seconds, second.seconds) == (2, 0.2, 80.0, 20.0)
    assert speed.mean_ratio([first, second]) == pytest.approx(40 / 180)
    assert speed.reaches(RUNS, "one-shot", "keras-tuner random", "wall")[0].seconds == 40.0


def test_a_score_that_was_never_reached_has_no_mean() -> None:
    runs = [run("one-shot", 0, [0.9], 1.0), *RUNS[2:]]
    found = speed.reaches(runs, "one-shot", "keras-tuner random", "cpu")
    assert [each.ratio for each in found] == [None] and speed.mean_ratio(found) is None
    assert report.speed_table(runs, "cpu")[1][2:] == ["never", "reached in 0 of 1"]


def test_the_page_and_the_plot_say_it(tmp_path: Path) -> None:
    machine = {"processor": "a processor", "cores": 2}
    record: dict[str, Any] = {"clock": "cpu", "machine": machine, "runs": RUNS, "agreement": {}}
    record["agreement"]["splice"] = {"task": "splice", "architectures": 20, "kendall_tau": 0.5, "p_value": 0.01}
    page = report.markdown(record, "plot.png")
    assert "| one-shot | keras-tuner random | 0.20, 0.25 (2 trials) | 0.22 |" in page
    assert "20 architectures: 0.500" in page and "(plot.png)" in page
    assert "| one-shot | 2 | 2.5 | 0.1250 | 0.0500 - 0.2000 | 0.5000 | 200 | 100 |" in page
    report.plot(RUNS, tmp_path / "plot.png", "cpu")
    assert (tmp_path / "plot.png").stat().st_size > 10_000


def test_a_search_is_set_beside_as_many_random_networks() -> None:
    runs = [
        run("surrogate", 0, [0.5, 0.2], 1.0),
        run("random", 0, [0.4, 0.3, 0.1], 1.0),  # the third comes when the other had two
        run("surrogate", 1, [0.3, 0.3], 1.0),
        run("random", 1, [0.1], 1.0),  # fewer
    ]
    assert report.as_many(runs, "surrogate") == [(0.2, 0.3)]
    assert report.beside_random(runs)[1:] == [["surrogate", "1", "0.2000", "0.3000", "1 of 1"]]
    record: dict[str, Any] = {"clock": "cpu", "machine": {"processor": "a", "cores": 2}, "runs": runs}
    page = report.markdown({**record, "retests": {"splice": [0.61, 0.5, 0.7]}}, "plot.png")
    assert "Test-retest tau of splice: 0.61 (0.50 to 0.70)." in page and "as many random networks" in page


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


@pytest.mark.parametrize("name", ["ecoli", "tf_0", "yeast", "abf1"])
def test_real_tasks_are_made_of_the_files_and_can_be_trained(real_data: Path, name: str) -> None:
    task = problem.Task(name, epochs=1)
    assert len(task.data.train) and len(task.data.validation) and not task.shares_weights
    objective = task.objective()
    trial = objective.evaluate(objective.layout.sample(np.random.default_rng(0)), 0)
    assert trial.status == "complete", trial.error


def test_negatives_stay_away_from_the_peaks_and_training_examples_are_limited(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real_tasks, "MOST_TRAINED", 5)
    real_tasks.configuration("abf1")
    with (real_data / "made" / "abf1.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sum(each["split"] == "train" for each in rows) == 5
    # Of three peaks the first is too near to the end; none of another protein's beside a peak is taken.
    assert sum(each["split"] == "test" and each["label"] == "1" for each in rows) == 2
    assert {each["label"] for each in rows} == {"0", "1"} and all(len(each["seq"]) == 200 for each in rows)
    monkeypatch.delenv("AMBER_DATA_DIR")
    with pytest.raises(SystemExit, match="AMBER_DATA_DIR"):
        real_tasks.configuration("rap1")


def test_the_clock_ends_a_search_and_scores_are_those_of_the_best_epoch() -> None:
    task, clock = problem.Task("motifs", epochs=1), problem.Clock(1e-9)
    assert task.objective().settings.patience == task.epochs == 1
    assert not run_search(task.objective(), trials=3, seed=0, sampler="random", callbacks=(clock,)).trials
    assert not clock.events
    clock = problem.Clock(100.0, "cpu")
    found = run_search(task.objective(), trials=2, seed=0, sampler="random", callbacks=(clock,))
    assert sorted(each["score"] for each in clock.events) == sorted(trial.score or 0.0 for trial in found.trials)
    assert 0 < clock.events[0]["cpu"] < clock.events[1]["cpu"]


class _TwoNetworks(problem.Clock):
    """A clock whose time is up after two networks."""

    @property
    def left(self) -> float:
        return float(1 - len(self.events))


@pytest.mark.slow
def test_a_keeper_has_the_best_network_as_it_was() -> None:
    task, keeper, clock = problem.Task("motifs", epochs=1), problem.Keeper(), _TwoNetworks(1.0)
    contestants.CONTESTANTS["random"](task, 0, clock, keeper)
    rival, other = problem.Keeper(), _TwoNetworks(1.0)
    contestants.CONTESTANTS["keras-tuner random"](task, 0, other, rival)
    for kept, events in ((keeper, clock.events), (rival, other.events)):
        assert len(events) == 2 and kept.score <= min(each["score"] for each in events)
        found = kept.best().evaluate(*task.objective().validation, verbose=0, return_dict=True)
        assert found["loss"] == pytest.approx(kept.score, rel=1e-4)

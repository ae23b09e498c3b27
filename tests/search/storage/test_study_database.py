"""A search that is recorded in a database: the same trials, resumed from there, and every mistake named."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from tests.postgres import PASSWORD, Server
from tests.search.executors.objectives import evaluations, pretending
from tests.search.test_resume import OPTIONS, facts

from amber.errors import ConfigError, StorageError
from amber.search import (
    DatabaseStore,
    JournalStore,
    Objective,
    RunDirectory,
    SamplerSettings,
    SearchCallback,
    StudyDatabase,
    Trial,
    run_search,
)

MakeObjective = Callable[..., Objective]
FORMATS = Path(__file__).parent / "formats"


class Interrupting:
    """Evaluates as another does, until Ctrl-C comes in the middle of an evaluation."""

    def __init__(self, trainer: Any, after: int) -> None:
        self.trainer, self.left = trainer, after

    def evaluate(self, *arguments: Any, **options: Any) -> Trial:
        trial: Trial = self.trainer.evaluate(*arguments, **options)
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return trial


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "tpe", "evolution", "nsga2", "controller"])
def test_interrupted_search_goes_on_from_the_database_as_an_undisturbed_one(
    postgres: str, tmp_path: Path, sampler: str
) -> None:
    # What pretends to train counts no costs.
    options = {"against": None} if sampler == "nsga2" else OPTIONS.get(sampler, {})
    common: dict[str, Any] = {"trials": 7, "seed": 3, "sampler": SamplerSettings(sampler, options)}
    whole = run_search(pretending(tmp_path / "alone", layers=3), **common)
    database = StudyDatabase(postgres, "mine")
    interrupted = pretending(tmp_path / "notes", layers=3)
    interrupted.trainer = Interrupting(interrupted.trainer, after=3)  # type: ignore[assignment]
    first = run_search(interrupted, store=DatabaseStore(database, RunDirectory.create(tmp_path / "run")), **common)
    assert first.stopped == "interrupted" and len(first.ranked) == 3
    # On another machine, which knows nothing but the address.
    other = RunDirectory.create(tmp_path / "other")
    objective = pretending(tmp_path / "notes", layers=3)
    second = run_search(objective, store=DatabaseStore(StudyDatabase(postgres, "mine"), other), **common)
    assert facts(second.trials) == facts(whole.trials) == facts(database.trials()) == facts(other.trials())
    assert len(evaluations(tmp_path / "notes")) == 8  # seven, and the one that was under way again
    states = [each.state.name for each in optuna.load_study(study_name="mine", storage=psycopg_url(postgres)).trials]
    assert states == ["COMPLETE"] * len(whole.trials)  # any tool for Optuna's studies sees them


@pytest.mark.slow
def test_training_under_way_goes_on_from_its_last_epoch(
    make_objective: MakeObjective, postgres: str, tmp_path: Path
) -> None:
    class Epochs(SearchCallback):
        seen: list[int] = []

        def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Any) -> None:
            self.seen.append(epoch)
            if self.seen == [1, 2]:
                raise KeyboardInterrupt

    objective, watch = make_objective(epochs=3, metric="val_loss", direction="minimize"), Epochs()
    for _ in range(2):
        found = run_search(
            objective,
            trials=1,
            seed=0,
            store=DatabaseStore(StudyDatabase(postgres), RunDirectory.resume(tmp_path / "run"), resume=True),
            callbacks=[watch],
        )
    assert watch.seen in ([1, 2, 3], [1, 2, 2, 3])
    assert found.ranked[0].score == run_search(objective, trials=1, seed=0).ranked[0].score


def psycopg_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def test_pruned_failed_and_repeated_trials_make_the_round_trip(postgres: str) -> None:
    database = StudyDatabase(postgres)
    database.begin({"seed": 0}, "maximize")
    database.join("me")
    kept = [
        Trial(0, (1, 0), "aa", "complete", 0.5, {"val_accuracy": 0.5, "lr": float("inf")}, 20, 10, 1.5, 7, None, 2),
        Trial(1, (1, 1), "", "invalid", error="InvalidArchitectureError: ä \u2603 'quoted'"),
        Trial(2, (0, 1), "bb", "pruned", curve=(0.25, 0.125), epochs=2),
        Trial(3, (0, 0), "cc", "failed", error="MemoryError"),
    ]
    with database.lock():
        assert database.poll() == []
        for trial in kept:
            database.claim(trial.number, trial.tokens, None)
            assert database.record(trial) is trial
    assert [each.to_dict() for each in database.trials()] == [each.to_dict() for each in kept]
    database.close()


def test_result_of_one_that_was_taken_for_lost_counts_once(postgres: str) -> None:
    mine, theirs = StudyDatabase(postgres), StudyDatabase(postgres)
    for database, owner in ((mine, "me"), (theirs, "them")):
        database.begin({}, "maximize")
        database.join(owner)
    with mine.lock():
        mine.claim(0, (1,), None)
    mine.close()  # as if it were lost
    mine = StudyDatabase(postgres)
    mine.begin({}, "maximize")
    mine.join("me")
    with theirs.lock():
        (known,) = theirs.poll()
        assert known.mine and known.tokens == (1,)
    mine._held[0] = theirs._held[0]
    first = theirs.record(Trial(0, (1,), "a", "complete", 0.75))
    assert mine.record(Trial(0, (1,), "a", "complete", 0.25)) == first
    assert theirs.trials() == [first]
    mine.close(), theirs.close()


@pytest.mark.slow
def test_server_that_is_started_anew_costs_no_trial(
    postgres: str, postgres_server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    objective = pretending(tmp_path / "notes", layers=3, seconds=0.3)

    def restart() -> None:
        while len(evaluations(tmp_path / "notes")) < 3:
            threading.Event().wait(0.02)
        postgres_server.stop()
        threading.Event().wait(1.0)
        postgres_server.start()

    restarting = threading.Thread(target=restart)
    restarting.start()
    found = run_search(objective, trials=6, seed=0, store=DatabaseStore(StudyDatabase(postgres)))
    restarting.join()
    assert "Trying again" in caplog.text and PASSWORD not in caplog.text
    assert len(found.ranked) == len(StudyDatabase(postgres).trials()) == 6
    assert evaluations(tmp_path / "notes") == list(range(6))


@pytest.mark.slow
def test_other_settings_and_another_study_are_refused(
    make_objective: MakeObjective, postgres: str, tmp_path: Path
) -> None:
    run_search(make_objective(), trials=1, seed=0, store=DatabaseStore(StudyDatabase(postgres, "a")))
    with pytest.raises(StorageError, match=r"study 'a' in postgresql://.*training\.batch_size \(was 16, is 8\)"):
        run_search(make_objective(batch_size=8), trials=1, seed=0, store=DatabaseStore(StudyDatabase(postgres, "a")))
    allowed = DatabaseStore(StudyDatabase(postgres, "a"), allow_changes=True)
    run_search(make_objective(batch_size=8), trials=1, seed=0, store=allowed)
    with pytest.raises(StorageError, match="seed"):
        run_search(make_objective(), trials=1, seed=1, store=DatabaseStore(StudyDatabase(postgres, "a")))
    study = optuna.create_study(study_name="theirs", storage=psycopg_url(postgres))
    study.add_trial(optuna.trial.create_trial(value=1.0))
    with pytest.raises(StorageError, match="study 'theirs' .* none of AMBER's"):
        run_search(make_objective(), trials=1, seed=0, store=DatabaseStore(StudyDatabase(postgres, "theirs")))
    study = optuna.load_study(study_name="a", storage=psycopg_url(postgres))
    study.set_user_attr("amber:format_version", 99)
    with pytest.raises(StorageError, match="format_version 1. Received: 99"):
        StudyDatabase(postgres, "a").trials()


@pytest.mark.slow
def test_record_stays_where_it_is(make_objective: MakeObjective, postgres: str, tmp_path: Path) -> None:
    common: dict[str, Any] = {"trials": 1, "seed": 0}
    journal = RunDirectory.create(tmp_path / "journal")
    run_search(make_objective(), store=journal, **common)
    with pytest.raises(StorageError, match="recorded in its own journal"):
        run_search(make_objective(), store=DatabaseStore(StudyDatabase(postgres), journal, resume=True), **common)
    shared = RunDirectory.create(tmp_path / "shared")
    run_search(make_objective(), store=DatabaseStore(StudyDatabase(postgres, "a"), shared), **common)
    elsewhere = DatabaseStore(StudyDatabase(postgres, "b"), shared, resume=True)
    for store in (JournalStore(shared, resume=True), elsewhere):
        with pytest.raises(StorageError, match="recorded in the study 'a' in postgresql://amber@127"):
            run_search(make_objective(), store=store, **common)
    assert len(shared.trials()) == 1


def test_what_cannot_be_reached_is_named_without_its_password(
    postgres: str, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "hunter2"
    unreachable = f"postgresql://amber:{secret}@127.0.0.1:9/none"
    wrong = postgres.replace("amber@", f"amber:{secret}@")
    for url, said in ((unreachable, "refused"), (wrong, "password authentication failed")):
        with pytest.raises(
            StorageError, match=f"study 'a' in postgresql://amber:\\*\\*\\*@.*connecting.*{said}"
        ) as caught:
            StudyDatabase(url, "a").begin({}, "maximize")
        assert secret not in str(caught.value)
    with pytest.raises(StorageError, match="There is no study 'none'"):
        optuna.create_study(storage=psycopg_url(postgres))
        StudyDatabase(postgres, "none").trials()
    monkeypatch.delenv("PGPASSWORD")
    database = StudyDatabase(postgres_server.url(postgres.rpartition("/")[2], password=True))
    database.begin({}, "maximize")
    database.close()
    assert PASSWORD not in database.name and "%2F" not in database.name


@pytest.mark.parametrize(
    "url", ["", "runs/a", "postgresql://host", "sqlite://", "postgresql://host/a?plugin=b", "postgresql://h:port/a"]
)
def test_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="Expected the address of a database"):
        StudyDatabase(url)


def test_driver_that_is_not_installed_is_named() -> None:
    with pytest.raises(ConfigError, match=r"needs the driver of mysql.*expected it to be installed"):
        StudyDatabase("mysql://host/database").begin({}, "maximize")


def test_file_database_serves_processes_of_one_machine(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    objective = pretending(tmp_path / "notes", layers=3, seconds=0.05)
    common: dict[str, Any] = {"trials": 8, "seed": 0, "sampler": "random"}
    options = {**common, "store": DatabaseStore(StudyDatabase(url))}
    second = threading.Thread(target=run_search, args=(objective,), kwargs=options)
    second.start()
    found = run_search(objective, store=DatabaseStore(StudyDatabase(url)), **common)
    second.join()
    assert facts(found.trials) == facts(run_search(pretending(tmp_path / "alone", layers=3), **common).trials)
    assert evaluations(tmp_path / "notes") == sorted(set(evaluations(tmp_path / "notes")))


def test_studies_of_every_format_are_read_and_taken_up(postgres: str, tmp_path: Path) -> None:
    """`formats/study_1.json` is what version 1 wrote, as Optuna holds it; one trial was under way."""
    written = json.loads((FORMATS / "study_1.json").read_text("utf-8"))
    study = optuna.create_study(study_name="old", storage=psycopg_url(postgres), direction=written["direction"])
    for key, value in written["user_attrs"].items():
        study.set_user_attr(key, value)
    for trial in written["trials"]:
        study.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState[trial["state"]], value=trial["value"], user_attrs=trial["user_attrs"]
            )
        )
    assert [trial.status for trial in StudyDatabase(postgres, "old").trials()] == ["complete", "complete"]
    objective = pretending(tmp_path / "notes", layers=3)
    store = DatabaseStore(StudyDatabase(postgres, "old"))
    found = run_search(objective, trials=3, seed=0, sampler="random", store=store)
    alone = run_search(pretending(tmp_path / "alone", layers=3), trials=3, seed=0, sampler="random")
    assert facts(found.trials) == facts(alone.trials)
    assert evaluations(tmp_path / "notes") == [2]


def test_a_process_counts_as_lost_a_minute_after_its_last_sign_of_life(tmp_path: Path) -> None:
    database = StudyDatabase(f"sqlite:///{tmp_path / 'study.db'}")
    database.begin({}, "maximize")
    storage = database._connection.storage
    assert (storage.get_heartbeat_interval(), storage.grace_period) == (15, 60)
    database.close()


def test_a_trial_that_was_taken_up_belongs_to_who_took_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def joined(owner: str, *, alone: bool = False) -> StudyDatabase:
        database = StudyDatabase(f"sqlite:///{tmp_path / 'study.db'}")
        database.begin({}, "maximize")
        database.join(owner, alone=alone)
        return database

    first = joined("a", alone=True)
    first.claim(0, (1, 0), None)
    second = joined("b")
    monkeypatch.setattr(second._connection, "lost", set)  # whatever is under way
    (taken,) = second.poll()
    assert (taken.mine, taken.deaths, taken.tokens) == (True, 1, (1, 0))
    again, third = joined("a", alone=True), joined("c")
    for other in (again, third):
        (left,) = other.poll()
        assert (left.mine, left.deaths) == (False, 1)
    second.close()  # released: it is anybody's
    (freed,) = third.poll()
    assert (freed.mine, freed.deaths) == (True, 1)
    assert third.record(Trial(0, (1, 0), "aa", "complete", 0.5)).score == 0.5
    assert [trial.score for trial in again.trials()] == [0.5]
    for database in (first, again, third):
        database.close()

"""Ctrl-C at a given moment of a search in a program: the result holds all that was finished, whenever it came."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amber.backend import interrupts
from amber.search import JournalStore, Objective, RunDirectory, SearchCallback, SearchResult, run_search, study
from amber.search.one_shot import OneShotSettings, run_one_shot, search

pytestmark = [
    pytest.mark.parity,
    pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals of POSIX systems"),
]
SMALL = OneShotSettings(
    start_steps=0,
    warm_up_steps=2,
    steps_per_episode=2,
    episodes=2,
    architectures=3,
    sample=4,
    top_k=1,
    finalist_steps=2,
    calibration_steps=1,
)


@pytest.fixture(autouse=True)
def python_handler() -> Iterator[None]:
    """Let Ctrl-C be handled as in a terminal, and check that Python's own handler is there again at the end."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    after = signal.signal(signal.SIGINT, before)
    assert after is signal.default_int_handler and not interrupts.requested()


def press(*_: object, **__: object) -> None:
    signal.raise_signal(signal.SIGINT)


def press_and_look(*_: object, **__: object) -> None:
    press()
    interrupts.check()


def press_and_wait(*_: object, **__: object) -> None:
    """Look at nothing: after a second this is broken off."""
    press()
    time.sleep(20)


def press_and_fail(*_: object, **__: object) -> None:
    """Fail of it, as native code does that makes an error of its own of a KeyboardInterrupt."""
    press()
    raise RuntimeError("error of the backend")


class Pressing(SearchCallback):
    """Presses Ctrl-C in one of the calls of a listener."""

    def __init__(self, name: str) -> None:
        setattr(self, name, press)


@pytest.mark.parametrize("how", [press, press_and_look, press_and_wait, press_and_fail])
def test_in_the_checks_of_a_new_search(
    how: Callable[..., None], make_objective: Callable[..., Objective], monkeypatch: pytest.MonkeyPatch, builder: Any
) -> None:
    monkeypatch.setattr(study, "check_search", how)
    found = run_search(make_objective(), trials=2, seed=0)
    assert (found.stopped, found.trials, builder.built) == ("interrupted", (), [])


@pytest.mark.parametrize("how", [press_and_look, press_and_fail])
def test_in_the_checks_of_a_resumed_search(
    how: Callable[..., None], make_objective: Callable[..., Objective], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = finished(make_objective(), tmp_path)
    ranking = (tmp_path / "run" / "ranking.csv").read_text()
    monkeypatch.setattr(study, "check_search", how)
    found = resumed(make_objective(), tmp_path)
    assert found.stopped == "interrupted"
    assert scores(found) == scores(first)
    assert (tmp_path / "run" / "ranking.csv").read_text() == ranking


def test_a_search_of_another_kind_of_error_is_still_refused(
    make_objective: Callable[..., Objective], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("of the backend")

    monkeypatch.setattr(study, "check_search", fail)
    with pytest.raises(RuntimeError, match="of the backend"):
        run_search(make_objective(), trials=2, seed=0)


def test_second_one_is_raised_at_once(
    make_objective: Callable[..., Objective], monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_twice(*_: object) -> None:
        press()
        time.sleep(0.3)
        press()

    monkeypatch.setattr(study, "check_search", press_twice)
    with pytest.raises(KeyboardInterrupt):
        run_search(make_objective(), trials=2, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["on_search_begin", "on_resume"])
def test_while_an_earlier_search_is_taken_up(
    name: str, make_objective: Callable[..., Objective], tmp_path: Path
) -> None:
    first = finished(make_objective(), tmp_path)
    found = resumed(make_objective(), tmp_path, callbacks=[Pressing(name)])
    assert found.stopped == "interrupted"
    assert scores(found) == scores(first)


@pytest.mark.parametrize("name", ["on_search_end", "on_trial_end"])
def test_after_the_last_training(name: str, make_objective: Callable[..., Objective], tmp_path: Path) -> None:
    store = RunDirectory.create(tmp_path / "run")
    found = run_search(make_objective(), trials=1, seed=0, store=store, callbacks=[Pressing(name)])
    assert found.stopped == "interrupted"
    assert found.best is not None
    assert len((tmp_path / "run" / "ranking.csv").read_text().splitlines()) == 1 + len(found.trials)


@pytest.mark.parametrize("place", ["check_search", "shared_builder", "train_epoch"])
def test_before_one_shot_search_has_chosen(
    place: str, make_objective: Callable[..., Objective], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = getattr(search, place)

    def pressing(*arguments: Any, **options: Any) -> Any:
        press()
        return original(*arguments, **options)

    monkeypatch.setattr(search, place, pressing)
    found = run_one_shot(make_objective(), seed=0, settings=SMALL)
    assert (found.search.stopped, found.search.trials, found.candidates) == ("interrupted", (), ())


def test_one_shot_search_that_had_chosen_keeps_what_was_retrained(
    make_objective: Callable[..., Objective], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = RunDirectory.create(tmp_path / "run")
    first = run_one_shot(make_objective(), seed=0, settings=SMALL, store=store)
    assert first.search.trials
    monkeypatch.setattr(search, "check_search", press_and_look)
    again = JournalStore(RunDirectory.open(tmp_path / "run"), resume=True)
    found = run_one_shot(make_objective(), seed=0, settings=SMALL, store=again)
    assert found.search.stopped == "interrupted"
    assert scores(found.search) == scores(first.search)
    assert found.candidates == first.candidates


def finished(objective: Objective, folder: Path) -> SearchResult:
    found = run_search(objective, trials=2, seed=0, store=RunDirectory.create(folder / "run"))
    assert found.stopped == "finished" and found.ranked
    return found


def resumed(objective: Objective, folder: Path, **options: Any) -> SearchResult:
    store = JournalStore(RunDirectory.open(folder / "run"), resume=True)
    return run_search(objective, trials=4, seed=0, store=store, **options)


def scores(found: SearchResult) -> list[tuple[int, float | None]]:
    return [(trial.number, trial.score) for trial in found.trials]

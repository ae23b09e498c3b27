"""The tests of stores have teeth: a store that loses or changes one thing fails at least one of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.search.stores.third_party import LinesStore

from amber.errors import AmberError
from amber.search import StoredTrial, Trial, TrialStore
from amber.search.stores.testing import PersistentStoreTests


class Suite(PersistentStoreTests):
    """The tests, of one class of stores."""

    __test__ = False

    def __init__(self, kind: type[LinesStore], folder: Path) -> None:
        self.kind, self.folder, self.name = kind, folder, ""

    def open_store(self, *, allow_changes: bool = False) -> TrialStore:
        return self.kind(self.folder / f"{self.name}.txt", allow_changes=allow_changes)

    def damage(self) -> None:
        path = self.folder / f"{self.name}.txt"
        path.write_text(path.read_text("utf-8").replace("0.25", '"0.25"'), "utf-8")

    def failing(self) -> set[str]:
        """Return the names of the tests that fail."""
        found = set()
        for name in dir(self):
            if name.startswith("test_"):
                self.name = name
                try:
                    getattr(self, name)()
                except (AssertionError, AmberError):
                    found.add(name)
        return found


def losing(lose: Callable[[dict[str, Any]], dict[str, Any]]) -> type[LinesStore]:
    """Return a store that changes what it writes of a trial."""

    class Losing(LinesStore):
        def _append(self, value: Mapping[str, Any]) -> None:
            super()._append(value if "settings" in value else lose(dict(value)))

    return Losing


def everywhere(change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes every number and text in a value."""

    def changed(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: changed(each) for name, each in value.items()}
        return [changed(each) for each in value] if isinstance(value, (list, tuple)) else change(value)

    return changed


def whole(change: Callable[[int], int]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes every whole number."""
    return everywhere(lambda value: change(value) if type(value) is int else value)


def text(change: Callable[[str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes every text."""
    return everywhere(lambda value: change(value) if isinstance(value, str) else value)


def real(change: Callable[[float], float | None]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes every number that is not whole."""
    return everywhere(lambda value: change(value) if isinstance(value, float) else value)


LOSSES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "numbers near 0 become 0": real(lambda value: value if abs(value) > 1e-200 else 0.0),
    "twelve decimals are kept": real(lambda value: round(value, 12) if math.isfinite(value) else value),
    "signs are lost": real(abs),
    "a quarter is a half": real(lambda value: 0.5 if value == 0.25 else value),
    "whole numbers in single precision": whole(lambda value: int(np.float32(value))),
    "whole numbers of 31 bits": whole(lambda value: min(value, 2**31 - 1)),
    "whole numbers of 50 bits": whole(lambda value: min(value, 2**50 - 1)),
    "letters of ASCII alone": text(lambda value: value.encode("ascii", "replace").decode()),
    "letters of Latin-1 alone": text(lambda value: value.encode("latin-1", "replace").decode("latin-1")),
    "quotes are lost": text(lambda value: value.replace("'", "")),
    "double quotes are lost": text(lambda value: value.replace('"', "")),
    "backslashes are lost": text(lambda value: value.replace("\\", "")),
    "fewer letters than a trial keeps": text(lambda value: value[:1999]),
    "at most 255 letters": text(lambda value: value[:255]),
    "capitals are lost": text(str.lower),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_value_that_is_lost_is_noticed(loss: str, tmp_path: Path) -> None:
    failing = Suite(losing(LOSSES[loss]), tmp_path).failing()
    assert "test_every_kind_of_trial_makes_the_round_trip" in failing


FIELDS = [each.name for each in dataclasses.fields(Trial) if each.default is not dataclasses.MISSING]


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_lost_is_noticed(name: str, tmp_path: Path) -> None:
    class Losing(LinesStore):
        def trials(self) -> list[Trial]:
            (field,) = [each for each in dataclasses.fields(Trial) if each.name == name]
            return [dataclasses.replace(trial, **{name: field.default}) for trial in super().trials()]

    assert "test_every_kind_of_trial_makes_the_round_trip" in Suite(Losing, tmp_path).failing()


class _TellsTwice(LinesStore):
    def poll(self) -> list[StoredTrial]:
        self.told.clear()
        return super().poll()


class _TellsItsOwn(LinesStore):
    def record(self, trial: Trial) -> Trial:
        super().record(trial)
        self.told.discard(trial.number)
        return trial


class _TellsBackwards(LinesStore):
    def poll(self) -> list[StoredTrial]:
        return super().poll()[::-1]


class _TellsAtMostTwo(LinesStore):
    def poll(self) -> list[StoredTrial]:
        return super().poll()[:2]


class _LeavesGaps(LinesStore):
    def poll(self) -> list[StoredTrial]:
        return [each for each in super().poll() if each.trial]


class _TokensOfAnother(LinesStore):
    def poll(self) -> list[StoredTrial]:
        return [dataclasses.replace(each, tokens=(9, 9)) for each in super().poll()]


class _InOrderOfWriting(LinesStore):
    def trials(self) -> list[Trial]:
        return [Trial.from_dict(each) for each in self._lines() if "settings" not in each]


class _ReplacesTrials(LinesStore):
    def record(self, trial: Trial) -> Trial:
        self._append(trial.to_dict())
        return trial


class _RefusesItsOwnOnly(LinesStore):
    def record(self, trial: Trial) -> Trial:
        if trial.number in self.told and len(self._lines()) <= 2:
            return super().record(trial)
        self._append(trial.to_dict())
        self.told.add(trial.number)
        return trial


class _TakesAnySettings(LinesStore):
    def begin(self, settings: Mapping[str, Any], direction: str) -> None:
        self.allow_changes = True
        super().begin(settings, direction)


class _TakesNoOtherSettings(LinesStore):
    def __init__(self, path: Path, *, allow_changes: bool = False) -> None:
        super().__init__(path)


class _ForgetsChanges(LinesStore):
    def begin(self, settings: Mapping[str, Any], direction: str) -> None:
        known = [each for each in self._lines() if "settings" in each]
        super().begin(settings, direction)
        if known:
            self._append(known[0])


class _BegunAtOnce(LinesStore):
    is_begun = True


class _BegunWhereItFailed(LinesStore):
    def begin(self, settings: Mapping[str, Any], direction: str) -> None:
        self.is_begun = True
        super().begin(settings, direction)


class _NeverBegun(LinesStore):
    def begin(self, settings: Mapping[str, Any], direction: str) -> None:
        super().begin(settings, direction)
        self.is_begun = False


class _StaysBegun(LinesStore):
    def close(self) -> None:
        return None


class _ClosesOnce(LinesStore):
    closed = False

    def close(self) -> None:
        assert not self.closed
        self.closed = True
        super().close()


class _ReturnsAnother(LinesStore):
    def record(self, trial: Trial) -> Trial:
        return dataclasses.replace(super().record(trial), score=0.125)


class _WritesWhenItCloses(LinesStore):
    def __init__(self, path: Path, *, allow_changes: bool = False) -> None:
        super().__init__(path, allow_changes=allow_changes)
        self.waiting: list[Mapping[str, Any]] = []

    def _append(self, value: Mapping[str, Any]) -> None:
        self.waiting.append(value)

    def _lines(self) -> list[dict[str, Any]]:
        return super()._lines() + [dict(each) for each in self.waiting]

    def close(self) -> None:
        for each in self.waiting:
            super()._append(each)
        self.waiting = []
        super().close()


class _SkipsWhatIsDamaged(LinesStore):
    def trials(self) -> list[Trial]:
        found = []
        for each in self._lines():
            try:
                found += [] if "settings" in each else [Trial.from_dict(each)]
            except AmberError:
                continue
        return found


class _SharedByAnyValue(LinesStore):
    shared = 1  # type: ignore[assignment]


class _ResumesByAnyValue(LinesStore):
    def __init__(self, path: Path, *, allow_changes: bool = False) -> None:
        super().__init__(path, allow_changes=allow_changes)
        self.resume = None  # type: ignore[assignment]


CARELESS = {
    _TellsTwice: "test_trials_of_an_earlier_process_are_polled_once",
    _TellsItsOwn: "test_trials_of_an_earlier_process_are_polled_once",
    _TellsBackwards: "test_trials_of_an_earlier_process_are_polled_once",
    _TellsAtMostTwo: "test_trials_of_an_earlier_process_are_polled_once",
    _LeavesGaps: "test_trial_under_way_is_left_to_the_next_process",
    _TokensOfAnother: "test_trial_under_way_is_left_to_the_next_process",
    _InOrderOfWriting: "test_trial_under_way_is_left_to_the_next_process",
    _ReplacesTrials: "test_recorded_trial_never_changes",
    _RefusesItsOwnOnly: "test_recorded_trial_never_changes",
    _TakesAnySettings: "test_other_settings_are_refused",
    _TakesNoOtherSettings: "test_other_settings_are_refused",
    _ForgetsChanges: "test_other_settings_are_refused",
    _BegunAtOnce: "test_new_store_holds_nothing",
    _BegunWhereItFailed: "test_other_settings_are_refused",
    _NeverBegun: "test_new_store_holds_nothing",
    _StaysBegun: "test_new_store_holds_nothing",
    _ClosesOnce: "test_close_may_be_repeated",
    _ReturnsAnother: "test_every_kind_of_trial_makes_the_round_trip",
    _WritesWhenItCloses: "test_recorded_trial_is_there_for_others_at_once",
    _SkipsWhatIsDamaged: "test_damage_is_refused_and_never_taken_for_a_trial",
    _SharedByAnyValue: "test_store_says_what_it_is",
    _ResumesByAnyValue: "test_store_says_what_it_is",
}


@pytest.mark.parametrize("kind", CARELESS, ids=lambda kind: kind.__name__)
def test_a_store_that_does_otherwise_is_noticed(kind: type[LinesStore], tmp_path: Path) -> None:
    assert CARELESS[kind] in Suite(kind, tmp_path).failing()


def test_a_store_that_does_as_it_should_passes_all(tmp_path: Path) -> None:
    assert Suite(LinesStore, tmp_path).failing() == set()

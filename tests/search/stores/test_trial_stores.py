"""Every trial store passes the same tests: memory, journal, database, and that of a third party."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from tests.search.stores.third_party import LinesStore

from amber.search import DatabaseStore, JournalStore, MemoryStore, RunDirectory, StudyDatabase, Trial, TrialStore
from amber.search.stores.testing import PersistentStoreTests, SharedStoreTests, TrialStoreTests


class TestMemoryStore(TrialStoreTests):
    @pytest.fixture(autouse=True)
    def kept(self) -> None:
        self.store = MemoryStore()

    def open_store(self, *, allow_changes: bool = False) -> TrialStore:
        self.store.allow_changes = allow_changes  # only the same object resumes what is in memory
        return self.store


class TestJournalStore(PersistentStoreTests):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "run"

    def open_store(self, *, allow_changes: bool = False) -> TrialStore:
        return JournalStore(RunDirectory.resume(self.path), resume=True, allow_changes=allow_changes)

    def damage(self) -> None:
        journal = self.path / "trials.jsonl"
        content = journal.read_bytes()
        assert b"0.25" in content
        journal.write_bytes(content.replace(b"0.25", b"0.95"))


class TestPostgresqlStore(SharedStoreTests):
    @pytest.fixture(autouse=True)
    def place(self, postgres: str, tmp_path: Path) -> None:
        self.url, self.folder, self.opened = postgres, tmp_path, 0

    def open_store(self, *, allow_changes: bool = False) -> TrialStore:
        return DatabaseStore(StudyDatabase(self.url, "study"), allow_changes=allow_changes)

    def damage(self) -> None:
        storage = optuna.storages.RDBStorage(self.url.replace("postgresql://", "postgresql+psycopg://"))
        (study,) = storage.get_all_studies()
        last = storage.get_all_trials(study._study_id)[-1]
        from sqlalchemy import text

        with storage.engine.begin() as connection:
            done = connection.execute(
                text("UPDATE trial_user_attributes SET value_json = :value WHERE trial_id = :trial AND key = :key"),
                {"value": '{"number": 2, "score": "high"}', "trial": last._trial_id, "key": "amber:trial"},
            )
        assert done.rowcount == 1


class TestFileDatabaseStore(TestPostgresqlStore):
    """SQLite, with a run directory that holds a copy."""

    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:  # type: ignore[override]
        self.url, self.folder, self.opened = f"sqlite:///{tmp_path / 'study.db'}", tmp_path, 0

    def open_store(self, *, allow_changes: bool = False) -> TrialStore:
        self.opened += 1
        directory = RunDirectory.create(self.folder / f"run-{self.opened}")
        return DatabaseStore(StudyDatabase(self.url, "study"), directory, allow_changes=allow_changes)


class _Silent(MemoryStore):
    """Says nothing of a trial that is recorded again by the process that recorded it."""

    begun = 0

    def begin(self, settings: Mapping[str, Any], direction: str) -> None:
        self.begun += 1
        super().begin(settings, direction)

    def record(self, trial: Trial) -> Trial:
        if self.begun == 1 and any(each.number == trial.number for each in self.trials()):
            return trial
        return super().record(trial)


def test_a_store_that_takes_a_trial_twice_fails_the_suite() -> None:
    suite = TestMemoryStore()
    suite.store = _Silent()
    with pytest.raises(AssertionError, match="StorageError from recording trial 0 again. Received: no error"):
        suite.test_recorded_trial_never_changes()


class TestThirdPartyStore(PersistentStoreTests):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "mine.txt"

    def open_store(self, *, allow_changes: bool = False) -> TrialStore:
        return LinesStore(self.path, allow_changes=allow_changes)

    def damage(self) -> None:
        self.path.write_text(self.path.read_text("utf-8").replace("0.25", '"0.25"'), "utf-8")

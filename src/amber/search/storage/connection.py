"""One Optuna study in one database: opening it, trying again, one process at a time, and who shows no sign of life."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import filelock
import optuna

from amber.errors import ConfigError, StorageError
from amber.search.storage.urls import parse_url, shown_url, without_passwords

logger = logging.getLogger(__name__)

# Seconds that a database may be away, as while it is restarted, before a search gives up.
_PATIENCE = 60.0
Value = TypeVar("Value")


class Connection:
    """A study in a database.

    Args:
        url: an Optuna storage URL.
        study: name of the study.
        heartbeat: seconds between two signs of life of a process; after four times that it counts as lost.

    Attributes:
        name: study and address, as they may be shown.
        storage: Optuna's storage; None until `open`.
        study: Optuna's study; None until `open`.

    Raises:
        ConfigError: the URL is none.
    """

    def __init__(self, url: str, study: str, heartbeat: int) -> None:
        self._url, self._text, self._study_name, self._heartbeat = parse_url(url), url, study, heartbeat
        self.name = f"study '{study}' in {shown_url(url)}"
        self.storage: Any = None
        self.study: Any = None
        self._identity: int | None = None

    def open(self, direction: str | None) -> None:
        """Open the database where it is not open; makes tables and study where a direction is given.

        Raises:
            ConfigError: the driver is not installed.
            StorageError: it cannot be reached or used, or there is no such study.
        """
        if self.study is not None:
            return
        for last in (False, False, True):
            try:
                with self.named("connecting"):
                    self._open(direction)
                return
            except StorageError as error:
                # Two processes that both make the tables of a new database are in each other's way, once.
                if last or direction is None or not _is_of_sql(_root(error)):
                    raise
                time.sleep(1.0)

    def check_reachable(self) -> None:
        """Connect and leave; raises as `open` does, but for a study that is not there."""
        import sqlalchemy

        with self.named("connecting"):
            engine = sqlalchemy.create_engine(self._url, connect_args=self._connect_arguments())
            try:
                engine.connect().close()
            finally:
                engine.dispose()

    def close(self) -> None:
        """Close the connections of this thread; another `open` may follow."""
        if self.storage is not None:
            with contextlib.suppress(Exception):  # a database that is away needs no goodbye
                self.storage.remove_session()
                self.storage.engine.dispose()
        self.storage = self.study = self._identity = None

    def identity(self) -> int:
        """Return Optuna's number of the study."""
        if self._identity is None:
            self._identity = int(self.storage.get_study_id_from_name(self._study_name))
        return self._identity

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Wait until no other process is within, and keep others out; one that is killed keeps nobody out.

        Args:
            key: of a user attribute that the study has: its row is what is locked.

        Raises:
            StorageError: another process is within for too long, or the database is away.
        """
        what = "waiting for the lock of the study"
        if self._url.get_backend_name() == "sqlite":  # it locks no rows
            lock = filelock.FileLock(f"{self._url.database}.lock", timeout=_PATIENCE)
            with self.named(what):
                lock.acquire()
            release: Callable[[], Any] = lock.release
        else:
            release = self.tried(what, lambda: self._lock_row(key)).close
        try:
            yield
        finally:
            with contextlib.suppress(Exception):  # a database that went away has forgotten its locks
                release()

    def lost(self, running: Sequence[int]) -> set[int]:
        """Return those trials, by Optuna's number, whose process shows no sign of life, or never showed one."""
        import sqlalchemy

        column: Any = sqlalchemy.column("trial_id")
        beats = sqlalchemy.select(column).select_from(sqlalchemy.table("trial_heartbeats", column))
        with self.storage.engine.connect() as connection:
            shown = set(connection.execute(beats.where(column.in_(running))).scalars())
        return {*self.storage._get_stale_trial_ids(self.identity()), *(each for each in running if each not in shown)}

    def tried(self, what: str, action: Callable[[], Value]) -> Value:
        """Do what may be done twice, again and again while the database is away; raises as `named` does."""
        from sqlalchemy.exc import InterfaceError, OperationalError

        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                with self.named(what):
                    return action()
            except StorageError as error:
                if time.monotonic() > deadline or not isinstance(_root(error), (InterfaceError, OperationalError)):
                    raise
                logger.warning("%s Trying again.", error)
                time.sleep(1.0)

    @contextlib.contextmanager
    def named(self, what: str) -> Iterator[None]:
        """Turn what database and driver raise into an error that says what was tried.

        Raises:
            ConfigError: the driver is not installed.
            StorageError: anything else.
        """
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except StorageError:
            raise
        except ImportError as error:
            raise ConfigError(
                f"The {self.name} needs the driver of {self._url.drivername}: expected it to be installed, as "
                f"pip install 'amber-nas[postgresql]' does for PostgreSQL. Received: {error}"
            ) from error
        except KeyError as error:
            raise StorageError(f"There is no {self.name}: {what} failed.") from error
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError, OSError, RuntimeError) as error:
            raise StorageError(
                f"The {self.name} cannot be used: {what} failed. Received: {self.cause(error)}"
            ) from error

    def cause(self, error: BaseException) -> str:
        """Return what the driver said, on one line, without passwords."""
        root = _root(error)
        said = " ".join(str(getattr(root, "orig", None) or root).split())
        return without_passwords(f"{type(root).__name__}: {said}", self._text)

    def _open(self, direction: str | None) -> None:
        text = self._url.render_as_string(hide_password=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self.storage = optuna.storages.RDBStorage(
                text.replace("{", "{{").replace("}", "}}"),  # Optuna takes single ones for its own
                engine_kwargs={
                    "connect_args": self._connect_arguments(),
                    "pool_pre_ping": True,
                },
                heartbeat_interval=self._heartbeat,
                grace_period=4 * self._heartbeat,
                skip_table_creation=direction is None,
            )
        if direction is None:
            self.study = optuna.load_study(study_name=self._study_name, storage=self.storage)
        else:
            self.study = optuna.create_study(
                study_name=self._study_name, storage=self.storage, direction=direction, load_if_exists=True
            )

    def _connect_arguments(self) -> dict[str, object]:
        patient: dict[str, dict[str, Any]] = {
            "sqlite": {"timeout": _PATIENCE},
            "postgresql": {"connect_timeout": 10, "client_encoding": "utf8"},
        }
        return patient.get(self._url.get_backend_name(), {})

    def _lock_row(self, key: str) -> Any:
        """Return a connection that locks the row until it is closed."""
        import sqlalchemy

        columns: list[Any] = [sqlalchemy.column("study_id"), sqlalchemy.column("key")]
        rows = sqlalchemy.select(columns[1]).select_from(sqlalchemy.table("study_user_attributes", *columns))
        wanted = rows.where((columns[0] == self.identity()) & (columns[1] == key)).with_for_update()
        connection = self.storage.engine.connect()
        try:
            if self._url.get_backend_name() == "postgresql":
                connection.execute(sqlalchemy.text(f"SET LOCAL lock_timeout = '{_PATIENCE:g}s'"))
            connection.execute(wanted).all()
        except BaseException:
            connection.close()
            raise
        return connection


def _is_of_sql(error: BaseException) -> bool:
    """Say whether a database refused a statement, as it does where another process has just made the same table."""
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    # SQLite says so by a code; of the same class are errors of a file that cannot be opened, or is locked.
    code = getattr(error.orig, "sqlite_errorcode", None) if isinstance(error, OperationalError) else None
    return isinstance(error, (IntegrityError, ProgrammingError)) or code == sqlite3.SQLITE_ERROR


def _root(error: BaseException) -> BaseException:
    """Return SQLAlchemy's error, or where there is none the first cause."""
    from sqlalchemy.exc import SQLAlchemyError

    while error.__cause__ is not None and not isinstance(error, SQLAlchemyError):
        error = error.__cause__
    return error

"""A study in a database that several processes, on one or many machines, work at together.

It is an ordinary Optuna study, with state and value of each trial. To a trial AMBER writes user attributes:

| attribute | what |
|---|---|
| `amber:proposal` | tokens, fingerprint, parameters and FLOPs, from the moment that a process takes it up |
| `amber:owner` | which process that is; empty where it gave it back |
| `amber:trial` | what became of it, with the keys of `Trial` |
| `amber:deaths` | how many processes were lost that trained it in themselves |

and to the study `amber:format_version` and `amber:settings`. Models, checkpoints and reports never go there: they lie
in the run directory of each process.

Only one process at a time proposes (`lock`), so two never take the same number or train the same network. Each shows by
a sign of life every few seconds that it still trains what it took up; what a lost one had is taken up by another.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import optuna
from optuna.trial import FrozenTrial, TrialState

from amber.checks import positive_integer
from amber.display import PlainRepr
from amber.errors import StorageError
from amber.search.candidate import Candidate
from amber.search.data_identity import comparable
from amber.search.run_settings import SettingsChangedError, changes_between
from amber.search.storage.connection import Connection
from amber.search.storage.urls import shown_url
from amber.search.trial import Trial
from amber.search.trial_store import StoredTrial
from amber.types import JsonObject

logger = logging.getLogger(__name__)

FORMAT_VERSION = 1
_VERSION, _SETTINGS = "amber:format_version", "amber:settings"
_PROPOSAL, _OWNER, _TRIAL, _DEATHS = "amber:proposal", "amber:owner", "amber:trial", "amber:deaths"
# Begins the name of an owner that trains in itself, so that its end may be the fault of what it trained.
_ALONE = "alone-"


class StudyDatabase(PlainRepr):
    """One study in one database; `begin`, then `join` and work, then `close`. Or only read its `trials`.

    Args:
        url: an Optuna storage URL, such as `postgresql://user@host/database` (extra `postgresql`). Where it holds no
            password, the driver finds it: for PostgreSQL in `PGPASSWORD` or `~/.pgpass`.
        study: name of the study; processes that name the same one work together.
        heartbeat: seconds between two signs of life; after four times that without one a process counts as lost.

    Attributes:
        study_name: name of the study.
        address: of the database, without passwords.
        name: both, for messages.

    Raises:
        ConfigError: the URL is none, or `heartbeat` is not a positive integer.
    """

    def __init__(self, url: str, study: str = "amber", *, heartbeat: int = 15) -> None:
        positive_integer(heartbeat, "heartbeat")
        self._url, self._connection, self._heartbeat = url, Connection(url, study, heartbeat), heartbeat
        self.study_name, self.address, self.name = study, shown_url(url), self._connection.name
        self._owner, self._alone = "", False
        self._held: dict[int, int] = {}  # number -> Optuna's, of what this process is to record
        self._recorded: set[int] = set()
        self._looked = 0.0
        self._leaving = threading.Event()
        self._beating: threading.Thread | None = None

    def beside(self, name: str) -> StudyDatabase:
        """Return another study of the same database, called `STUDY/name`."""
        return StudyDatabase(self._url, f"{self.study_name}/{name}", heartbeat=self._heartbeat)

    def check_reachable(self) -> None:
        """Connect once, before anything else is done; raises as `begin` does."""
        self._connection.check_reachable()

    def check_same(self, settings: Mapping[str, object]) -> None:
        """Raise where the study began with other settings; only reads, and says nothing where there is no such study.

        Args:
            settings: as for `begin`.

        Raises:
            SettingsChangedError: settings differ; names each key with both values.
            StorageError: the study is of another version.
        """
        try:
            self._connection.open(None)
        except StorageError:
            return  # it is not there yet; what else is wrong with the database, `begin` says
        try:
            known, now = self._attributes(), json.loads(json.dumps(settings, default=str))
            if _VERSION in known:
                self._check_version(known)
            changes = changes_between(*comparable(known.get(_SETTINGS, now), now))
        finally:
            self._connection.close()
        if changes:
            raise SettingsChangedError(self.name, changes)

    def begin(self, settings: Mapping[str, object], direction: str, *, allow_changes: bool = False) -> None:
        """Connect, and makes the study or finds that it is the same search; may be called again.

        Args:
            settings: JSON-ready; those that the study began with must be the same.
            direction: `"maximize"` or `"minimize"`.
            allow_changes: whether the settings may differ.

        Raises:
            ConfigError: the database's driver is not installed.
            SettingsChangedError: settings differ; names each key with both values.
            StorageError: the database cannot be reached or used, or the study is none of AMBER's.
        """
        self._connection.open(direction)
        now = json.loads(json.dumps(settings, default=str))
        if _VERSION not in self._attributes():
            if self._trials():
                raise StorageError(f"The {self.name} has trials that are none of AMBER's: choose another name.")
            self._note(_VERSION, FORMAT_VERSION)
        with self.lock():
            known = self._attributes()
            self._check_version(known)
            changes = changes_between(*comparable(known.get(_SETTINGS, now), now))
            if changes and not allow_changes:
                raise SettingsChangedError(self.name, changes)
            if changes or _SETTINGS not in known:
                self._note(_SETTINGS, now)

    def join(self, owner: str, *, alone: bool = False) -> None:
        """Take part as `owner`; what a process of that name left unfinished is this one's again.

        Args:
            owner: name of this process.
            alone: whether it trains in itself, so that it may end of what it trains.
        """
        self._owner, self._alone = owner, alone
        self._held, self._recorded, self._looked = {}, set(), 0.0
        self._leaving.clear()
        self._beating = threading.Thread(target=self._beat, name="amber-study-heartbeat", daemon=True)
        self._beating.start()

    def close(self) -> None:
        """Leave the study and release unfinished trials."""
        self._leaving.set()
        if self._beating is not None:
            self._beating.join()
            self._beating = None
        for identity in self._held.values():
            with contextlib.suppress(Exception):  # others will find it lost
                self._connection.storage.set_trial_user_attr(identity, _OWNER, "")
        self._held = {}
        self._connection.close()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from proposing; see `Connection.lock`."""
        with self._connection.lock(_VERSION):
            yield

    def poll(self) -> list[StoredTrial]:
        """Return, by number, what others proposed or recorded and what this process takes up; with the lock held.

        A trial is returned until it is recorded; then once more.

        Raises:
            StorageError: the database is away, or a trial is none of AMBER's.
        """
        trials = [
            each for each in self._trials() if each.number not in self._held and each.number not in self._recorded
        ]
        lost: set[int] = set()
        if time.monotonic() - self._looked > self._heartbeat:
            running = [each._trial_id for each in trials if each.state == TrialState.RUNNING]
            lost = self._connection.tried("looking for lost processes", lambda: self._connection.lost(running))
            self._looked = time.monotonic()
        return [self._met(each, each._trial_id in lost) for each in trials]

    def claim(self, number: int, tokens: tuple[int, ...], candidate: Candidate | None) -> None:
        """Note that this process will record a trial, with the lock held; one that it holds already is left alone.

        Args:
            number: of the proposal; all before it are known.
            tokens: the architecture.
            candidate: its network; None where it is none.

        Raises:
            StorageError: the database is away, or somebody else than AMBER adds trials.
        """
        if number in self._held:
            return
        described = {"tokens": list(tokens)} | ({} if candidate is None else candidate.to_dict())
        # Not as Optuna's parameters: each would be four questions to the database, while all others wait.
        template = optuna.trial.create_trial(
            state=TrialState.RUNNING, user_attrs={_PROPOSAL: described, _OWNER: self._signature}
        )
        storage, study = self._connection.storage, self._connection.identity()
        with self._connection.named(f"adding trial {number}"):
            identity: int = storage.create_new_trial(study, template)
            storage.record_heartbeat(identity)
            found = storage.get_trial_id_from_study_id_trial_number(study, number)
        if found != identity:
            raise StorageError(f"Trial {number} of the {self.name} was added by another program.")
        self._held[number] = identity

    def record(self, trial: Trial) -> Trial:
        """Record a trial that this process claimed; waits for a database that is away.

        Returns:
            The trial that is recorded: another process's, where that took this one for lost and was first.

        Raises:
            StorageError: this process did not claim the trial or recorded it before, or the database is away for too
                long.
        """
        if trial.number not in self._held:
            raise StorageError(f"Trial {trial.number} of the {self.name} is recorded already, or not claimed.")
        identity, storage = self._held[trial.number], self._connection.storage
        state = TrialState.FAIL if trial.score is None else TrialState.COMPLETE
        state = TrialState.PRUNED if trial.status == "pruned" else state
        values = [trial.score] if state == TrialState.COMPLETE else None

        def write() -> Trial:
            try:
                storage.set_trial_user_attr(identity, _TRIAL, trial.to_dict())
                storage.set_trial_state_values(identity, state, values)
            except optuna.exceptions.UpdateFinishedTrialError:
                return self._read(storage.get_trial(identity)).trial or trial
            return trial

        recorded = self._connection.tried(f"recording trial {trial.number}", write)
        del self._held[trial.number]
        self._recorded.add(trial.number)
        return recorded

    def trials(self) -> list[Trial]:
        """Return all recorded trials, by number; only reads.

        Raises:
            ConfigError: the database's driver is not installed.
            StorageError: there is no such study, or it cannot be read.
        """
        self._connection.open(None)
        self._check_version(self._attributes())
        found = [self._read(each).trial for each in self._trials()]
        return [each for each in found if each is not None]

    def _met(self, trial: FrozenTrial, lost: bool) -> StoredTrial:
        """Return a proposal as others have left it, and take it up where they left it for good."""
        known = self._read(trial)
        if trial.state.is_finished():
            self._recorded.add(trial.number)
            fingerprint = known.candidate.fingerprint if known.candidate else ""
            ended = Trial(trial.number, known.tokens or (), fingerprint, "failed", error="ended by another program")
            return replace(known, trial=known.trial or ended)
        owner = str(trial.user_attrs.get(_OWNER))
        own = owner.removeprefix(_ALONE) in ("", self._owner)
        if not lost and not own:
            return replace(known, trial=None)
        deaths = known.deaths + (lost and not own and owner.startswith(_ALONE))
        self._connection.tried(f"taking up trial {trial.number}", lambda: self._take_up(trial._trial_id, deaths))
        self._held[trial.number] = trial._trial_id
        if known.trial is not None:  # its process was ended between saying what became of it and ending it
            self.record(known.trial)
        return replace(known, mine=True, deaths=deaths)

    @property
    def _signature(self) -> str:
        """What is written as the owner of a trial."""
        return f"{_ALONE if self._alone else ''}{self._owner}"

    def _take_up(self, identity: int, deaths: int) -> None:
        self._connection.storage.record_heartbeat(identity)
        if deaths:
            self._connection.storage.set_trial_user_attr(identity, _DEATHS, deaths)
        self._connection.storage.set_trial_user_attr(identity, _OWNER, self._signature)

    def _read(self, trial: FrozenTrial) -> StoredTrial:
        try:
            proposal, settled = trial.user_attrs[_PROPOSAL], trial.user_attrs.get(_TRIAL)
            result = None if settled is None else Trial.from_dict(settled)
            tokens = tuple(int(token) for token in proposal["tokens"])
            candidate = Candidate(**{**proposal, "tokens": tokens}) if "fingerprint" in proposal else None
            deaths = int(trial.user_attrs.get(_DEATHS, 0))
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(f"Trial {trial.number} of the {self.name} is none of AMBER's: {error!r}") from error
        return StoredTrial(trial.number, tokens, candidate, result, mine=False, deaths=deaths)

    def _beat(self) -> None:
        storage = self._connection.storage
        while not self._leaving.wait(self._heartbeat):
            for number, identity in list(self._held.items()):
                try:
                    storage.record_heartbeat(identity)
                except Exception as error:  # the next one may come through
                    logger.warning("No sign of life for trial %d: %s", number, self._connection.cause(error))
        storage.remove_session()

    def _trials(self) -> list[FrozenTrial]:
        study = self._connection.study
        found: list[FrozenTrial] = self._connection.tried(
            "reading the trials", lambda: study.get_trials(deepcopy=False)
        )
        return found

    def _attributes(self) -> JsonObject:
        study = self._connection.study
        return self._connection.tried("reading the settings", lambda: dict(study.user_attrs))

    def _note(self, key: str, value: object) -> None:
        study = self._connection.study
        self._connection.tried("noting the settings", lambda: study.set_user_attr(key, value))

    def _check_version(self, attributes: Mapping[str, object]) -> None:
        if attributes.get(_VERSION) != FORMAT_VERSION:
            raise StorageError(
                f"The {self.name} must be of {_VERSION} {FORMAT_VERSION}. Received: {attributes.get(_VERSION)!r}"
            )

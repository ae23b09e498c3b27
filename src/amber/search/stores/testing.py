"""Tests that every trial store passes, those of other packages too.

Inherit from the class that fits, in a module that pytest collects, and define how the store is opened:

```python
class TestMyStore(PersistentStoreTests):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path):
        self.path = tmp_path / "trials.bin"

    def open_store(self, *, allow_changes=False):
        return MyStore(self.path, allow_changes=allow_changes)

    def damage(self):
        self.path.write_bytes(self.path.read_bytes()[:-20] + b"?" * 20)
```

This module does not import pytest: any runner of test methods works.
"""

from __future__ import annotations

import functools
import math
import threading
from abc import abstractmethod
from collections.abc import Callable, Sequence

from amber.errors import StorageError
from amber.search.candidate import Candidate
from amber.search.run_settings import SettingsChangedError
from amber.search.trial import Trial
from amber.search.trial_store import StoredTrial, TrialStore

SETTINGS = {"seed": 3, "sampler": "random", "training": {"epochs": 2, "batch_size": 16}}
"""Settings of the study in these tests."""
TRIALS = (
    Trial(0, (1, 0), "aa", "complete", 0.5, {"val_accuracy": 0.5, "lr": math.inf}, 2000, 10, 1.25, 7, None, 2),
    Trial(1, (1, 1), "", "invalid", error="InvalidArchitectureError: ä ☃ 'quoted' \" \\ \x1b"),
    Trial(2, (0, 1), "bb", "pruned", curve=(0.25, math.nan), epochs=2, seed=2**31 - 1),
    Trial(3, (0, 0), "cc", "failed", error="MemoryError: " + "x" * 5000, retries=2, diverged=True),
    Trial(4, (1, 0), "aa", "duplicate", 0.5, parameters=2000, error="the same network as trial 0 (complete)"),
    Trial(5, (2, 2), "dd", "over budget", parameters=2**40, flops=2**50, architecture="conv8-maxpool"),
    Trial(6, (2, 1), "ee", "complete", -1e-300, {}, None, None, latency=0.125),
    Trial(7, (), "ff", "complete", 0.75, {"val_accuracy": 0.75}, reference="deepsea"),
)
"""One trial of each kind, with values that a careless store loses."""


class TrialStoreTests:
    """Tests of a store that one process opens repeatedly."""

    @abstractmethod
    def open_store(self, *, allow_changes: bool = False) -> TrialStore:
        """Return the store of a study; resume the study if an earlier store of this test began it.

        Args:
            allow_changes: whether settings may differ from those that the study began with.
        """
        raise NotImplementedError

    def test_new_store_holds_nothing(self) -> None:
        """A study starts without trials, and has begun once `begin` was called."""
        store = self.open_store()
        _expect(not store.is_begun, "a new store is not begun")
        begin(store)
        _expect(store.is_begun, "begin sets is_begun")
        _same(poll(store), [], "poll of a new store")
        _same(store.trials(), [], "trials of a new store")
        store.close()
        _expect(not store.is_begun, "close takes is_begun back")

    def test_every_kind_of_trial_makes_the_round_trip(self) -> None:
        """Every recorded value is read back, at once and after the store is opened again."""
        store = begin(self.open_store())
        for trial in TRIALS:
            _same(_values([record(store, trial)]), _values([trial]), "the trial that record returns")
        _same(_values(store.trials()), _values(TRIALS), "trials")
        store.close()
        _same(_values(self.open_store().trials()), _values(TRIALS), "trials of a store opened again")

    def test_trials_of_an_earlier_process_are_polled_once(self) -> None:
        """A resumed study learns of all earlier trials, in order, and not of those that it records itself."""
        store = begin(self.open_store())
        for trial in TRIALS[:3]:
            record(store, trial)
        _same(poll(store), [], "poll after trials of this process")
        store.close()
        store = begin(self.open_store())
        found = poll(store)
        _same([each.number for each in found], [0, 1, 2], "numbers that poll returns")
        _same(_values([each.trial for each in found if each.trial]), _values(TRIALS[:3]), "trials that poll returns")
        _same([each.tokens for each in found], [trial.tokens for trial in TRIALS[:3]], "tokens that poll returns")
        record(store, TRIALS[3])
        _same(poll(store), [], "poll after all was told")
        store.close()
        _same(_values(self.open_store().trials()), _values(TRIALS[:4]), "trials after a resumed study")

    def test_trial_under_way_is_left_to_the_next_process(self) -> None:
        """A number that was claimed but not recorded, below one that was, is given to this process to train."""
        store = begin(self.open_store())
        with store.lock():
            for trial in TRIALS[:3]:
                claim(store, trial)
        for trial in (TRIALS[2], TRIALS[0]):  # in another order than they were proposed
            store.record(trial)
        store.close()
        store = begin(self.open_store())
        found = poll(store)
        _same([each.number for each in found], [0, 1, 2], "numbers that poll returns")
        _expect(found[1].trial is None and found[1].mine, "trial 1 has not ended, and is this process's")
        _expect(found[1].tokens in (None, TRIALS[1].tokens), "tokens of trial 1 are known, or asked for again")
        record(store, TRIALS[1])
        store.close()
        _same(_values(self.open_store().trials()), _values(TRIALS[:3]), "trials, by number")

    def test_recorded_trial_never_changes(self) -> None:
        """A recorded number is refused, in this process and in the next."""
        store = begin(self.open_store())
        record(store, TRIALS[0])
        other = Trial(0, (1, 0), "aa", "complete", 0.75)
        _raises(StorageError, lambda: store.record(other), "recording trial 0 again")
        _same(_values(store.trials()), _values(TRIALS[:1]), "trials after a refusal")
        store.close()
        store = begin(self.open_store())
        poll(store)
        _raises(StorageError, lambda: store.record(other), "recording trial 0 again in the next process")
        store.close()
        _same(_values(self.open_store().trials()), _values(TRIALS[:1]), "trials at the end")

    def test_other_settings_are_refused(self) -> None:
        """The error names what differs; what is recorded stays, and changes may be allowed."""
        store = begin(self.open_store())
        record(store, TRIALS[0])
        store.close()
        changed = SETTINGS | {"training": {"epochs": 2, "batch_size": 8}}
        store = self.open_store()
        error = _raises(SettingsChangedError, lambda: store.begin(changed, "maximize"), "beginning with other settings")
        _expect("training.batch_size (was 16, is 8)" in str(error), f"the error names what differs: {error}")
        _expect(not store.is_begun, "a store whose begin failed is not begun")
        store.close()
        store = self.open_store(allow_changes=True)
        store.begin(changed, "maximize")
        store.join(alone=True)
        _same(len(poll(store)), 1, "trials after changes were allowed")
        store.close()
        store = self.open_store()
        store.begin(changed, "maximize")  # the changed ones hold now
        store.close()

    def test_close_may_be_repeated(self) -> None:
        """A store that is closed, or was never begun, can be closed."""
        self.open_store().close()
        store = begin(self.open_store())
        store.close()
        store.close()
        _same(self.open_store().trials(), [], "trials of a store that was closed twice")

    def test_store_says_what_it_is(self) -> None:
        """It is a `TrialStore`, so that a study accepts it."""
        store = self.open_store()
        _expect(isinstance(store, TrialStore), f"{type(store).__name__} has all members of TrialStore")
        _expect(type(store.shared) is bool and type(store.resume) is bool, "shared and resume are true or false")


class PersistentStoreTests(TrialStoreTests):
    """Tests of a store that outlives its process."""

    @abstractmethod
    def damage(self) -> None:
        """Damage the stored data of the last trial, so that it is not what AMBER recorded."""
        raise NotImplementedError

    def test_recorded_trial_is_there_for_others_at_once(self) -> None:
        """A reader of a store in use sees every recorded trial, complete."""
        store = begin(self.open_store())
        for position, trial in enumerate(TRIALS, start=1):
            record(store, trial)
            _same(_values(self.open_store().trials()), _values(TRIALS[:position]), "trials that another reads")
        store.close()

    def test_store_that_was_not_closed_is_whole(self) -> None:
        """A process that ends without `close` loses nothing that it recorded."""
        store = begin(self.open_store())
        for trial in TRIALS:
            record(store, trial)
        resumed = begin(self.open_store())
        _same(_values([each.trial for each in poll(resumed) if each.trial]), _values(TRIALS), "trials after an end")
        resumed.close()
        store.close()

    def test_damage_is_refused_and_never_taken_for_a_trial(self) -> None:
        """Reading and resuming raise `StorageError`, and change nothing."""
        store = begin(self.open_store())
        for trial in TRIALS[:3]:
            record(store, trial)
        store.close()
        self.damage()
        for _ in range(2):
            _raises(StorageError, lambda: self.open_store().trials(), "reading a damaged store")
            resumed = self.open_store()
            _raises(StorageError, functools.partial(_resume, resumed), "resuming a damaged store")
            resumed.close()


class SharedStoreTests(PersistentStoreTests):
    """Tests of a store that several processes use at the same time."""

    def test_others_learn_of_claims_and_of_records(self) -> None:
        """A trial of another process is polled until it is recorded, then once more; a claim includes its network."""
        mine, theirs = begin(self.open_store()), begin(self.open_store())
        _expect(mine.shared, "shared is true")
        poll(mine), poll(theirs)
        with mine.lock():
            claim(mine, TRIALS[0])
        for _ in range(2):
            (known,) = poll(theirs)
            _expect(known.trial is None and not known.mine, "trial 0 is under way elsewhere")
            _same((known.number, known.tokens), (0, TRIALS[0].tokens), "number and tokens of trial 0")
            _expect(known.candidate is not None and known.candidate.fingerprint == "aa", "its network is known")
        mine.record(TRIALS[0])
        (known,) = poll(theirs)
        _same(_values([known.trial] if known.trial else []), _values(TRIALS[:1]), "trial 0 once it is recorded")
        _same(poll(theirs), [], "poll after that")
        mine.close()
        theirs.close()

    def test_released_trial_is_taken_up_by_another(self) -> None:
        """A trial that a process claimed but did not record can be taken by another as soon as it closes."""
        mine, theirs = begin(self.open_store()), begin(self.open_store())
        with mine.lock():
            claim(mine, TRIALS[0])
        mine.close()
        (known,) = poll(theirs)
        _expect(known.mine and known.tokens == TRIALS[0].tokens, "trial 0 is the other process's now")
        theirs.record(TRIALS[0])
        theirs.close()
        _same(_values(self.open_store().trials()), _values(TRIALS[:1]), "trials at the end")

    def test_lock_keeps_others_out(self) -> None:
        """While one process holds the lock, another waits for it."""
        mine, order = begin(self.open_store()), []
        ready = threading.Event()

        def other() -> None:
            theirs = begin(self.open_store())
            ready.set()
            with theirs.lock():
                order.append("theirs")
            theirs.close()

        thread = threading.Thread(target=other)
        with mine.lock():
            thread.start()
            ready.wait(1.0)  # where beginning takes the lock too, the other waits there
            thread.join(0.5)
            order.append("mine")
        thread.join(30.0)
        _same(order, ["mine", "theirs"], "order of two processes")
        mine.close()


def begin(store: TrialStore) -> TrialStore:
    """Begin and join a study, and return its store."""
    store.begin(SETTINGS, "maximize")
    store.join(alone=True)
    return store


def poll(store: TrialStore) -> list[StoredTrial]:
    """Poll with the lock held."""
    with store.lock():
        return store.poll()


def claim(store: TrialStore, trial: Trial) -> None:
    """Claim this trial before it is trained; the lock must be held."""
    network = Candidate(trial.tokens, trial.fingerprint, trial.parameters, trial.flops) if trial.fingerprint else None
    store.claim(trial.number, trial.tokens, network)


def record(store: TrialStore, trial: Trial) -> Trial:
    """Claim and record a trial."""
    with store.lock():
        claim(store, trial)
    return store.record(trial)


def _resume(store: TrialStore) -> list[StoredTrial]:
    return poll(begin(store))


def _values(trials: Sequence[Trial]) -> list[dict[str, object]]:
    return [trial.to_dict() for trial in trials]


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise AssertionError(f"Expected: {what}.")


def _same(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise AssertionError(f"Expected {what} to be {expected!r}. Received: {found!r}")


def _raises(kind: type[Exception], action: Callable[[], object], what: str) -> Exception:
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"Expected {kind.__name__} from {what}. Received: no error")

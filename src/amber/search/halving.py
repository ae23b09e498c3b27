"""Successive halving: many architectures are trained for few epochs, and the best of them go on from where they are.

Each rung is a search of its own, with every executor, sampler and store, recorded in `rungs/` of the run directory or
as a study beside that of the search, so that a search that was killed goes on exactly where it was. A network that goes
on continues from its checkpoint: no epoch is trained twice (Jamieson and Talwalkar 2016). The asynchronous kind is one
search, whose trainings go on or are given up while they run (`amber.search.asha`).
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import optuna

from amber.architect import TokenLayout
from amber.backend import interrupts
from amber.checks import positive_integer
from amber.errors import ConfigError
from amber.files import write_whole
from amber.files.strict_json import read_json
from amber.known_names import DEFAULT_SAMPLER
from amber.search.asha import checked_factor, rung_epochs
from amber.search.callbacks import SearchCallback
from amber.search.executors import Executor
from amber.search.objective import Objective
from amber.search.recording import SearchFiles
from amber.search.result import SearchResult, rank
from amber.search.run_directory import RunDirectory
from amber.search.rung_states import RungStates
from amber.search.samplers.tokens import TokenSampler
from amber.search.settings import PrunerSettings, SamplerChoice, SamplerSettings
from amber.search.stores import JournalStore
from amber.search.study import chosen_store, run_search
from amber.search.trial import Trial
from amber.search.trial_store import TrialStore

RUNGS = "rungs"
"""Folder of a run directory that holds what each rung recorded."""


@dataclass(frozen=True)
class HalvingSettings:
    """How many rungs there are, and what share goes on.

    Args:
        rungs: looks at the candidates, the last after all epochs; 1 is a plain search.
        factor: one of so many goes on to the next rung, for so many times the epochs.
        asynchronous: whether nothing waits for a rung to be full: a training goes on where it is among the best so far.

    Raises:
        ConfigError: `rungs` is not a positive integer, or `factor` not an integer of 2 or more.
    """

    rungs: int = 3
    factor: int = 3
    asynchronous: bool = False

    def __post_init__(self) -> None:
        positive_integer(self.rungs, "rungs")
        checked_factor(self.factor)

    def epochs(self, most: int) -> tuple[int, ...]:
        """Return after how many epochs each rung looks; see `rung_epochs`."""
        return rung_epochs(most, self.rungs, self.factor)

    def pruner(self) -> PrunerSettings:
        """Return what gives trainings up where nothing waits."""
        return PrunerSettings("asha", {"rungs": self.rungs, "factor": self.factor})

    def surviving(self, count: int) -> int:
        """Return how many of a rung's candidates go on, at least one."""
        return max(1, count // self.factor)


def run_halving(
    objective: Objective,
    *,
    trials: int,
    seed: int,
    settings: HalvingSettings | None = None,
    sampler: SamplerChoice = DEFAULT_SAMPLER,
    store: TrialStore | RunDirectory | None = None,
    executor: Executor | None = None,
    callbacks: Sequence[SearchCallback] = (),
) -> SearchResult:
    """Search by successive halving.

    Args:
        objective: what trains and scores; its epochs are those of the last rung.
        trials: architectures of the first rung.
        seed: of the sampler and, with the network's fingerprint, of every training.
        settings: rungs and factor; None: the defaults.
        sampler: proposes the architectures of the first rung; see `Study`.
        store: where the outcome is recorded, once all rungs are done; see `Study`. Processes that share one train each
            rung together, and each waits for its end; a network that went on elsewhere starts over here.
        executor: where candidates are trained; see `Study`.
        callbacks: listeners to every rung; each is told of the rung, which then is a search.

    Returns:
        All proposals of the first rung: those of the last rung with their scores, the others as "pruned".

    Raises:
        ConfigError: a setting out of range, another number of `trials` than the search began with, a shared store that
            has no parts, or a score that a pruner cannot follow where nothing waits.
        AmberError: as `Study.run` raises them.
    """
    settings, trial_store = settings or HalvingSettings(), chosen_store(store)
    epochs = settings.epochs(objective.settings.epochs)
    if len(epochs) == 1 or settings.asynchronous:
        return run_search(
            objective,
            trials=trials,
            seed=seed,
            sampler=sampler,
            pruner=settings.pruner() if settings.asynchronous else None,
            store=trial_store,
            executor=executor,
            callbacks=callbacks,
        )
    results: list[SearchResult] = []
    with interrupts.guarded(), _folder(trial_store) as folder:
        states = RungStates(folder / "states")
        _check_length(folder, trials)
        for rung, limit in enumerate(epochs):
            proposing: SamplerChoice = sampler
            wanted = trials
            if results:
                chosen = results[-1].ranked[: settings.surviving(len(results[-1].ranked))]
                states.forget_all_but([each.fingerprint for each in chosen])
                proposing, wanted = _Survivors(objective.layout, seed, chosen), len(chosen)
            for callback in callbacks:
                callback.on_rung_begin(rung + 1, len(epochs), limit)
            found = run_search(
                objective.for_rung(limit, states),
                trials=wanted,
                seed=seed,
                sampler=proposing,
                store=_rung_store(trial_store, folder, rung),
                executor=executor,
                callbacks=callbacks,
            )
            results.append(found)
            if found.stopped == "interrupted" or not found.ranked:
                break
        whole = len(results) == len(epochs) and results[-1].stopped != "interrupted"
        if whole:
            states.forget_all_but(())
        combined = _combined(results, epochs, whole=whole)
        # Later rungs propose what there is, and end "exhausted" or not.
        stopped = "interrupted" if results[-1].stopped == "interrupted" else results[0].stopped
        ranked = tuple(rank(combined, objective.direction))
        result = SearchResult(ranked, objective.metric, objective.direction, seed, stopped)
        if stopped != "interrupted":
            with interrupts.shielded():
                _record(trial_store, objective, settings, result)
        return result


def _record(store: TrialStore, objective: Objective, settings: HalvingSettings, result: SearchResult) -> None:
    """Record the outcome of all rungs; what a killed process had recorded of it stays."""
    known = {"seed": result.seed, "training": objective.to_dict(), "backend": keras.backend.backend()}
    with contextlib.ExitStack() as stack:
        if store.directory is not None:
            stack.enter_context(store.directory.locked())
        stack.enter_context(contextlib.closing(store))
        if not store.is_begun:
            store.begin({**known, "halving": asdict(settings)}, result.direction)
        store.join(alone=True)
        with store.lock():
            there = {each.number for each in store.poll() if each.trial is not None}
            trials = sorted(result.trials, key=lambda each: each.number)
            for trial in trials:
                if trial.number not in there:
                    store.claim(trial.number, trial.tokens, None)
                    store.record(trial)
        files = SearchFiles(store.directory, objective, result.seed)
        files.take_up(trials)
        files.finish(result)


def _combined(results: Sequence[SearchResult], epochs: Sequence[int], *, whole: bool) -> list[Trial]:
    """Return the proposals of the first rung with what became of each in the last rung that it reached."""
    furthest: dict[str, tuple[int, Trial]] = {}
    for rung, result in enumerate(results):
        for trial in result.trials:
            if trial.status in ("complete", "failed"):
                earlier = furthest[trial.fingerprint][1].seconds if trial.fingerprint in furthest else 0.0
                furthest[trial.fingerprint] = rung, replace(trial, seconds=trial.seconds + earlier)
    found = []
    for first in results[0].trials:
        if first.status not in ("complete", "duplicate") or first.fingerprint not in furthest:
            found.append(first)
            continue
        rung, last = furthest[first.fingerprint]
        own = replace(last, number=first.number, tokens=first.tokens, architecture=first.architecture)
        if last.status == "complete" and not (whole and rung == len(epochs) - 1):
            error = f"not among the best after epoch {epochs[rung]}, with {results[0].metric} {last.score:.6g}"
            own = replace(own, status="pruned", score=None, error=error)
        if first.status == "duplicate":
            own = replace(own, status="duplicate", seconds=0.0, epochs=0, curve=(), error=first.error)
        found.append(own)
    return found


def _rung_store(store: TrialStore, folder: Path, rung: int) -> TrialStore:
    """Return where a rung is recorded: beside the search where processes share it, else in its folder."""
    directory = RunDirectory.resume(folder / str(rung))
    return store.part(f"rung{rung}", directory) if store.shared else JournalStore(directory, resume=True)


@contextlib.contextmanager
def _folder(store: TrialStore) -> Iterator[Path]:
    """Give the folder of the rungs: in the run directory, or a temporary one."""
    if store.directory is None:
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
        return
    folder = store.directory.path / RUNGS
    if not store.resume and folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(exist_ok=True)
    yield folder


def _check_length(folder: Path, trials: int) -> None:
    """Note how many architectures the first rung has, which cannot change: who goes on depends on it.

    Raises:
        ConfigError: it was another number before.
        StorageError: the note is damaged.
    """
    path = folder / "trials"
    if not path.is_file():
        write_whole(path, f"{trials}\n")
    elif (before := read_json(path, what="the number of architectures of a first rung", limit=64)) != trials:
        raise ConfigError(
            f"A search by successive halving is as long as it began, {before} architectures: begin another, which may "
            f"learn_from this one. Received: {trials}"
        )


class _Survivors(TokenSampler):
    """Proposes networks that go on, in their order; reference networks first, as those have no tokens.

    Args:
        layout: the tokens.
        seed: of nothing that matters here.
        chosen: their trials.

    Attributes:
        settings: what is recorded of it; processes that share a rung must agree on who goes on.
    """

    def __init__(self, layout: TokenLayout, seed: int, chosen: Sequence[Trial]) -> None:
        super().__init__(layout, seed)
        self._tokens = [each.tokens for each in chosen if not each.reference]
        fingerprints = " ".join(each.fingerprint for each in chosen)
        survivors = hashlib.sha256(fingerprints.encode("utf-8")).hexdigest()[:16]
        references = tuple(each.reference for each in chosen if each.reference)
        self.settings = SamplerSettings("survivors", {"survivors": survivors}, start_with=references)

    def propose(self, study: optuna.Study, number: int) -> Sequence[int]:
        """Return the next of them."""
        return self._tokens[min(number, len(self._tokens) - 1)]

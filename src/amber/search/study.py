"""A study: an objective, a sampler, a pruner and a trial store, and the search that runs on them.

Optuna proposes and prunes; training, stores and files have their own modules.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from html import escape

import keras

from amber.backend import interrupts
from amber.backend.randomness import check_seed
from amber.checks import positive_integer
from amber.deprecation import deprecated_arguments
from amber.display import PlainRepr
from amber.errors import ConfigError
from amber.known_names import DEFAULT_SAMPLER
from amber.search.best import describe_builder
from amber.search.callbacks import SearchCallback
from amber.search.earlier_runs import described
from amber.search.executors import Executor, InProcessExecutor
from amber.search.former_arguments import FORMER_ARGUMENTS, translate
from amber.search.objective import Objective
from amber.search.preflight import check_prunable, check_search
from amber.search.proposing import Proposer, quiet_optuna
from amber.search.references import reference_candidates
from amber.search.result import SearchResult
from amber.search.run_directory import RunDirectory
from amber.search.samplers.earlier import EarlierTrials
from amber.search.settings import (
    PrunerChoice,
    PrunerSettings,
    SamplerChoice,
    SamplerSettings,
    chosen_pruner,
    chosen_sampler,
)
from amber.search.stores import JournalStore, MemoryStore
from amber.search.study_loop import StudyLoop
from amber.search.trial_store import TrialStore


class Study(PlainRepr):
    """A search that can be run, and run again for more trials.

    Args:
        objective: what trains and scores.
        seed: of the sampler and, with the network's fingerprint, of every training.
        sampler: a registered name (`"surrogate"`, the default, `"random"`, ...), `SamplerSettings` with options, or an
            Optuna sampler. One with an attribute `against` that names costs ("parameters", "flops", "latency") gets
            more objectives: the score, and each cost to be minimised. The result is ranked by score; see
            `SearchResult.pareto_front`.
        pruner: ends bad trainings after an epoch: a registered name (`"median"`, `"hyperband"`, ...; see
            `amber.search.pruning`), `PrunerSettings` with options, or an Optuna pruner. None: none is ended.
        store: where trials are recorded, and a study is resumed from: a `JournalStore`, a `DatabaseStore`, a
            `MemoryStore`, or a `TrialStore` of your own. A `RunDirectory` is short for the `JournalStore` of a new
            search. None: in memory. Several processes may work at one study in a database.
        executor: where children are trained, such as `ProcessExecutor(4)`; by default in this process. A random search
            finds the same with any number of workers; other samplers propose with what is known by then.
        callbacks: listeners, such as `SearchProgress()`.

    Raises:
        ConfigError: the seed, or the store is not one.
    """

    def __init__(
        self,
        objective: Objective,
        *,
        seed: int,
        sampler: SamplerChoice = DEFAULT_SAMPLER,
        pruner: PrunerChoice = None,
        store: TrialStore | RunDirectory | None = None,
        executor: Executor | None = None,
        callbacks: Sequence[SearchCallback] = (),
    ) -> None:
        self.objective = objective
        self.seed = check_seed(seed)
        self.store = chosen_store(store)
        self._sampler, self._pruner = sampler, pruner
        self._executor = executor or InProcessExecutor()
        self._callbacks = tuple(callbacks)
        self._result: SearchResult | None = None

    @property
    def result(self) -> SearchResult | None:
        """What the last run found; None before the first."""
        return self._result

    def _repr_html_(self) -> str:
        """Return the best trials as a table for notebooks."""
        return f"<p>{escape(repr(self))}, not run yet</p>" if self._result is None else self._result._repr_html_()

    def run(self, trials: int) -> SearchResult:
        """Search until so many architectures are trained, with those that the store holds already.

        Each proposal ends in one of these ways: it is trained ("complete", "failed" where training raised, or "pruned"
        where a pruner gave it up), it is not a network ("invalid"), it costs more than the objective's budget allows
        ("over budget", not trained), or the same network was met before ("duplicate", not trained again). Of what is
        invalid or over budget the sampler is told the worst value: that of the objective's reward, or where it has
        none the worst score so far. The seed of a training depends on the search's seed and on the network, not on the
        order of proposals. Ctrl-C ends the search with what is there.

        Args:
            trials: architectures to train, failed and pruned ones among them. In a database this counts what all
                processes train; no network is trained by two.

        Returns:
            All proposals, ranked, and the best.

        Raises:
            ModelSpaceError: no architecture of the space fits the data.
            ConfigError: a setting out of range, an unknown sampler, a loss or metric that does not fit the targets, or
                a metric that `fit` does not report.
            DataError: the data does not fit the networks.
            SettingsChangedError: the study in the store began with other settings.
            StorageError: the store cannot be written, is in use, or holds a study that is not resumed.
            ExecutorError: workers cannot be reached or started, or given the objective.
        """
        wanted = positive_integer(trials, "trials")
        with interrupts.guarded():
            self._result = with_late_interrupt(self._run(wanted))
            return self._result

    def _run(self, wanted: int) -> SearchResult:
        """Check, begin or take up the study, and run the loop, which answers Ctrl-C, whenever it came."""
        with interrupts.shielded():
            sampler, named_sampler = chosen_sampler(self._sampler, self.objective, self.seed)
            pruner, named_pruner = chosen_pruner(self._pruner, self.objective.settings.epochs)
        if pruner is not None:
            check_prunable(self.objective)
        with interrupts.put_off():
            interrupts.check()
            check_search(self.objective, self.seed)
        store = self.store
        with quiet_optuna(), contextlib.ExitStack() as stack:
            with interrupts.shielded():
                settings = self._settings(named_sampler, named_pruner)
                references = reference_candidates(self.objective.builder, named_sampler.start_with)
                proposer = Proposer(self.objective, sampler, pruner, references)
                loop = StudyLoop(self.objective, self.seed, proposer, store, self._executor, self._callbacks)
                if store.directory is not None:
                    stack.enter_context(store.directory.locked())
                stack.enter_context(contextlib.closing(store))
                if not store.is_begun:
                    store.begin(settings, self.objective.direction)
                store.join(alone=self._executor.in_process)
            return loop.run(wanted)

    def _settings(self, sampler: SamplerSettings, pruner: PrunerSettings | None) -> dict[str, object]:
        """Return what a resumed study must have begun with, JSON-ready.

        The number of trials is not among them: a study may always be made longer.
        """
        builder, directory = self.objective.builder, self.store.directory
        earlier = [each for each in sampler.learn_from if isinstance(each, EarlierTrials)]
        is_kept = directory is not None or self.store.shared
        return {
            "seed": self.seed,
            "sampler": sampler.name,
            "sampler_options": dict(sampler.options),
            "training": self.objective.to_dict(),
            "builder": dict((directory and directory.builder_description) or describe_builder(builder)),
            "space": builder.model_space.to_dict() if is_kept else None,
            "backend": keras.backend.backend(),
            "pruner": pruner and pruner.name,
            "pruner_options": (dict(pruner.options) or None) if pruner else None,
            **({"learn_from": described(earlier)} if earlier else {}),
            **({"start_with": list(sampler.start_with)} if sampler.start_with else {}),
        }


@deprecated_arguments(FORMER_ARGUMENTS, translate, since="0.2.0", removed_in="0.4.0")
def run_search(
    objective: Objective,
    *,
    trials: int,
    seed: int,
    sampler: SamplerChoice = DEFAULT_SAMPLER,
    pruner: PrunerChoice = None,
    store: TrialStore | RunDirectory | None = None,
    executor: Executor | None = None,
    callbacks: Sequence[SearchCallback] = (),
) -> SearchResult:
    """Search for the architecture with the best score; the same as `Study(...).run(trials)`.

    Args:
        objective: what trains and scores.
        trials: architectures to train, failed and pruned ones among them.
        seed: of the sampler and, with the network's fingerprint, of every training.
        sampler: proposes architectures; see `Study`.
        pruner: ends bad trainings after an epoch; see `Study`.
        store: where trials are recorded, such as `RunDirectory.create("run")`; see `Study`.
        executor: where children are trained; see `Study`.
        callbacks: listeners, such as `SearchProgress()`.

    Returns:
        All proposals, ranked, and the best.

    Raises:
        AmberError: as `Study.run` raises them.
    """
    study = Study(
        objective,
        seed=seed,
        sampler=sampler,
        pruner=pruner,
        store=store,
        executor=executor,
        callbacks=callbacks,
    )
    return study.run(trials)


def with_late_interrupt(result: SearchResult) -> SearchResult:
    """Return the result, as interrupted where Ctrl-C came after the last training and nobody has answered it."""
    return replace(result, stopped="interrupted") if interrupts.take_late() else result


def chosen_store(store: TrialStore | RunDirectory | None) -> TrialStore:
    """Return the store that was given: that of a run directory, or one in memory where there is none.

    Raises:
        ConfigError: it is not a store.
    """
    if store is None:
        return MemoryStore()
    if isinstance(store, RunDirectory):
        return JournalStore(store)
    if not isinstance(store, TrialStore):
        raise ConfigError(f"store must be a TrialStore, a RunDirectory or None. Received: {store!r}")
    return store

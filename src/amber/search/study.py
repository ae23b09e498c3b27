"""The search: propose, skip what is known, train, tell, record.

Optuna is the study; samplers, training and files have their own modules.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import optuna

from amber.backend import interrupts
from amber.backend.randomness import check_seed, trial_seed
from amber.checks import positive_integer
from amber.errors import ConfigError
from amber.graph.words import describe_in_words
from amber.search.begun import BegunTrials
from amber.search.best import describe_builder
from amber.search.callbacks import SearchCallback
from amber.search.executors import Executor, InProcessExecutor, Outcome
from amber.search.ledger import Ledger, record_in
from amber.search.objective import Objective, prepared
from amber.search.preflight import check_prunable, check_search
from amber.search.proposal import Proposal
from amber.search.proposing import Proposer, quiet_optuna
from amber.search.pruning import TrialMonitor, chosen_pruner
from amber.search.recording import SearchRecord
from amber.search.result import SearchResult, rank
from amber.search.run_directory import RunDirectory
from amber.search.samplers import make_sampler, recorded_options
from amber.search.storage import StudyDatabase
from amber.search.trial import TRAINED, TrialResult
from amber.search.understood import understood

# Seconds between two looks at what other processes have done, where there is nothing else to do.
_LOOK = 1.0


def run_search(
    objective: Objective,
    *,
    trials: int,
    seed: int,
    sampler: str | optuna.samplers.BaseSampler = "random",
    sampler_options: Mapping[str, Any] | None = None,
    run_directory: RunDirectory | None = None,
    storage: StudyDatabase | None = None,
    callbacks: Sequence[SearchCallback] = (),
    builder_description: Mapping[str, Any] | None = None,
    resume: bool = False,
    allow_changes: bool = False,
    settings: Mapping[str, Any] | None = None,
    executor: Executor | None = None,
    pruner: str | optuna.pruners.BasePruner | None = None,
    pruner_options: Mapping[str, Any] | None = None,
    ledger: Ledger | None = None,
) -> SearchResult:
    """Search for the architecture with the best score.

    Each proposal ends in one of these ways: it is trained ("complete", "failed" where training raised, or "pruned"
    where a pruner gave it up), it is not a network ("invalid"), it costs more than the objective's budget allows ("over
    budget", not trained), or the same network was met before ("duplicate", not trained again). Of what is invalid or
    over budget the sampler is told the worst value: that of the objective's reward, or where it has none the worst
    score so far. The seed of a training depends on the search's seed and on the network, not on the order of proposals.
    Ctrl-C ends the search with what is there.

    Args:
        objective: what trains and scores.
        trials: architectures to train, failed and pruned ones among them.
        seed: of the sampler and, with the network's fingerprint, of every training.
        sampler: a registered name (`"random"`, `"tpe"`, ...) or an Optuna sampler. One with an attribute `against`
            that names a cost ("parameters" or "flops") gets a study of two objectives: the score, and that cost to be
            minimised. The result is ranked by score all the same; see `SearchResult.pareto_front`.
        sampler_options: of a sampler given by name.
        run_directory: where to keep the files of the search; None keeps nothing.
        storage: a study in a database, where the search is recorded instead; several processes, each with a run
            directory of its own, then work at one search. `trials` counts what all of them train; no network is
            trained by two. A random search finds the same with any number of processes.
        callbacks: listeners, such as `SearchProgress()`.
        builder_description: `{"type": ..., "options": {...}}` for `best.json`; by default the class name.
        resume: take up the search in `run_directory`, where one was begun: its settled proposals are kept and not
            trained again. The sampler is asked for them once more and told what became of them, so it goes on as it
            would have; an architecture that was being trained is trained on from its last epoch.
        allow_changes: whether settings may differ from those that the search began with.
        settings: what is compared with that, JSON-ready; by default the arguments (but for `trials`: a search may be
            made longer) and how a child is trained.
        executor: where children are trained, such as `ProcessExecutor(4)`; by default in this process. A random
            search finds the same with any number of workers; other samplers propose with what is known by then.
        pruner: ends bad trainings after an epoch: a registered name (`"median"`, `"hyperband"`, ...; see
            `amber.search.pruning`) or an Optuna pruner. None: none is ended.
        pruner_options: of a pruner given by name.
        ledger: the record of the search, where it is begun already; by default it is begun here.

    Returns:
        All proposals, ranked, and the best.

    Raises:
        ModelSpaceError: no architecture of the space fits the data.
        ConfigError: a setting out of range, an unknown sampler, a loss or metric that does not fit the targets, or a
            metric that `fit` does not report.
        DataError: the data does not fit the networks.
        SettingsChangedError: the search in the run directory began with other settings.
        StorageError: the run directory cannot be written, is in use, or holds a search that is not taken up.
        ExecutorError: workers cannot be reached or started, or given the objective.
    """
    search = _Search(objective, positive_integer(trials, "trials"), check_seed(seed), run_directory, callbacks)
    search.executor = executor or InProcessExecutor()
    search.record.builder_description = builder_description or describe_builder(objective.builder)
    if resume and run_directory is None:
        raise ConfigError("resume needs a run_directory. Received: None")
    search.ledger = ledger or record_in(run_directory, storage)
    settings = settings or {
        "seed": seed,
        "sampler": sampler if isinstance(sampler, str) else type(sampler).__name__,
        "sampler_options": recorded_options(sampler, sampler_options) if isinstance(sampler, str) else {},
        "training": objective.to_dict(),
        "builder": dict(search.record.builder_description),
        "space": objective.builder.model_space.to_dict() if run_directory or storage else None,
        "backend": keras.backend.backend(),
        "pruner": pruner if pruner is None or isinstance(pruner, str) else type(pruner).__name__,
        "pruner_options": dict(pruner_options) if pruner_options else None,
    }
    if isinstance(sampler, str):
        sampler = make_sampler(sampler, objective.layout, seed, **(sampler_options or {}))
    elif not isinstance(sampler, optuna.samplers.BaseSampler):
        raise ConfigError(f"sampler must be a registered name or an Optuna sampler. Received: {sampler!r}")
    elif sampler_options:
        raise ConfigError("sampler_options belong to a sampler given by name; this one is made already.")
    search.pruner = chosen_pruner(pruner, pruner_options, objective.settings.epochs)
    if search.pruner is not None:
        check_prunable(objective)
    check_search(objective, search.seed)
    with quiet_optuna():
        search.proposer = Proposer(objective, sampler, search.pruner)
        with run_directory.locked() if run_directory else contextlib.nullcontext(), contextlib.closing(search.ledger):
            if ledger is None:
                search.ledger.begin(settings, objective.direction, resume=resume, allow_changes=allow_changes)
            search.ledger.join(alone=search.executor.in_process)
            return search.run()


class _Search:
    """The state of one running search."""

    def __init__(
        self,
        objective: Objective,
        wanted: int,
        seed: int,
        run_directory: RunDirectory | None,
        callbacks: Sequence[SearchCallback],
    ) -> None:
        self.objective = objective
        self.wanted = wanted
        self.seed = seed
        self.directory = run_directory
        self.callbacks = tuple(callbacks)
        self.record = SearchRecord(run_directory, objective, seed)
        self.begun = BegunTrials(run_directory)
        self.ledger: Ledger
        self.proposer: Proposer
        self.executor: Executor = InProcessExecutor()
        self.pruner: optuna.pruners.BasePruner | None = None
        self.taken_up: deque[Proposal] = deque()
        self.running: dict[int, Proposal] = {}
        self.elsewhere: dict[int, Proposal] = {}
        self.repeats: dict[str, list[Proposal]] = {}
        self.settled: list[TrialResult] = []
        self.known: dict[str, TrialResult] = {}
        self.trained = 0

    def run(self) -> SearchResult:
        """Run to the end and return the result; listeners and files are finished however it ends."""
        stopped = "error"
        for line in understood(self.objective, self.executor):
            self.record.note(logging.INFO, line)
        self.record.note(logging.INFO, f"Search of {self.wanted} architectures, seed {self.seed}.")
        try:
            with interrupts.guarded(), interrupts.before_hard_end(self.begun.release):
                for callback in self.callbacks:
                    callback.on_search_begin(self.wanted, self.objective.metric, self.objective.direction)
                self._replay()
                with self.executor:
                    stopped = self._loop()
        except KeyboardInterrupt:
            interrupts.acknowledge()
            stopped = "interrupted"
            self.record.note(logging.WARNING, f"Interrupted after {self.trained} of {self.wanted} architectures.")
        finally:
            self.begun.release()
            result = SearchResult(
                tuple(rank(self.settled, self.objective.direction)),
                self.objective.metric,
                self.objective.direction,
                self.seed,
                stopped,
            )
            for callback in self.callbacks:
                callback.on_search_end(result)
        self.record.finish(result)
        return result

    def _replay(self) -> None:
        """Bring sampler and study to where the search is that was begun before, without training."""
        self.begun.read()
        with self.ledger.turn():
            self._learn(replaying=True)
        if not self.settled and not self.taken_up:
            return
        differing = self.proposer.differing
        if differing and not self.ledger.shared:
            self.record.note(
                logging.WARNING,
                f"The sampler would have proposed others than {len(differing)} of the earlier trials (the first: "
                f"{differing[0]}), as it does where settings changed: this is not what an undisturbed search would be.",
            )
        for callback in self.callbacks:
            callback.on_resume(tuple(self.settled))
        self.record.note(logging.INFO, f"Taken up after {len(self.settled)} proposals.")
        self.record.take_up(self.settled, copy=self.ledger.shared)

    def _learn(self, *, replaying: bool = False) -> None:
        """Take in what the ledger knows and this search does not; in a turn."""
        for known in self.ledger.news():
            interrupts.check()
            following = known.number >= self.proposer.asked
            proposal = self.proposer.follow(known) if following else self.elsewhere.pop(known.number)
            if known.trial is not None:
                self.proposer.show_course(proposal, known.trial)
                self._enter(proposal, known.trial, quietly=replaying)
            elif known.mine:
                self.taken_up.append(proposal)
            else:
                self.elsewhere[known.number] = proposal

    def _loop(self) -> str:
        ending = self._nothing_to_train()
        if ending:
            return ending  # without workers, which may take long to reach
        self.executor.open(self.objective.evaluate)
        try:
            while True:
                interrupts.check()
                ending = self._keep_workers_busy()
                if self.running:
                    self._settle_ended(self.executor.completed(timeout=_LOOK if self.ledger.shared else None))
                elif self.elsewhere:
                    time.sleep(_LOOK)
                else:
                    return ending
        except KeyboardInterrupt:
            interrupts.acknowledge()
            if self.running and not self.executor.in_process:
                self._settle_ended(self.executor.completed(timeout=0))
            raise

    def _nothing_to_train(self) -> str:
        """Return how the search ends where it has come to its end before, and nobody trains for it; else nothing."""
        with self.ledger.turn():
            self._learn()
            return "" if self.taken_up or self._unsettled() else self._ending()

    def _keep_workers_busy(self) -> str:
        """Propose until every worker has a training, and returns how the search ends if none has."""
        while len(self.running) < self.executor.workers:
            with self.ledger.turn():
                self._learn()
                ending = "" if self.taken_up else self._ending()
                if ending:
                    return ending
                self._start(self.taken_up.popleft() if self.taken_up else self.proposer.ask())
        return "finished"

    def _ending(self) -> str:
        """Return how the search ends, once all is settled, where nothing more is to be proposed; else nothing."""
        in_training = {each.fingerprint for each in self._unsettled()}
        if self.trained + len(in_training) >= self.wanted:
            return "finished"
        reason = self.proposer.exhausted(self.trained, self.wanted)
        if reason and not in_training:
            self.record.note(logging.WARNING, reason)
        return "exhausted" if reason else ""

    def _unsettled(self) -> list[Proposal]:
        """What is being trained, here and elsewhere."""
        return [*self.running.values(), *self.elsewhere.values()]

    def _start(self, proposal: Proposal) -> None:
        """Start the training of a proposal, or settles it where there is nothing to train; in a turn."""
        number, tokens = proposal.number, proposal.tokens
        if self._is_fatal(proposal):
            return
        candidate = prepared(self.objective, tokens, number)
        if isinstance(candidate, TrialResult):
            self.ledger.claim(proposal)
            self._settle(proposal, candidate)
            return
        seed = trial_seed(self.seed, candidate.fingerprint)
        proposal = replace(proposal, candidate=candidate, seed=seed)
        self.ledger.claim(proposal)
        if candidate.fingerprint in self.known:
            self._settle(proposal, proposal.as_duplicate(self.known[candidate.fingerprint]))
            return
        repeats = self.repeats.setdefault(candidate.fingerprint, [])
        if any(each.fingerprint == candidate.fingerprint for each in self._unsettled()):
            repeats.append(proposal)
            self.begun.end(number)
            return
        refused = self.objective.over_budget(candidate, number)
        if refused is not None:
            self._settle(proposal, refused)
            return
        if self.executor.in_process:
            self.begun.begin(number, tokens, candidate.fingerprint)
        else:
            self.begun.end(number)  # a worker that dies of it does not take this process along
        for callback in self.callbacks:
            callback.on_trial_begin(number, tokens)
        options: dict[str, Any] = {"number": number, "candidate": candidate}
        if self.directory is not None and self.executor.shares_files:
            options["checkpoint"] = self.directory.checkpoint(number)
        monitor = None
        if self.callbacks or self.pruner is not None:
            asked = None if self.pruner is None else proposal.asked
            epochs, metric = self.objective.settings.epochs, self.objective.metric
            monitor = TrialMonitor(number, epochs, self.callbacks, asked, metric)
        self.running[number] = replace(proposal, monitor=monitor)
        self.executor.submit(number, tokens, seed, reporter=monitor, **options)

    def _is_fatal(self, proposal: Proposal) -> bool:
        """Note that a proposal is begun, and settle it as failed where processes ended of it before."""
        begun = self.begun.begin(proposal.number, proposal.tokens, lost=proposal.deaths)
        if begun.is_fatal:
            self.record.note(logging.WARNING, f"Trial {proposal.number} counts as failed: {begun.reason}.")
            self.ledger.claim(proposal)
            self._settle(proposal, proposal.as_failed(begun.reason, fingerprint=begun.fingerprint))
        elif begun.reason:
            self.record.note(logging.WARNING, f"Trial {proposal.number} is tried once more: {begun.reason}.")
        return begun.is_fatal

    def _settle_ended(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.failure is not None and interrupts.requested():
                continue  # a signal to all processes of a job ended the worker: the trial is not at fault
            proposal = self.running.pop(outcome.key)
            self._settle(proposal, proposal.as_trial(outcome))

    def _settle(self, proposal: Proposal, trial: TrialResult) -> None:
        # Recorded first: what the sampler has learnt from is then always there.
        words = describe_in_words(self.objective.builder, trial.tokens)
        with interrupts.shielded():
            self._enter(proposal, self.ledger.settle(replace(trial, architecture=words)))

    def _enter(self, proposal: Proposal, trial: TrialResult, *, quietly: bool = False) -> None:
        """Take in what is recorded of a proposal; `quietly` where files and listeners have it already."""
        if not quietly:
            self.record.keep(trial)
        self.proposer.tell(proposal, trial, self._values(trial))
        self.begun.end(trial.number)
        self.settled.append(trial)
        if trial.status in TRAINED:
            self.trained += 1
        if trial.fingerprint and trial.status != "duplicate":
            self.known[trial.fingerprint] = trial
        if not quietly:
            self.record.show(trial, self.settled)
            for callback in self.callbacks:
                callback.on_trial_end(trial)
        for repeat in self.repeats.pop(trial.fingerprint, []):
            self._settle(repeat, repeat.as_duplicate(trial))

    def _values(self, trial: TrialResult) -> list[float] | None:
        """What the sampler is told: of what is not a network or over budget the worst value; None where it failed."""
        score = trial.score
        first = self.known.get(trial.fingerprint, trial)
        if score is None and first.status in ("invalid", "over budget"):
            scores = [each.score for each in self.settled if each.score is not None]
            worst = min if self.objective.direction == "maximize" else max
            score = self.objective.worst if self.objective.worst is not None else worst(scores, default=None)
        values = [score] if self.proposer.against is None else [score, getattr(trial, self.proposer.against)]
        told = [float(value) for value in values if value is not None]
        return told if len(told) == len(values) else None

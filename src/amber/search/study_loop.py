"""The loop of a search: propose, skip what is known, train, record, tell."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from amber.backend import interrupts
from amber.backend.randomness import trial_seed
from amber.graph.words import ArchitectureWords
from amber.search.begun import BegunTrials
from amber.search.callbacks import SearchCallback
from amber.search.executors import Executor, Outcome
from amber.search.objective import Objective, prepared
from amber.search.proposing import Proposal, Proposer
from amber.search.pruning import TrialMonitor
from amber.search.recording import SearchFiles
from amber.search.result import SearchResult, rank
from amber.search.trial import TRAINED, Trial
from amber.search.trial_store import TrialStore
from amber.search.understood import understood

# Seconds between two looks at what other processes have done, where there is nothing else to do.
_LOOK = 1.0


class StudyLoop:
    """The state of a running search.

    Args:
        objective: what trains and scores.
        seed: of the search.
        proposer: asks the sampler.
        store: where trials are recorded; begun and joined.
        executor: where candidates are trained.
        callbacks: listeners.
    """

    def __init__(
        self,
        objective: Objective,
        seed: int,
        proposer: Proposer,
        store: TrialStore,
        executor: Executor,
        callbacks: Sequence[SearchCallback],
    ) -> None:
        self.objective = objective
        self.wanted = 0
        self.seed = seed
        self.directory = store.directory
        self.callbacks = tuple(callbacks)
        self.files = SearchFiles(store.directory, objective, seed)
        self.begun = BegunTrials(store.directory)
        self.words = ArchitectureWords(objective.builder)
        self.store = store
        self.proposer = proposer
        self.executor = executor
        self.taken_up: deque[Proposal] = deque()
        self.running: dict[int, Proposal] = {}
        self.elsewhere: dict[int, Proposal] = {}
        self.repeats: dict[str, list[Proposal]] = {}
        self.settled: list[Trial] = []
        self.known: dict[str, Trial] = {}
        self.trained = 0

    def run(self, wanted: int) -> SearchResult:
        """Train so many architectures and return the result; listeners and files are finished however it ends."""
        self.wanted = wanted
        stopped = "error"
        with interrupts.shielded():
            for line in understood(self.objective, self.executor):
                self.files.note(logging.INFO, line)
            self.files.note(logging.INFO, f"Search of {self.wanted} architectures, seed {self.seed}.")
        try:
            with interrupts.before_hard_end(self.begun.release):
                # Whole, whenever Ctrl-C comes: the result is of all that was finished.
                with interrupts.shielded():
                    for callback in self.callbacks:
                        callback.on_search_begin(self.wanted, self.objective.metric, self.objective.direction)
                    self._replay()
                interrupts.check()
                with self.executor:
                    stopped = self._loop()
        except KeyboardInterrupt:
            interrupts.acknowledge()
            stopped = "interrupted"
            self.files.note(logging.WARNING, f"Interrupted after {self.trained} of {self.wanted} architectures.")
        finally:
            with interrupts.shielded():
                result = self._ended(stopped)
        with interrupts.shielded():
            self.files.finish(result)
        return result

    def _ended(self, stopped: str) -> SearchResult:
        """Return the result, which listeners have heard."""
        self.begun.release()
        ranked = tuple(rank(self.settled, self.objective.direction))
        result = SearchResult(ranked, self.objective.metric, self.objective.direction, self.seed, stopped)
        for callback in self.callbacks:
            callback.on_search_end(result)
        return result

    def _replay(self) -> None:
        """Bring sampler and study to where the search is that was begun before, without training."""
        self.begun.read()
        with self.store.lock():
            self._learn(replaying=True)
        if not self.settled and not self.taken_up:
            return
        differing = self.proposer.differing
        if differing and not self.store.shared:
            self.files.note(
                logging.WARNING,
                f"The sampler would have proposed others than {len(differing)} of the earlier trials (the first: "
                f"{differing[0]}), as it does where settings changed: this is not what an undisturbed search would be.",
            )
        for callback in self.callbacks:
            callback.on_resume(tuple(self.settled))
        self.files.note(logging.INFO, f"Taken up after {len(self.settled)} proposals.")
        self.files.take_up(self.settled)

    def _learn(self, *, replaying: bool = False) -> None:
        """Take in what the store knows and this search does not; with the lock held."""
        for known in self.store.poll():
            if not replaying:
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
                    self._settle_ended(self.executor.completed(timeout=_LOOK if self.store.shared else None))
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
        with self.store.lock():
            self._learn()
            return "" if self.taken_up or self._unsettled() else self._ending()

    def _keep_workers_busy(self) -> str:
        """Propose until every worker has a training, and return how the search ends if none has."""
        while len(self.running) < self.executor.workers:
            with self.store.lock():
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
            self.files.note(logging.WARNING, reason)
        return "exhausted" if reason else ""

    def _unsettled(self) -> list[Proposal]:
        """What is being trained, here and elsewhere."""
        return [*self.running.values(), *self.elsewhere.values()]

    def _start(self, proposal: Proposal) -> None:
        """Start the training of a proposal, or record it where there is nothing to train; with the lock held."""
        number, tokens = proposal.number, proposal.tokens
        if self._is_fatal(proposal):
            return
        reference = proposal.candidate if proposal.reference else None
        candidate = reference or prepared(self.objective, tokens, number)
        if isinstance(candidate, Trial):
            self.store.claim(number, tokens, None)
            self._settle(proposal, candidate)
            return
        self.store.claim(number, tokens, candidate)
        seed = trial_seed(self.seed, candidate.fingerprint)
        proposal = replace(proposal, candidate=candidate, seed=seed)
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
        monitor = None
        if self.callbacks or self.proposer.prunes:
            asked = proposal.asked if self.proposer.prunes else None
            epochs, metric = self.objective.settings.epochs, self.objective.metric
            monitor = TrialMonitor(number, epochs, self.callbacks, asked, metric)
        self._train(replace(proposal, monitor=monitor))

    def _train(self, proposal: Proposal) -> None:
        """Give a proposal to a worker."""
        number = proposal.number
        options: dict[str, Any] = {"number": number, "candidate": proposal.candidate}
        if self.directory is not None and self.executor.shares_files:
            options["checkpoint"] = self.directory.checkpoint(number)
        self.running[number] = proposal
        self.executor.submit(number, proposal.tokens, proposal.seed, reporter=proposal.monitor, **options)

    def _is_fatal(self, proposal: Proposal) -> bool:
        """Note that a proposal is begun, and settle it as failed where processes ended of it before."""
        begun = self.begun.begin(proposal.number, proposal.tokens, lost=proposal.deaths)
        if begun.is_fatal:
            self.files.note(logging.WARNING, f"Trial {proposal.number} counts as failed: {begun.reason}.")
            self.store.claim(proposal.number, proposal.tokens, proposal.candidate)
            self._settle(proposal, proposal.as_failed(begun.reason, fingerprint=begun.fingerprint))
        elif begun.reason:
            self.files.note(logging.WARNING, f"Trial {proposal.number} is tried once more: {begun.reason}.")
        return begun.is_fatal

    def _settle_ended(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.failure is not None and interrupts.requested():
                continue  # a signal to all processes of a job ended the worker: the trial is not at fault
            proposal = self.running.pop(outcome.key)
            trial = proposal.as_trial(outcome)
            if proposal.retries < self.executor.retries and _may_succeed(trial, outcome):
                retries, most = proposal.retries + 1, self.executor.retries
                self.files.note(
                    logging.WARNING, f"Trial {trial.number} is tried again ({retries} of {most}): {trial.error}"
                )
                self._train(replace(proposal, retries=retries))
            else:
                self._settle(proposal, trial)

    def _settle(self, proposal: Proposal, trial: Trial) -> None:
        # Recorded first: what the sampler has learnt from is then always there.
        with interrupts.shielded():
            name = proposal.reference
            said = f"{name} (reference network)" if name else self.words(trial.tokens)
            self._enter(proposal, self.store.record(replace(trial, architecture=said, reference=name)))

    def _enter(self, proposal: Proposal, trial: Trial, *, quietly: bool = False) -> None:
        """Take in what is recorded of a proposal; `quietly` where files and listeners have it already."""
        self.proposer.tell(proposal, trial, self._values(trial))
        self.begun.end(trial.number)
        self.settled.append(trial)
        if trial.status in TRAINED:
            self.trained += 1
        if trial.fingerprint and trial.status != "duplicate":
            self.known[trial.fingerprint] = trial
        if not quietly:
            self.files.show(trial, self.settled)
            for callback in self.callbacks:
                callback.on_trial_end(trial)
        for repeat in self.repeats.pop(trial.fingerprint, []):
            self._settle(repeat, repeat.as_duplicate(trial))

    def _values(self, trial: Trial) -> list[float] | None:
        """Return what is reported to the sampler: the infeasible value where it applies; None for a failed trial."""
        score = trial.score
        first = self.known.get(trial.fingerprint, trial)
        if score is None and first.status in ("invalid", "over budget"):
            scores = [each.score for each in self.settled if each.score is not None]
            worst = min if self.objective.direction == "maximize" else max
            given = self.objective.infeasible_value
            score = worst(scores, default=None) if given is None else given
        values = [score, *(getattr(trial, cost) for cost in self.proposer.against)]
        told = [float(value) for value in values if value is not None]
        return told if len(told) == len(values) else None


def _may_succeed(trial: Trial, outcome: Outcome) -> bool:
    """Say whether a failed trial might not fail when it is trained again, with the same seed and limits."""
    is_out_of_time = outcome.failure is not None and outcome.failure.kind == "timeout"
    return trial.status == "failed" and not trial.diverged and not is_out_of_time

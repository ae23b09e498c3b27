"""The sampler's side of a search: a study in memory that is asked for architectures and told what became of them.

A `Proposal` is what was asked for, until it is settled.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import optuna

from amber.errors import ArchitectureError, ConfigError, StorageError
from amber.search.candidate import Candidate, token_fingerprint
from amber.search.costs import checked_costs
from amber.search.executors import Outcome
from amber.search.objective import Objective
from amber.search.pruning import TrialMonitor, report
from amber.search.samplers.tokens import INFEASIBLE, WITHDRAWN
from amber.search.token_study import TokenStudy
from amber.search.trial import Trial
from amber.search.trial_store import StoredTrial


@dataclass(frozen=True)
class Proposal:
    """What the sampler proposed.

    Attributes:
        number: position among all proposals of the search, from 0.
        tokens: the architecture.
        asked: Optuna's trial.
        candidate: the planned network; None until it is planned.
        seed: of its training; None until it is planned.
        deaths: how many other processes ended, without a word, while it was trained in them.
        monitor: hears of its epochs while it is trained; None where nobody wants to.
        reference: name of the reference network that it is, of which the sampler knows nothing; else empty.
        retries: how often it was trained again.
    """

    number: int
    tokens: tuple[int, ...]
    asked: Any
    candidate: Candidate | None = None
    seed: int | None = None
    deaths: int = 0
    monitor: TrialMonitor | None = None
    reference: str = ""
    retries: int = 0

    @property
    def fingerprint(self) -> str:
        """Of the planned network; empty until it is planned."""
        return self.candidate.fingerprint if self.candidate else ""

    def as_duplicate(self, first: Trial) -> Trial:
        """Return the trial of a network that `first` has settled."""
        return replace(
            first,
            number=self.number,
            tokens=self.tokens,
            status="duplicate",
            seconds=0.0,
            epochs=0,
            curve=(),
            retries=0,
            error=f"the same network as trial {first.number} ({first.status})",
        )

    def as_failed(self, reason: str, seconds: float = 0.0, *, fingerprint: str = "") -> Trial:
        """Return the trial of a training that brought nothing back.

        Args:
            reason: what happened.
            seconds: that it took.
            fingerprint: of the network, where the proposal itself is not planned.
        """
        return Trial(
            self.number,
            self.tokens,
            self.fingerprint or fingerprint or token_fingerprint(self.tokens),
            "failed",
            parameters=self.candidate.parameters if self.candidate else None,
            flops=self.candidate.flops if self.candidate else None,
            seconds=seconds,
            seed=self.seed,
            error=reason,
            curve=tuple(self.monitor.values) if self.monitor else (),
        )

    def as_trial(self, outcome: Outcome) -> Trial:
        """Return the trial that an executor brought back, or that of a worker which did not come back.

        Raises:
            Exception: what the objective raised, which no other trial would be spared.
        """
        if outcome.error is not None:
            raise outcome.error
        trial: Trial
        if outcome.failure is None:
            trial = outcome.value
            if trial.status == "complete" and (trial.score is None or not math.isfinite(trial.score)):
                error = f"FloatingPointError: the score is {trial.score}"
                trial = replace(trial, status="failed", score=None, error=error, diverged=True)
        else:
            trial = self.as_failed(str(outcome.failure), outcome.seconds)
        return replace(trial, retries=self.retries) if self.retries else trial


class Proposer:
    """Asks a sampler, and brings it to where a search was, or where others have brought it.

    Args:
        objective: whose architectures are proposed.
        sampler: proposes them.
        pruner: gives trainings up; None: none is.
        references: networks that are proposed before the sampler is asked, by name.

    Attributes:
        against: the costs that are minimised beside the score; empty where there is one objective.
        prunes: whether there is a pruner.
        asked: proposals so far.
        differing: numbers of those that were known, and that the sampler would not have made.

    Raises:
        ConfigError: a pruner, and more than one objective; an unknown cost, or a latency that is not measured.
    """

    def __init__(
        self,
        objective: Objective,
        sampler: optuna.samplers.BaseSampler,
        pruner: optuna.pruners.BasePruner | None,
        references: Mapping[str, Candidate] | None = None,
    ) -> None:
        self.against = checked_costs(getattr(sampler, "against", None))
        if pruner is not None and self.against:
            raise ConfigError(f"A pruner needs one objective, the score. Received: also {', '.join(self.against)}")
        if "latency" in self.against and objective.settings.latency_batch is None:
            raise ConfigError(
                "A score is weighed against latency where that is measured: expected latency_batch, the examples of a "
                "batch that is timed. Received: none"
            )
        self._layout = objective.layout
        self._references = list((references or {}).items())
        self.prunes = pruner is not None
        directions = [objective.direction, *["minimize" for _ in self.against]]
        self._study = TokenStudy(self._layout, sampler, pruner, directions)
        self._size = math.prod(self._layout.sizes)
        self.asked = 0
        self.differing: list[int] = []
        self._proposed: set[tuple[int, ...]] = set()

    def ask(self) -> Proposal:
        """Return the next reference network, or once all were proposed the sampler's next proposal."""
        if self.asked < len(self._references):
            return self._next_reference()
        asked, tokens = self._study.ask()
        return self._counted(Proposal(self.asked, tokens, asked))

    def follow(self, known: StoredTrial) -> Proposal:
        """Return the next proposal, as it is known; the sampler is asked all the same, so that it goes on as it would.

        Raises:
            StorageError: what is known is not an architecture of this space, or not the next.
        """
        if known.number < len(self._references):
            return replace(self._next_reference(), deaths=known.deaths)
        if known.tokens is None:
            return replace(self.ask(), deaths=known.deaths)
        tokens = self._checked(known)
        asked, proposed = self._study.ask()
        if tokens != proposed:
            self.differing.append(known.number)
            asked.set_user_attr(WITHDRAWN, True)
            self._study.optuna.tell(asked, state=optuna.trial.TrialState.FAIL)
            asked = self._study.begin(tokens)
        return self._counted(Proposal(known.number, tokens, asked, known.candidate, deaths=known.deaths))

    def tell(self, proposal: Proposal, trial: Trial, values: Sequence[float] | None) -> None:
        """Tell the sampler what became of a proposal.

        Args:
            proposal: that was asked for.
            trial: what became of it.
            values: of the objectives; None where it failed.
        """
        if proposal.reference:
            return
        if trial.score is None and trial.status != "pruned":
            proposal.asked.set_user_attr(INFEASIBLE, True)
        if trial.status == "pruned":
            self._study.optuna.tell(proposal.asked, state=optuna.trial.TrialState.PRUNED)
        elif values is None:
            self._study.optuna.tell(proposal.asked, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.optuna.tell(proposal.asked, list(values))

    def show_course(self, proposal: Proposal, trial: Trial) -> None:
        """Let the pruner see the epochs of a training that it did not watch."""
        if self.prunes and not proposal.reference:
            report(proposal.asked, trial.curve)

    def exhausted(self, trained: int, wanted: int) -> str:
        """Return why there is no use in proposing more; empty where there is."""
        if len(self._proposed) == self._size:
            return (
                f"The space is exhausted: all {self._size} architectures were proposed and "
                f"{trained} trained, {wanted} were asked for."
            )
        attempts = 20 * wanted + 100
        if self.asked >= attempts:
            return (
                f"Stopped after {attempts} proposals: only {trained} of {wanted} architectures "
                "were new and valid. The space may be (nearly) exhausted, or most of it invalid."
            )
        return ""

    def _next_reference(self) -> Proposal:
        name, candidate = self._references[self.asked]
        self.asked += 1
        return Proposal(self.asked - 1, (), None, candidate, reference=name)

    def _counted(self, proposal: Proposal) -> Proposal:
        self._proposed.add(proposal.tokens)
        self.asked = proposal.number + 1
        return proposal

    def _checked(self, known: StoredTrial) -> tuple[int, ...]:
        if known.number != self.asked:
            raise StorageError(
                f"Trial {self.asked} of the search to be taken up is missing. Received: trial {known.number}"
            )
        try:
            return tuple(self._layout.validate(known.tokens or ()))
        except ArchitectureError as error:
            raise StorageError(
                f"Trial {known.number} of the search to be taken up is not an architecture of this model space: {error}"
            ) from error


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Silence Optuna's log for a while; its level is put back afterwards."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)

"""The search: propose, skip what is known, train, tell, record.

Optuna is the study. What may be changed here is what happens to a proposal; samplers, training and files have
their own modules.
"""

from __future__ import annotations

import contextlib
import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna

from amber.errors import ConfigError, InvalidArchitectureError
from amber.search.best import best_record, describe_architecture, describe_builder
from amber.search.callbacks import SearchCallback
from amber.search.objective import Objective, describe_error
from amber.search.randomness import check_seed, seeded, trial_seed
from amber.search.ranking import ranking_csv, ranking_text
from amber.search.result import SearchResult, rank
from amber.search.run_directory import RunDirectory
from amber.search.samplers import make_sampler, token_distributions
from amber.search.training import positive_integer
from amber.search.trial import TrialResult

logger = logging.getLogger(__name__)


def run_search(
    objective: Objective,
    *,
    trials: int,
    seed: int,
    sampler: str | optuna.samplers.BaseSampler = "random",
    sampler_options: Mapping[str, Any] | None = None,
    run_directory: RunDirectory | None = None,
    callbacks: Sequence[SearchCallback] = (),
    builder_description: Mapping[str, Any] | None = None,
    resume: bool = False,
    allow_changes: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> SearchResult:
    """Searches for the architecture with the best score.

    Each proposal ends in one of these ways: it is trained ("complete", or "failed" where training raised), it
    is no network ("invalid"), it costs more than the objective's budget allows ("over budget", not trained), or the
    same network was met before ("duplicate", not trained again). Of what is invalid or over budget the sampler is told
    the worst value: that of the objective's reward, or where it has none the worst score so far. The seed
    of a training depends on the search's seed and on the network, not on the order of proposals. Ctrl-C ends
    the search with what is there.

    Args:
        objective: what trains and scores.
        trials: architectures to train, failed ones among them.
        seed: of the sampler and, with the network's fingerprint, of every training.
        sampler: a registered name (`"random"`, `"tpe"`, ...) or an Optuna sampler. One with an attribute `against`
            that names a cost ("parameters" or "flops") gets a study of two objectives: the score, and that cost to be
            minimised. The result is ranked by score all the same; see `SearchResult.pareto_front`.
        sampler_options: of a sampler given by name.
        run_directory: where to keep the files of the search; None keeps nothing.
        callbacks: listeners, such as `SearchProgress()`.
        builder_description: `{"type": ..., "options": {...}}` for `best.json`; by default the class name.
        resume: take up the search in `run_directory`, where one was begun: its settled proposals are kept and not
            trained again. The sampler is asked for them once more and told what became of them, so it goes on as it
            would have; an architecture that was being trained is trained from its start.
        allow_changes: whether settings may differ from those that the search began with.
        settings: what is compared with that, JSON-ready; by default the arguments and how a child is trained.

    Returns:
        All proposals, ranked, and the best.

    Raises:
        ConfigError: a setting out of range, an unknown sampler, or a metric that `fit` does not report.
        DataError: the data does not fit the networks.
        StorageError: the run directory cannot be written, is in use, or holds another search.
    """
    search = _Search(objective, positive_integer(trials, "trials"), check_seed(seed), run_directory, callbacks)
    search.builder_description = builder_description or describe_builder(objective.builder)
    if resume and run_directory is None:
        raise ConfigError("resume needs a run_directory. Received: None")
    settings = settings or {
        "trials": trials,
        "seed": seed,
        "sampler": sampler if isinstance(sampler, str) else type(sampler).__name__,
        "sampler_options": dict(sampler_options or {}),
        "training": objective.to_dict(),
        "builder": dict(search.builder_description),
        "space": objective.builder.model_space.to_dict() if run_directory else None,
    }
    if isinstance(sampler, str):
        sampler = make_sampler(sampler, objective.layout, seed, **(sampler_options or {}))
    elif not isinstance(sampler, optuna.samplers.BaseSampler):
        raise ConfigError(f"sampler must be a registered name or an Optuna sampler. Received: {sampler!r}")
    elif sampler_options:
        raise ConfigError("sampler_options belong to a sampler given by name; this one is made already.")
    with seeded(seed):
        pass  # Keras loads TensorFlow, where installed, to seed it: slow and noisy, so before any display starts
    with _quiet_optuna():
        search.against = getattr(sampler, "against", None)
        directions = [objective.direction, *(["minimize"] if search.against else [])]
        study = optuna.create_study(directions=directions, sampler=sampler)
        with run_directory.locked() if run_directory else contextlib.nullcontext():
            if run_directory is not None:
                search.earlier = run_directory.begin(settings, resume=resume, allow_changes=allow_changes)
            return search.run(study)


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
        self.builder_description: Mapping[str, Any] = {}
        self.against: str | None = None
        self.earlier: Sequence[TrialResult] = ()
        self.settled: list[TrialResult] = []
        self.known: dict[str, TrialResult] = {}
        self.proposed: set[tuple[int, ...]] = set()
        self.trained = 0
        self.best: TrialResult | None = None
        if run_directory is not None:
            # Fails before any training where the space holds what JSON cannot say.
            objective.builder.model_space.to_dict()

    def run(self, study: optuna.Study) -> SearchResult:
        """Runs to the end and returns the result; listeners and files are finished however it ends."""
        stopped = "error"
        self._note(logging.INFO, f"Search of {self.wanted} architectures, seed {self.seed}.")
        try:
            for callback in self.callbacks:
                callback.on_search_begin(self.wanted, self.objective.metric, self.objective.direction)
            self._replay(study)
            stopped = self._loop(study)
        except KeyboardInterrupt:
            stopped = "interrupted"
            self._note(logging.WARNING, f"Interrupted after {self.trained} of {self.wanted} architectures.")
        finally:
            result = SearchResult(
                tuple(rank(self.settled, self.objective.direction)),
                self.objective.metric,
                self.objective.direction,
                self.seed,
                stopped,
            )
            for callback in self.callbacks:
                callback.on_search_end(result)
        self._finish(result)
        return result

    def _replay(self, study: optuna.Study) -> None:
        """Brings sampler and study to where the earlier search was, without training."""
        if not self.earlier:
            return
        layout = self.objective.layout
        distributions = token_distributions(layout)
        for trial in self.earlier:
            tokens = layout.validate(trial.tokens)
            asked = study.ask(fixed_distributions=distributions)
            if tokens != tuple(int(asked.params[name]) for name in layout.names):
                self._note(logging.WARNING, f"The sampler proposes another architecture than trial {trial.number}.")
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
                study.enqueue_trial(dict(zip(layout.names, tokens, strict=True)))
                asked = study.ask(fixed_distributions=distributions)
            self.proposed.add(tokens)
            self._tell(study, asked, trial)
        self._note(logging.INFO, f"Taken up after {len(self.settled)} proposals.")
        complete = [trial for trial in self.settled if trial.status == "complete"]
        if complete:
            self.best = rank(complete, self.objective.direction)[0]
            self._write_ranking()
            self._write_best(self.best)

    def _loop(self, study: optuna.Study) -> str:
        layout = self.objective.layout
        distributions = token_distributions(layout)
        space_size = math.prod(layout.sizes)
        attempts = 20 * self.wanted + 100
        while self.trained < self.wanted:
            if len(self.proposed) == space_size:
                self._note(
                    logging.WARNING,
                    f"The space is exhausted: all {space_size} architectures were proposed and "
                    f"{self.trained} trained, {self.wanted} were asked for.",
                )
                return "exhausted"
            if len(self.settled) == attempts:
                self._note(
                    logging.WARNING,
                    f"Stopped after {attempts} proposals: only {self.trained} of {self.wanted} architectures "
                    "were new and valid. The space may be (nearly) exhausted, or most of it invalid.",
                )
                return "exhausted"
            asked = study.ask(fixed_distributions=distributions)
            tokens = tuple(int(asked.params[name]) for name in layout.names)
            self.proposed.add(tokens)
            self._settle(study, asked, self._try(tokens))
        return "finished"

    def _try(self, tokens: tuple[int, ...]) -> TrialResult:
        number = len(self.settled)
        try:
            candidate = self.objective.prepare(tokens)
        except InvalidArchitectureError as error:
            return TrialResult(number, tokens, "", "invalid", error=describe_error(error))
        first = self.known.get(candidate.fingerprint)
        if first is not None:
            return replace(
                first,
                number=number,
                tokens=tokens,
                status="duplicate",
                seconds=0.0,
                epochs=0,
                error=f"the same network as trial {first.number} ({first.status})",
            )
        refused = self.objective.over_budget(candidate, number)
        if refused is not None:
            return refused
        for callback in self.callbacks:
            callback.on_trial_begin(number, tokens)

        def on_epoch(epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
            for callback in self.callbacks:
                callback.on_epoch_end(number, epoch, epochs, metrics)

        own_seed = trial_seed(self.seed, candidate.fingerprint)
        return self.objective.evaluate(
            tokens,
            own_seed,
            number=number,
            candidate=candidate,
            on_epoch=on_epoch if self.callbacks else None,
        )

    def _settle(self, study: optuna.Study, asked: optuna.Trial, trial: TrialResult) -> None:
        # The journal first: what the sampler has learnt from is then always there.
        if self.directory is not None:
            self.directory.append_trial(trial)
        self._tell(study, asked, trial)
        self._record(trial)
        for callback in self.callbacks:
            callback.on_trial_end(trial)

    def _tell(self, study: optuna.Study, asked: optuna.Trial, trial: TrialResult) -> None:
        values = self._values(trial)
        if values is None:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(asked, values)
        self.settled.append(trial)
        if trial.status in ("complete", "failed"):
            self.trained += 1
        if trial.fingerprint and trial.status != "duplicate":
            self.known[trial.fingerprint] = trial

    def _values(self, trial: TrialResult) -> list[float] | None:
        """What the sampler is told: of what is no network or over budget the worst value; None where it failed."""
        score = trial.score
        first = self.known.get(trial.fingerprint, trial)
        if score is None and first.status in ("invalid", "over budget"):
            scores = [each.score for each in self.settled if each.score is not None]
            worst = min if self.objective.direction == "maximize" else max
            score = self.objective.worst if self.objective.worst is not None else worst(scores, default=None)
        values = [score] if self.against is None else [score, getattr(trial, self.against)]
        told = [float(value) for value in values if value is not None]
        return told if len(told) == len(values) else None

    def _record(self, trial: TrialResult) -> None:
        if trial.status == "failed":
            logger.warning("Trial %d failed: %s", trial.number, trial.error)
        is_best = (
            trial.status == "complete"
            and rank([each for each in (self.best, trial) if each], self.objective.direction)[0] is trial
        )
        if is_best:
            self.best = trial
        if self.directory is None:
            return
        score = "" if trial.score is None else f" {self.objective.metric} {trial.score:.6g}"
        error = f" ({trial.error})" if trial.error else ""
        self.directory.log(f"trial {trial.number} {trial.status}{score} {trial.seconds:.1f} s{error}")
        if trial.status == "complete":
            self._write_ranking()
        if is_best:
            self._write_best(trial)

    def _write_ranking(self) -> None:
        if self.directory is not None:
            direction = self.objective.direction
            self.directory.write("ranking.csv", ranking_csv(self.settled, None, direction))
            self.directory.write("ranking.txt", ranking_text(self.settled, None, direction, self.objective.metric))

    def _write_best(self, trial: TrialResult) -> None:
        if self.directory is not None:
            builder = self.objective.builder
            space = builder.model_space
            architecture = describe_architecture(space, builder.layout, trial.tokens)
            self.directory.write_best(
                best_record(space, self.builder_description, trial, architecture, trial.metrics, self.seed)
            )

    def _finish(self, result: SearchResult) -> None:
        counts = result.counts()
        if counts["failed"] and not counts["complete"]:
            error = next(trial.error for trial in result.trials if trial.status == "failed")
            self._note(logging.WARNING, f"Every training failed. The first: {error}")
        self._write_ranking()
        summary = ", ".join(f"{number} {name}" for name, number in counts.items())
        self._note(logging.INFO, f"Search {result.stopped}: {summary}.")

    def _note(self, level: int, message: str) -> None:
        logger.log(level, "%s", message)
        if self.directory is not None:
            self.directory.log(message)


@contextlib.contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Silences Optuna's log for a while; its level is put back afterwards."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)

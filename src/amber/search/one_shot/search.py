"""The method: train shared weights and policy in turns, score candidates, retrain the best from scratch."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import optuna

from amber.architect import TokenLayout
from amber.backend import interrupts
from amber.backend.randomness import check_seed, seeded
from amber.deprecation import deprecated_arguments
from amber.errors import ConfigError, StorageError
from amber.search.callbacks import SearchCallback
from amber.search.executors import Executor
from amber.search.former_arguments import FORMER_ARGUMENTS, translate
from amber.search.halving import run_halving
from amber.search.objective import Objective
from amber.search.one_shot.files import RECORD, OneShotFiles
from amber.search.one_shot.result import OneShotResult, ScoredArchitecture
from amber.search.one_shot.scores import SharedScores
from amber.search.one_shot.settings import OneShotSettings, SharedTraining
from amber.search.one_shot.shared import shared_builder
from amber.search.one_shot.weight_inheritance import with_inherited_weights
from amber.search.preflight import check_prunable, check_search
from amber.search.result import SearchResult
from amber.search.run_directory import RunDirectory
from amber.search.samplers.controller import controller_for
from amber.search.samplers.tokens import TokenSampler
from amber.search.settings import PrunerChoice, chosen_pruner
from amber.search.study import chosen_store, run_search, with_late_interrupt
from amber.search.trial_store import TrialStore
from amber.training.train import batches_of, train_epoch

logger = logging.getLogger(__name__)
_LEAST_RATE = 0.05
# Share of the steps in which the learning rate rises.
_RISE = 0.1


_SHARED = {"shared_compile": "compile_arguments", "controller_options": "controller_options", "progress": "progress"}


def _translate(arguments: dict[str, Any]) -> str:
    """Replace arguments of version 0.1, in place, and return what to write instead."""
    given = {name: arguments.pop(former) for former, name in _SHARED.items() if former in arguments}
    if not given:
        return translate(arguments)
    if arguments.get("shared") is not None:
        raise ConfigError(f"Give {', '.join(given)} to SharedTraining. Received: shared, and these beside it")
    arguments["shared"] = SharedTraining(**given)
    others = translate(arguments)
    return f"shared=SharedTraining({', '.join(f'{name}=...' for name in given)})" + (others and f" and {others}")


@deprecated_arguments((*FORMER_ARGUMENTS, *_SHARED), _translate, since="0.2.0", removed_in="0.4.0")
def run_one_shot(
    objective: Objective,
    *,
    seed: int,
    settings: OneShotSettings | None = None,
    shared: SharedTraining | None = None,
    store: TrialStore | RunDirectory | None = None,
    callbacks: Sequence[SearchCallback] = (),
    executor: Executor | None = None,
    pruner: PrunerChoice = None,
) -> OneShotResult:
    """Search with shared weights, and retrains the best as a search by trials would train them.

    From scratch, unless the settings say that they inherit the shared weights.

    Validation data score; nothing is selected by other data. Ctrl-C ends the search with what is there: shared
    weights, policy and history up to the last episode, and every network retrained.

    Args:
        objective: what retrains and scores; its builder must be one that `shared_builder` knows.
        seed: of everything.
        settings: how much of what.
        shared: how shared weights and policy are trained.
        store: where the retraining is recorded; see `amber.search.Study`. Other files go to its directory; None keeps
            nothing. Where the store resumes a search, candidates that were chosen already are kept, and those retrained
            are not retrained again; shared training that had not come to a choice starts over.
        callbacks: listeners to the retraining.
        executor: where the chosen ones are retrained, also from shared weights; by default in this process. The
            shared weights themselves train in this process, one batch after another.
        pruner: ends bad retrainings; see `amber.search.Study`. Halving of the settings does that itself.

    Raises:
        ConfigError: a builder without supernet, a setting out of range, a pruner beside halving, or a metric that is
            not reported.
        StorageError: the run directory cannot be written.
        ExecutorError: workers cannot be reached or started; what was chosen is kept, and taken up with `resume`.
    """
    trial_store = chosen_store(store)
    pruning, _ = chosen_pruner(pruner, objective.settings.epochs)
    if pruning is not None:
        check_prunable(objective)
    settings, shared = settings or OneShotSettings(), shared or SharedTraining()
    if settings.halving is not None and pruning is not None:
        raise ConfigError(f"Halving gives trainings up itself: expected no pruner beside it. Received: {pruner!r}")
    search = _Shared(objective, settings, check_seed(seed), trial_store.directory, shared)
    with interrupts.guarded():
        stopped = search.choose(resume=trial_store.resume)
        if stopped == "interrupted" or not search.candidates:
            stopped = "exhausted" if stopped == "finished" else stopped
            nothing = SearchResult((), objective.metric, objective.direction, seed, stopped)
            return OneShotResult(with_late_interrupt(nothing), (), tuple(search.history))
        common: dict[str, Any] = {
            "trials": len(search.candidates),
            "seed": seed,
            "sampler": _Chosen(objective.layout, seed, [each.tokens for each in search.candidates]),
            "store": trial_store,
            "executor": executor,
            "callbacks": callbacks,
        }
        if settings.halving is None:
            found = run_search(search.retraining(), pruner=pruning, **common)
        else:
            found = run_halving(search.retraining(), settings=settings.halving, **common)
        result = OneShotResult(found, tuple(search.candidates), tuple(search.history))
        with interrupts.shielded():
            search.report(result)
        return replace(result, search=with_late_interrupt(found))


class _Shared:
    """The part before retraining, and its state."""

    def __init__(
        self,
        objective: Objective,
        settings: OneShotSettings,
        seed: int,
        directory: RunDirectory | None,
        shared: SharedTraining,
    ) -> None:
        self.objective, self.settings, self.seed = objective, settings, seed
        self.shared, self.progress = shared, shared.progress
        self.directory, self.files = directory, OneShotFiles(directory)
        self.generator = np.random.default_rng([seed, 1])
        self.history: list[dict[str, float]] = []
        self.candidates: list[ScoredArchitecture] = []
        self.outcome: dict[str, Any] = {}
        self.steps = 0
        self.warm = False
        # Where there are any, batches are drawn from these only.
        self.only: list[tuple[int, ...]] = []
        self.started = 0.0

    def choose(self, *, resume: bool) -> str:
        """Train the shared weights and choose, or take over what was chosen; returns "finished" or "interrupted"."""
        with interrupts.put_off():
            check_search(self.objective, self.seed)
        with interrupts.shielded():
            chosen = resume and self.restore()
            if not chosen:
                self.files.clear()
            if not chosen or self.settings.inherit_weights:
                self.prepare()
            if chosen and self.settings.inherit_weights:
                self.files.load_supernet(self.builder.supernet)
        return "finished" if chosen else self.run()

    def restore(self) -> bool:
        """Take over what an earlier search chose; returns whether there was a choice.

        Raises:
            StorageError: the record cannot be used.
        """
        record = self.files.read_record()
        if record is None or not record.get("candidates"):
            return False
        try:
            layout = self.objective.layout
            self.candidates = [
                ScoredArchitecture(tuple(layout.validate(each["tokens"])), str(each["source"]), float(each["score"]))
                for each in record["candidates"]
            ]
            self.history, self.steps = list(record["history"]), int(record["steps"])
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(f"{RECORD} of the search to be resumed cannot be used: {error!r}") from error
        return True

    def prepare(self) -> None:
        """Make supernet and policy; every mistake of the settings shows here."""
        arguments = self.shared.compile_arguments or self.objective.builder.model_compile_dict
        if arguments is None:
            raise ConfigError("One-shot search needs a builder with compile arguments. Received: None")
        with seeded(self.seed):
            self.builder = shared_builder(self.objective.builder, arguments, self.objective.settings.batch_size)
            self.child = self.builder(sampler=self._draw)
            self.controller = controller_for(self.objective.layout, self.seed, **(self.shared.controller_options or {}))
        self.scores = SharedScores(self.objective, self.builder, self.settings, self.seed)
        try:
            self.rate = float(np.asarray(self.child.optimizer.get_config()["learning_rate"], "float64"))
        except (TypeError, ValueError) as error:
            raise ConfigError("shared_compile needs a constant learning rate, which is lowered here.") from error

    def retraining(self) -> Objective:
        """What trains the chosen ones."""
        if not self.settings.inherit_weights:
            return self.objective
        return with_inherited_weights(self.objective, self.builder.supernet, self.scores.calibration(self.steps))

    def run(self) -> str:
        """Train and scores; returns "finished" or "interrupted"."""
        self.started = time.monotonic()
        if self.progress:
            self.progress.begin()
        stopped = "finished"
        try:
            with seeded(self.seed):
                interrupts.check()
                self._start()
                self._warm_up()
                self._episodes()
                # Until here there is no choice that could be taken up.
                self.candidates = self._trained_on(self._chosen())
            self._save()
        except KeyboardInterrupt:
            interrupts.acknowledge()
            stopped = "interrupted"
            self._save()
            logger.warning("Interrupted after %d steps of shared training.", self.steps)
            if self.directory is not None:
                self.directory.log(f"Interrupted after {self.steps} steps of shared training.")
        finally:
            if self.progress:
                self.progress.end()
        return stopped

    def report(self, result: OneShotResult) -> None:
        """Add the retrained best of both samples to the record."""
        for source in ("policy", "random"):
            best = result.best_of(source)
            self.outcome[source] = None if best is None else {"tokens": list(best.tokens), "score": best.score}
            if self.directory is not None and best is not None:
                self.directory.log(f"best of {source}: {self.objective.metric} {best.score:.6g} (trial {best.number})")
        self.files.write_record(self._record())

    def _draw(self) -> Any:
        if self.only:
            return self.only[self.generator.integers(len(self.only))]
        if not self.warm or self.generator.random() < self.settings.uniform_share:
            return self.objective.layout.sample(self.generator)
        return self.controller.sample(1)[0]

    def _share(self) -> float:
        share = self.steps / self.settings.planned_steps
        if self.settings.seconds is not None:
            share = max(share, (time.monotonic() - self.started) / self.settings.seconds)
        return min(1.0, share)

    def _slope(self) -> float:
        """Share of the learning rate: it rises at first, and falls along a cosine as the finalists train.

        Weights that every network shares do not get over a bad start. Without finalists the whole training is the fall.
        """
        searching = self.settings.searching_steps / self.settings.planned_steps
        share = self._share()
        rise = min(1.0, share / _RISE)
        if searching < 1:
            share = max(0.0, (share - searching) / (1 - searching))
        return max(_LEAST_RATE, rise * 0.5 * (1 + math.cos(math.pi * share)))

    def _has_searched(self) -> bool:
        """Whether the steps, or the time, of warm-up and episodes are used up."""
        return self._share() >= self.settings.searching_steps / self.settings.planned_steps

    def _train(self, steps: int) -> float:
        """Train on so many batches and return their mean loss."""
        train, settings = self.objective.train, self.objective.settings
        size = settings.batch_size
        rows = np.resize(self.generator.permutation(len(train[1])), steps * size)
        self.child.optimizer.learning_rate = self.rate * self._slope()
        reported = train_epoch(self.child, batches_of(train, rows, size, self.steps, settings.fit_kwargs))
        self.steps += steps
        return float(reported["loss"][-1])

    def _start(self) -> None:
        """Train as one architecture, the largest of a sample: see `OneShotSettings.start_steps`."""
        if not self.settings.start_steps:
            return
        drawn = [self.objective.layout.sample(self.generator) for _ in range(self.settings.sample)]
        self.only = self.scores.largest(drawn)
        while self.only and self.steps < self.settings.start_steps and not self._has_searched():
            loss = self._train(min(self.settings.steps_per_episode, self.settings.start_steps - self.steps))
            self._show(f"one network, step {self.steps}/{self.settings.start_steps}, loss {loss:.4f}")
        self.only = []

    def _warm_up(self) -> None:
        last = self.settings.start_steps + self.settings.warm_up_steps
        while self.steps < last and not self._has_searched():
            loss = self._train(min(self.settings.steps_per_episode, last - self.steps))
            self._show(f"warm-up, step {self.steps}/{last}, loss {loss:.4f}")
        self.warm = True
        self._save()

    def _episodes(self) -> None:
        for episode in range(1, self.settings.episodes + 1):
            if self._has_searched():
                break
            loss = self._train(self.settings.steps_per_episode)
            arcs, probabilities = self.controller.sample_with_probs(self.settings.architectures)
            scores = self.scores.of(arcs, self.steps)
            sign = 1.0 if self.objective.direction == "maximize" else -1.0
            for row, (arc, score) in enumerate(zip(arcs, scores, strict=True)):
                self.controller.store(None, [each[row : row + 1] for each in probabilities], arc, sign * score)
            self.controller.train(episode)
            best = max(scores) if sign > 0 else min(scores)
            mean = float(np.mean(scores))
            seconds = time.monotonic() - self.started
            self.history.append(
                {"episode": episode, "steps": self.steps, "seconds": seconds, "loss": loss, "mean": mean, "best": best}
            )
            self._save()
            self._show(f"episode {episode}/{self.settings.episodes}, policy's mean {self._metric} {mean:.4f}")

    def _chosen(self) -> list[ScoredArchitecture]:
        """Score what policy and chance propose, and return the best `top_k` networks of each, the best first."""
        layout, count = self.objective.layout, self.settings.sample
        proposals = {
            "policy": [self.controller.most_probable(), *self.controller.sample(count - 1)],
            "random": [layout.sample(self.generator) for _ in range(count)],
        }
        seen: set[str] = set()
        chosen: list[ScoredArchitecture] = []
        for source, arcs in proposals.items():
            unique = list(dict.fromkeys(tuple(int(token) for token in arc) for arc in arcs))
            self._show(f"scoring {len(unique)} architectures ({source})")
            scores = self.scores.of(unique, self.steps)
            scored = [ScoredArchitecture(t, source, s) for t, s in zip(unique, scores, strict=True)]
            chosen += self.scores.first_networks(scored, seen)
        # Whoever stops the retraining early has the most promising of both.
        return self.scores.ordered(chosen)

    def _trained_on(self, chosen: list[ScoredArchitecture]) -> list[ScoredArchitecture]:
        """Train the shared weights as the chosen networks only, and return these by their new scores."""
        if not chosen or not self.settings.finalist_steps:
            return chosen
        self.only = [each.tokens for each in chosen]
        while self.steps < self.settings.planned_steps and self._share() < 1:
            loss = self._train(min(self.settings.steps_per_episode, self.settings.planned_steps - self.steps))
            self._show(f"{len(chosen)} finalists, step {self.steps}/{self.settings.planned_steps}, loss {loss:.4f}")
        scores = self.scores.of(self.only, self.steps)
        return self.scores.ordered([replace(each, score=score) for each, score in zip(chosen, scores, strict=True)])

    @property
    def _metric(self) -> str:
        return self.objective.metric.removeprefix("val_")

    def _show(self, note: str) -> None:
        if self.progress:
            self.progress.show(self._share(), note)

    def _record(self) -> dict[str, object]:
        return {
            "seed": self.seed,
            "metric": self.objective.metric,
            "direction": self.objective.direction,
            "settings": asdict(self.settings),
            "steps": self.steps,
            "history": self.history,
            "candidates": [{**asdict(each), "tokens": list(each.tokens)} for each in self.candidates],
            "retrained": self.outcome,
        }

    def _save(self) -> None:
        with interrupts.shielded():
            self.files.write(self.builder.supernet, self.controller, self._record())


class _Chosen(TokenSampler):
    """Proposes given architectures in turn."""

    def __init__(self, layout: TokenLayout, seed: int, arcs: Sequence[tuple[int, ...]]) -> None:
        super().__init__(layout, seed)
        self._arcs = list(arcs)

    def propose(self, study: optuna.Study, number: int) -> Sequence[int]:
        """The architecture of that number."""
        return self._arcs[number % len(self._arcs)]

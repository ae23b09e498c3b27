"""What a search asks of an architecture: train its model, and report one number.

Selection sees the validation data only; test data has no place here.
"""

from __future__ import annotations

import copy
import json
import operator
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import keras

from amber.architect import ModelSpace
from amber.backend import interrupts
from amber.backend.randomness import check_seed, preserved
from amber.display import PlainRepr
from amber.errors import AmberError, ConfigError, InvalidArchitectureError, describe_error
from amber.graph.cost import check_size
from amber.graph.graph import ComputationGraph
from amber.search.attempt import Attempt, attempt, scored
from amber.search.builder_checks import builds_graphs, can_plan, usable_builder
from amber.search.candidate import Candidate, token_fingerprint
from amber.search.children import no_children_left
from amber.search.cycles import CycleCollector
from amber.search.executors.reports import Reporter
from amber.search.latency import Stopwatch
from amber.search.objective_settings import ObjectiveOptions, ObjectiveSettings, settings_with
from amber.search.process_state import kept_process_state
from amber.search.pruning import PruningCallback
from amber.search.references import build_reference
from amber.search.rewards.budget import Budget
from amber.search.rewards.reward import get_reward
from amber.search.rewards.scoring import Scoring
from amber.search.rung_states import RungStates
from amber.search.trial import Trial
from amber.training.checkpoint import Checkpoint
from amber.training.data_checks import check_data, check_fit_arguments, check_input_shapes, check_targets
from amber.training.train import train_model
from amber.types import Tokens
from amber.wording import shown


class Objective(PlainRepr):
    """Trains architectures of one builder on one split of data.

    Args:
        builder: gives compiled models of tokens; has `layout` and `plan(arc)`, or else `model_space` says what may be
            built. Of one that cannot plan, networks are told apart by their tokens and measured once they are built.
        train: features and targets; features may be an array, or a list or dictionary of arrays.
        validation: features and targets that score a model.
        settings: how to train and score; None: the defaults of ObjectiveSettings.
        model_space: what may be built, for a function or a builder that has none; one token a layer.
        **options: fields of ObjectiveSettings, in place of those of `settings`: `Objective(..., epochs=3)`.

    Raises:
        ConfigError: nothing says what may be built, knowledge or a budget with a builder that cannot plan, a setting
            out of range or unknown, or an unknown reward.
        DataError: data without rows, of unequal lengths, or that are not finite numbers.
    """

    def __init__(
        self,
        builder: Any,
        train: tuple[Any, Any],
        validation: tuple[Any, Any],
        settings: ObjectiveSettings | None = None,
        *,
        model_space: ModelSpace | None = None,
        **options: Unpack[ObjectiveOptions],
    ) -> None:
        self.builder = builder = usable_builder(builder, model_space)
        self.plans = can_plan(builder)
        self._builds_graphs = builds_graphs(type(builder))
        self.layout = builder.layout
        """The TokenLayout of the builder."""
        self.settings = settings = settings_with(settings, options)
        reward = None if settings.reward is None else get_reward(settings.reward)
        self.scoring = Scoring(settings.metric, settings.direction, reward, settings.knowledge)
        self.metric = self.scoring.metric
        """The name of the score: what `fit` reports, or `val_auroc` and the like where there is a reward."""
        self.direction = self.scoring.direction
        self.infeasible_value = self.scoring.infeasible_value
        """The score reported to the sampler for infeasible architectures; None: the worst score so far."""
        self.budget = settings.budget
        if not self.plans and (settings.knowledge is not None or replace(self.budget, latency=None) != Budget()):
            raise ConfigError(
                "Knowledge and a budget look at a network before it is trained, and need a builder that defines `plan`."
                f" Received: one that only builds ({type(builder).__name__})"
            )
        self.train = check_data(train, "train")
        self.validation = check_data(validation, "validation")
        check_fit_arguments(settings.fit_kwargs or {}, len(keras.tree.flatten(self.train[1])[0]))
        self._fitting: set[Any] = set()
        self._training = settings.to_dict()
        self._states: RungStates | None = None
        self._cycles = CycleCollector()

    def for_rung(self, epochs: int, states: RungStates) -> Objective:
        """Return this objective for fewer epochs, which begins with the states of networks and leaves them there.

        Args:
            epochs: the most epochs.
            states: of the networks, by fingerprint.
        """
        rung = copy.copy(self)
        rung.settings = replace(self.settings, epochs=epochs)
        rung._training = rung.settings.to_dict()
        rung._states = states
        return rung

    def to_dict(self) -> dict[str, object]:
        """Return how networks are trained and valued, JSON-ready."""
        limits = {name: limit for name, limit in vars(self.budget).items() if limit is not None}
        timed = self.settings.latency_batch
        return {
            **self._training,
            **self.scoring.to_dict(),
            **({"budget": limits} if limits else {}),
            **({"latency_batch": timed} if timed else {}),
        }

    def prepare(self, arc: Tokens) -> Candidate:
        """Plan and measure an architecture without building it. No random generator is disturbed.

        Raises:
            ArchitectureError: tokens outside the grammar.
            InvalidArchitectureError: tokens that do not describe a network, or one whose output cannot learn targets of
                the shape that the data have.
            ConfigError: a loss that no network of these outputs can have.
            DataError: the network's inputs or the targets of its loss do not have the shapes of the data, or a label is
                not one of its classes.
        """
        if not self.plans:
            tokens = self.layout.validate(arc)
            return Candidate(tokens, token_fingerprint(tokens))
        graph = self.builder.plan(arc)  # which checks the tokens
        cost = graph.cost
        check_size(cost)
        self._check_data(graph)
        return Candidate(tuple(map(operator.index, arc)), graph.fingerprint(), cost.parameters, cost.flops, graph)

    def _check_data(self, graph: ComputationGraph) -> None:
        """Check that a network can learn these data; once for networks that take and give the same."""
        nodes = graph.cost.nodes
        ends = (graph.inputs, graph.outputs, *graph.auxiliary)
        shapes = (ends, *[nodes[name].output_shape for name in (*graph.inputs, *graph.outputs)])
        if shapes in self._fitting:
            return
        for data, name in ((self.train, "train"), (self.validation, "validation")):
            check_input_shapes(graph.inputs, graph.cost, data[0], name)
            check_targets(graph, graph.cost, getattr(self.builder, "model_compile_dict", None), data[1], name)
        self._fitting.add(shapes)

    def over_budget(self, candidate: Candidate, number: int = 0) -> Trial | None:
        """Return the result of a network that costs too much; None where it may be trained."""
        excess = self.budget.excess(candidate)
        if excess is None:
            return None
        return Trial(
            number,
            candidate.tokens,
            candidate.fingerprint,
            "over budget",
            parameters=candidate.parameters,
            flops=candidate.flops,
            error=excess,
        )

    def build(self, candidate: Candidate) -> keras.Model:
        """Return the compiled model of a planned architecture.

        It is built of the graph that was planned. A builder that overrides how models are built is given the tokens.
        """
        graph = candidate.graph
        if graph is not None and not candidate.tokens:
            return build_reference(self.builder, graph)
        if graph is None or not self._builds_graphs:
            model: keras.Model = self.builder(candidate.tokens)
            return model
        return self.builder.from_graph(graph, candidate.tokens)

    def value(
        self, model: keras.Model, graph: ComputationGraph | None, metrics: Mapping[str, float]
    ) -> dict[str, float]:
        """Return the metrics with the score of a trained model among them, under the name `metric`.

        Args:
            model: of the architecture.
            graph: of the architecture; only knowledge looks at it.
            metrics: what `fit` reported for it.

        Raises:
            ConfigError: `fit` reports no metric of that name.
            DataError: the validation targets do not suit the reward.
            FloatingPointError: a prediction is not finite.
        """
        with preserved():
            return self.scoring.value(model, graph, dict(metrics), self.validation, self.settings.batch_size)

    def evaluate(
        self,
        arc: Tokens,
        seed: int,
        *,
        number: int = 0,
        candidate: Candidate | None = None,
        checkpoint: Path | None = None,
        reporter: Reporter | None = None,
    ) -> Trial:
        """Train one architecture and score it.

        An architecture that is not a network or over budget, and an error in training, become part of the result.

        Args:
            arc: the tokens.
            seed: of weights, shuffling and dropout.
            number: number of the trial.
            candidate: what `prepare(arc)` returned, to spare doing it again.
            checkpoint: a file that keeps the state after each epoch, and from which the same training is taken up; see
                `amber.training.checkpoint`. It stays until the caller removes it.
            reporter: hears of every epoch, and may give the training up after any.

        Raises:
            ArchitectureError: tokens outside the grammar.
            ConfigError: `fit` reports no metric of that name (lists the known), the model is not compiled, or this
                process does not know an operation.
            DataError: the data does not fit the network's inputs, or the validation targets the reward.
        """
        seed = check_seed(seed)
        start = time.perf_counter()
        if candidate is not None:
            candidate.check_known()
        known = candidate or prepared(self, self.layout.validate(arc), number)
        if isinstance(known, Trial):
            return known
        refused = self.over_budget(known, number)
        if refused is not None:
            return refused
        if checkpoint is None and self._states is not None and self._states.is_reachable:
            # A worker of another machine, which may share the folder.
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "state.npz"
                return self.evaluate(arc, seed, number=number, candidate=known, checkpoint=path, reporter=reporter)
        watch = Stopwatch(self.settings.latency_batch, self.validation[0], self.budget)
        reporting = None if reporter is None else PruningCallback(reporter, self.settings.metric)
        ended = attempt(lambda: self._trained(known, seed, watch, reporting, checkpoint), reporting)
        # Keras' own clear_session would reset state that is the user's.
        self._cycles.collect()
        return Trial(
            number,
            known.tokens,
            known.fingerprint,
            ended.status,
            ended.score,
            ended.metrics,
            ended.parameters if known.parameters is None else known.parameters,
            known.flops,
            time.perf_counter() - start,
            seed,
            ended.error,
            ended.epochs,
            tuple(reporting.values) if reporting is not None and reporter is not None and reporter.may_stop else (),
            latency=watch.milliseconds,
            diverged=ended.diverged,
        )

    def _trained(
        self,
        candidate: Candidate,
        seed: int,
        watch: Stopwatch,
        reporting: PruningCallback | None,
        checkpoint: Path | None,
    ) -> Attempt:
        """Train and score a network, from the state that an earlier rung left, and leave its own to the next."""
        states = None if checkpoint is None else self._states
        if states is not None and checkpoint is not None:
            states.fetch(candidate.fingerprint, checkpoint)
        with no_children_left(), kept_process_state():
            trained = train_model(
                lambda: watch.timed(self.build(candidate)),
                self.train,
                self.validation,
                self.settings,
                seed,
                callbacks=[*own_callbacks(self.settings.callbacks), *([] if reporting is None else [reporting])],
                checkpoint=None if checkpoint is None else self._checkpoint(checkpoint, candidate, seed),
            )
            metrics = self.value(trained.model, candidate.graph, trained.metrics())
            epochs, parameters = len(trained.history["loss"]), trained.model.count_params()
            del trained
        if states is not None and checkpoint is not None:
            states.keep(candidate.fingerprint, checkpoint)
        return scored(metrics, self.metric, epochs, parameters)

    def _checkpoint(self, path: Path, candidate: Candidate, seed: int) -> Checkpoint:
        identity = {"network": candidate.fingerprint, "seed": seed, **self._training}
        if self._states is not None:
            del identity["epochs"]  # the next rung goes on from here
        return Checkpoint(path, json.dumps(identity, sort_keys=True), after_last=self._states is not None)


def own_callbacks(make: Callable[[], Sequence[keras.callbacks.Callback]] | None) -> list[keras.callbacks.Callback]:
    """Return a user's callbacks of one training, made now; raises ConfigError for what is not a list of them."""
    if make is None:
        return []
    made = make() if callable(make) else make
    is_list = callable(make) and isinstance(made, Sequence)
    if not is_list or not all(isinstance(each, keras.callbacks.Callback) for each in made):
        raise ConfigError(
            "`callbacks` must be a function without arguments that returns a list of new Keras callbacks, as each "
            f"training needs its own. Received: {shown(made)}"
        )
    return list(made)


def prepared(objective: Objective, tokens: tuple[int, ...], number: int) -> Candidate | Trial:
    """Plan and measure an architecture as `Objective.prepare` does, or return the trial of what cannot be planned.

    Its status is "invalid" where it describes no network, and "failed" where a layer raised what is not an error of
    shapes, such as SystemExit.

    Args:
        objective: an Objective, or what plans as one.
        tokens: the architecture.
        number: of the trial.

    Raises:
        AmberError: as `Objective.prepare`, but for InvalidArchitectureError.
    """
    try:
        with kept_process_state():
            candidate: Candidate = objective.prepare(tokens)
    except InvalidArchitectureError as error:
        return Trial(number, tokens, "", "invalid", error=describe_error(error))
    except AmberError:
        raise
    except BaseException as error:  # one bad network must not end a search
        if interrupts.is_interrupt(error):
            raise
        interrupts.check()
        return Trial(number, tokens, token_fingerprint(tokens), "failed", error=describe_error(error))
    return candidate

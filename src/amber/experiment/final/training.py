"""The last training of `amber search`: the best architecture, once or several times, as one model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amber.display import one_line
from amber.experiment.task_spec import TaskSpec

if TYPE_CHECKING:
    import keras

    from amber.data import Dataset, Split
    from amber.experiment.configuration.reading import Configuration
    from amber.modeler.builders.protocol import Builder
    from amber.search import Trial


@dataclass(frozen=True)
class FinalModel:
    """What the last training gave.

    Attributes:
        model: what is kept: the network, or the mean of the networks.
        networks: each that was trained, the first with the seed of its trial where that was the only candidate.
        epochs: that each was trained.
        saw_validation: whether validation data were trained on, so that a score there says nothing.
        linear: by output, the weight of a linear model in the best model; empty where none was tried.
        both_strands: whether the model predicts the mean of both strands.
        histories: of each network, loss and metrics after each epoch, by name.
    """

    model: Any
    networks: tuple[Any, ...]
    epochs: tuple[int, ...]
    saw_validation: bool = False
    linear: Mapping[str, float] = field(default_factory=dict)
    both_strands: bool = False
    histories: tuple[Mapping[str, Sequence[float]], ...] = ()
    __repr__ = one_line

    @property
    def is_combined(self) -> bool:
        """Say whether the model is more than one network, or is used twice."""
        return len(self.networks) > 1 or any(self.linear.values()) or self.both_strands


class FinalNetwork(NamedTuple):
    """One network of the last training.

    Attributes:
        network: in float32.
        history: loss and metrics after each epoch, by name.
        metrics: what `fit` reported for its weights, or what holds once recalibrated.
    """

    network: Any
    history: Mapping[str, Sequence[float]]
    metrics: Mapping[str, float]


def final_records(loaded: Configuration, dataset: Dataset) -> Split:
    """Return what `final.data` says the best architecture is trained on."""
    together = loaded.config.final.data == "train_and_validation"
    return dataset.train.joined(dataset.validation) if together else dataset.train


def train_final(
    loaded: Configuration,
    dataset: Dataset,
    builder: Builder,
    best: Trial,
    say: Callable[[str], None],
    callbacks: Callable[[], Sequence[keras.callbacks.Callback]] | None = None,
    begun: FinalNetwork | None = None,
) -> FinalModel:
    """Train the best architecture as `final` says.

    Args:
        loaded: the configuration.
        dataset: of which training and validation parts are used.
        builder: gives a compiled model of tokens.
        best: the trial; it has a seed.
        say: takes lines for the user.
        callbacks: called before each training; returns the user's Keras callbacks of that training.
        begun: the first network, where it is trained already.
    """
    from amber.experiment.components import compile_arguments
    from amber.experiment.final.linear_term import with_linear_term
    from amber.experiment.final.strands import with_both_strands
    from amber.search import average, trial_seed

    final = loaded.config.final
    train = final_records(loaded, dataset)
    trained = [] if begun is None else [begun]
    for number in range(len(trained), final.ensemble):
        which = f", network {number + 1} of {final.ensemble}" if final.ensemble > 1 else ""
        limit = ("" if final.patience is None else "at most ") + f"{final.epochs} epoch{'s' * (final.epochs > 1)}"
        say(f"Retraining the best architecture{which}, {limit}")
        seed = trial_seed(best.seed or 0, f"network {number}") if number else best.seed or 0
        trained.append(train_network(loaded, dataset, builder, best, seed, callbacks))
    networks, histories = [each.network for each in trained], [each.history for each in trained]
    arguments = compile_arguments(loaded, problem=TaskSpec.of(dataset))
    model = average(networks, arguments)
    linear: dict[str, float] = {}
    if final.linear_term:
        model, linear = with_linear_term(networks, model, dataset, loaded.config.seed, arguments)
        say(f"Linear term, weighed on validation data: {_said(linear)}")
    if final.both_strands:
        model = with_both_strands(model, loaded, TaskSpec.of(dataset), arguments)
        say("The best model predicts the mean of both strands")
    model = _with_stock_metrics(model, arguments)
    return FinalModel(
        model,
        tuple(networks),
        tuple(len(history["loss"]) for history in histories),
        train is not dataset.train,
        linear,
        final.both_strands,
        tuple(histories),
    )


def train_network(
    loaded: Configuration,
    dataset: Dataset,
    builder: Builder,
    trial: Trial,
    seed: int,
    callbacks: Callable[[], Sequence[keras.callbacks.Callback]] | None = None,
) -> FinalNetwork:
    """Train the architecture of a trial once, as `final` says.

    Args:
        loaded: the configuration.
        dataset: of which training and validation parts are used.
        builder: gives a compiled model of tokens.
        trial: of the architecture.
        seed: of weights, shuffling and dropout.
        callbacks: see `train_final`.
    """
    from amber.search.objective import own_callbacks
    from amber.training.data_checks import check_data
    from amber.training.settings import FitSettings
    from amber.training.train import train_model

    final = loaded.config.final
    train = final_records(loaded, dataset)
    settings = FitSettings(
        metric=loaded.config.search.metric,
        direction=loaded.config.search.chosen_direction,
        epochs=final.epochs,
        batch_size=final.batch_size or loaded.config.training.batch_size,
        patience=final.patience,
        fit_kwargs=dataset.fit_arguments(train),
        recalibrate=loaded.config.training.recalibrate,
    )
    trained = train_model(
        lambda: builder(trial.tokens),
        check_data((train.x, train.y), "train"),
        check_data((dataset.validation.x, dataset.validation.y), "validation"),
        settings,
        seed,
        callbacks=own_callbacks(callbacks),
    )
    return FinalNetwork(in_float32(trained.model, builder, trial.tokens), trained.history, trained.metrics())


def in_float32(network: keras.Model, builder: Builder, tokens: Sequence[int]) -> keras.Model:
    """Return a trained network that computes in float32: itself, or a copy where it was trained in another precision.

    Args:
        network: of the builder.
        builder: gives a compiled model of tokens.
        tokens: of the network.
    """
    if getattr(builder, "precision", None) is None:
        return network
    plain: Any = copy(builder)
    plain.precision = "float32"
    made: keras.Model = plain(tokens)
    made.set_weights(network.get_weights())
    made.optimizer.build(made.trainable_variables)
    for variable, trained in zip(made.optimizer.variables, network.optimizer.variables, strict=True):
        variable.assign(trained)
    return made


def _with_stock_metrics(model: keras.Model, arguments: Mapping[str, object]) -> object:
    """Return the model, compiled again without metrics of AMBER's, so that what is saved loads without it."""
    from amber.modeler.task_metrics import has_own_metrics, stock_metrics

    if has_own_metrics(arguments["metrics"]):
        kept = {**arguments, "optimizer": model.optimizer, "metrics": stock_metrics(arguments["metrics"])}
        model.compile(**kept)
    return model


def _said(weights: Mapping[str, float]) -> str:
    used = {name: weight for name, weight in weights.items() if weight}
    if not weights:
        return "none, there is none for this task"
    if not used:
        return "none, the networks are better without"
    shares = ", ".join(f"{weight:.0%}" + (f" of {name}" if len(weights) > 1 else "") for name, weight in used.items())
    return f"{shares} of the best model is a linear model of the inputs, the rest are networks"

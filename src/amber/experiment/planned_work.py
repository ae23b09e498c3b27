"""What an experiment will train, as far as it is known before: what the estimate of the time left begins with."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from amber.errors import InvalidArchitectureError
from amber.experiment.components import halving_settings, training_steps
from amber.experiment.data import folds_of
from amber.experiment.experiment import Experiment
from amber.experiment.final.training import final_records
from amber.search.pace import PlannedWork

if TYPE_CHECKING:
    from amber.modeler import ModelBuilder
    from amber.search.one_shot import OneShotSettings

# Networks that are planned, in a millisecond each.
_SAMPLED = 30


def planned_work(experiment: Experiment) -> PlannedWork:
    """Return what is known of a search and of the last training before they begin."""
    config = experiment.configuration.config
    training, final = config.training, config.final
    of_rung = _rungs(experiment)
    epochs = [epochs for _, epochs in of_rung]
    all_epochs = [networks * epochs for networks, epochs in of_rung]
    return PlannedWork(
        epochs=tuple(epochs),
        may_stop=_may_stop(training.patience, training.epochs) or config.search.pruner is not None,
        flops=_average_flops(experiment.builder),
        after_rung=tuple(float(sum(all_epochs[place + 1 :])) for place in range(len(of_rung))),
        trainings_after_rung=tuple(
            sum(networks for networks, _ in of_rung[place + 1 :]) for place in range(len(of_rung))
        ),
        final_epochs=_final_epochs(experiment),
        final_trainings=_final_trainings(experiment),
        final_may_stop=_may_stop(final.patience, final.epochs),
    )


def after_shared(experiment: Experiment, settings: OneShotSettings) -> float:
    """Return how many times as many batches as the shared training of a one-shot search has follow it."""
    config = experiment.configuration.config
    batches = training_steps(len(experiment.dataset.train), config.training.batch_size, 1)
    retrained = sum(networks * epochs for networks, epochs in _rungs(experiment))
    epochs = retrained + _final_epochs(experiment)
    return batches * epochs / max(1, settings.planned_steps)


def _final_epochs(experiment: Experiment) -> float:
    """Return the epochs of the last trainings together; one of them may have more examples than one of a trial."""
    configuration, dataset = experiment.configuration, experiment.dataset
    longer = len(final_records(configuration, dataset)) / max(1, len(dataset.train))
    return _final_trainings(experiment) * configuration.config.final.epochs * longer


def _final_trainings(experiment: Experiment) -> int:
    """Return how many networks are trained in the end, of all candidates and on all folds."""
    final = experiment.configuration.config.final
    return final.candidates - 1 + final.ensemble * max(1, folds_of(experiment.configuration))


def _may_stop(patience: int | None, epochs: int) -> bool:
    """Say whether a training may stop before its last epoch."""
    return patience is not None and patience < epochs


def _average_flops(builder: ModelBuilder) -> float:
    """Return the mean over some networks of the space; 0 where none of them is one, or none can be planned."""
    found = []
    for seed in range(_SAMPLED):
        with contextlib.suppress(InvalidArchitectureError):
            found.append(builder.plan(builder.layout.sample(seed)).cost.flops)
    return sum(found) / len(found) if found else 0.0


def _rungs(experiment: Experiment) -> list[tuple[int, int]]:
    """Return how many networks each rung trains, and for how many epochs beyond the rung before; a search is one.

    A one-shot search retrains so many of the policy's, and so many of its uniform sample.
    """
    config = experiment.configuration.config
    search, epochs = config.search, config.training.epochs
    count = 2 * search.one_shot.top_k if search.strategy == "one_shot" else search.trials
    settings = halving_settings(search)
    if settings is None or settings.asynchronous:
        return [(count, epochs)]
    limits = settings.epochs(epochs)
    found = []
    for begin, end in zip((0, *limits), limits, strict=False):
        found.append((count, end - begin))
        count = settings.surviving(count)
    return found

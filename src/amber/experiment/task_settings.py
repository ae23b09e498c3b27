"""Settings that depend on the task: loss, metrics and what the search compares, for classes or numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from amber.data.targets.target import Binary, Labels, Numbers, Outcome
from amber.errors import ConfigError
from amber.experiment.configuration.data_sections import OutputSection
from amber.experiment.configuration.document import KeyPath
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_spec import TaskSpec
from amber.known_names import OPTIMIZERS, optimizer_mistake
from amber.metric_names import (
    METRICS_OF_KNOWN_NUMBERS,
    METRICS_OF_LABELS,
    check_loss,
    check_metric,
    fitting_metrics,
    plain_name,
)
from amber.wording import shown

# Stands for the classes of an output of which nothing is known.
_UNKNOWN: tuple[str, ...] = ()


def for_task(loaded: Configuration, problem: TaskSpec) -> Configuration:
    """Return a configuration with loss, metrics and searched metric as the task needs them.

    What the configuration does not give is chosen: for a number the loss `mse` and the metric `mae`; for classes
    `accuracy`, and of two the loss `binary_crossentropy`. Where there is one output with classes the search compares
    `val_accuracy`, otherwise `val_loss`. A metric that is given is matched with what training reports in any case, and
    by its other names.

    Args:
        loaded: the configuration.
        problem: what the data pose.

    Raises:
        ConfigError: the searched metric is not among what training reports; names the line.
    """
    config = loaded.config
    changes: dict[str, Any] = {}
    if config.data.outputs is not None:
        outputs = {
            name: output.model_copy(update=_suited_output(output, problem.outputs[name]))
            for name, output in config.data.outputs.items()
        }
        changes["data"] = config.data.model_copy(update={"outputs": outputs})
    else:
        given = config.training.model_fields_set
        suited = _suited(next(iter(problem.outputs.values()), ()))
        changes["training"] = config.training.model_copy(
            update={key: value for key, value in suited.items() if key not in given}
        )
    changed = replace(loaded, config=config.model_copy(update=changes))
    search = config.search.model_copy(update={"metric": _metric(changed, problem)})
    changed = replace(changed, config=changed.config.model_copy(update={"search": search}))
    _check_names(changed, problem)
    return changed


def _suited_output(output: OutputSection, task: Outcome) -> dict[str, object]:
    """Return kind, loss and metrics of one of several outputs; what is given stays."""
    chosen: dict[str, object] = {"type": "number" if task is None or isinstance(task, Numbers) else "classes"}
    suited = _suited(task)
    if task is not None and suited:
        chosen["loss"] = output.loss or suited["loss"]
    if isinstance(task, (Labels, Numbers)):
        chosen["metrics"] = suited["metrics"] if output.metrics is None else output.metrics
    return chosen


def _suited(task: Outcome) -> dict[str, object]:
    """Return loss and metrics for an output, where they are not those that the section has by default."""
    if isinstance(task, Labels):
        return {"loss": "binary_crossentropy", "metrics": []}
    if isinstance(task, Numbers):
        return {"loss": "mse", "metrics": [] if task.missing else ["mae"]}
    if isinstance(task, Binary):
        return {"loss": "binary_crossentropy"}
    return {"loss": "mse", "metrics": ["mae"]} if task is None else {}


def _check_names(loaded: Configuration, problem: TaskSpec) -> None:
    """Check the names of losses, metrics and the optimizer, and the options of that, without loading Keras.

    Raises:
        ConfigError: Keras does not know a name, or what it means does not fit the task; names the line.
    """
    training, outputs = loaded.config.training, loaded.config.data.outputs
    if outputs is None:
        _check_task(loaded, ("training",), training.loss, training.metrics, next(iter(problem.outputs.values()), ()))
    for name, output in (outputs or {}).items():
        classes = problem.outputs.get(name, _UNKNOWN)
        _check_task(loaded, ("data", "outputs", name), output.chosen_loss, output.chosen_metrics, classes)
    options = OPTIMIZERS.get(training.optimizer.lower())
    if options is None:
        if ">" in training.optimizer:  # one that a plug-in registered with Keras
            return
        raise loaded.error(
            ("training", "optimizer"),
            f"expected the name of a Keras optimizer: {', '.join(OPTIMIZERS)}. Received: {shown(training.optimizer)}",
        )
    given: tuple[tuple[KeyPath, Mapping[str, Any]], ...] = (
        (("training", "optimizer_options"), training.optimizer_options),
        (("search", "one_shot", "optimizer_options"), loaded.config.search.one_shot.optimizer_options),
    )
    for where, chosen in given:
        for name, value in chosen.items():
            if name not in options:
                free = ", ".join(sorted(options))
                raise loaded.error(
                    (*where, name), f"expected an argument of {training.optimizer}: {free}. Received: {shown(name)}"
                )
            mistake = optimizer_mistake(training.optimizer, name, value)
            if mistake:
                raise loaded.error((*where, name), mistake)


def _check_task(loaded: Configuration, path: KeyPath, loss: str, metrics: Sequence[str], task: Outcome) -> None:
    """Check loss and metrics of one output; `task` holds its classes, None for a number, nothing where unknown."""
    if task == _UNKNOWN:
        return
    if isinstance(task, Labels):
        _check_labels(loaded, path, loss, metrics)
        return
    if isinstance(task, Numbers) and task.missing:
        _check_missing_numbers(loaded, path, loss, metrics)
        return
    classes = _count(task)
    try:
        check_loss(loss, classes)
    except ConfigError as error:
        raise loaded.error((*path, "loss"), str(error)) from error
    for index, metric in enumerate(metrics):
        if plain_name(metric) in map(plain_name, metrics[:index]):
            raise loaded.error(
                (*path, "metrics", index), f"expected each metric once, by one of its names. Received: {shown(metric)}"
            )
        try:
            check_metric(metric, classes)
        except ConfigError as error:
            raise loaded.error((*path, "metrics", index), str(error)) from error


def _check_labels(loaded: Configuration, path: KeyPath, loss: str, metrics: Sequence[str]) -> None:
    """Check loss and metrics of labels."""
    if loss != "binary_crossentropy":
        raise loaded.error((*path, "loss"), f"labels need the loss binary_crossentropy. Received: {shown(loss)}")
    for index, metric in enumerate(metrics):
        if metric not in METRICS_OF_LABELS:
            expected = f"one of {', '.join(METRICS_OF_LABELS)}"
            raise loaded.error(
                (*path, "metrics", index), f"expected a metric that fits labels: {expected}. Received: {shown(metric)}"
            )


def _check_missing_numbers(loaded: Configuration, path: KeyPath, loss: str, metrics: Sequence[str]) -> None:
    """Check loss and metrics of numbers of which some are not known."""
    if plain_name(loss) != plain_name("mse"):
        raise loaded.error((*path, "loss"), f"numbers of which some are missing need the loss mse. Received: {loss!r}")
    for index, metric in enumerate(metrics):
        if plain_name(metric) not in map(plain_name, METRICS_OF_KNOWN_NUMBERS):
            raise loaded.error(
                (*path, "metrics", index),
                f"expected a metric that leaves missing numbers out: one of {', '.join(METRICS_OF_KNOWN_NUMBERS)}. "
                f"Received: {shown(metric)}",
            )


def _count(task: tuple[str, ...] | Numbers | None) -> int | None:
    """Return how many classes there are; None for numbers."""
    return None if task is None or isinstance(task, Numbers) else len(task)


def losses_and_metrics(loaded: Configuration, problem: TaskSpec | None = None) -> dict[str, object]:
    """Return loss and metrics for `compile`; by output, with loss weights, where the configuration names several.

    Args:
        loaded: the configuration, as `for_task` returns it.
        problem: what the data pose; None: names are only looked up.

    Raises:
        ConfigError: Keras does not know a name, or what it means does not fit the task; names the line.
    """
    training, outputs = loaded.config.training, loaded.config.data.outputs
    tasks = {} if problem is None else problem.outputs
    if outputs is None:
        task = next(iter(tasks.values()), _UNKNOWN)
        return _compiled(loaded, ("training",), training.loss, training.metrics, task)
    each = {
        name: _compiled(
            loaded, ("data", "outputs", name), output.chosen_loss, output.chosen_metrics, tasks.get(name, _UNKNOWN)
        )
        for name, output in outputs.items()
    }
    if len(each) == 1:
        return next(iter(each.values()))
    return {
        "loss": {name: compiled["loss"] for name, compiled in each.items()},
        "metrics": {name: compiled["metrics"] for name, compiled in each.items()},
        "loss_weights": {name: output.weight for name, output in outputs.items()},
    }


def _compiled(
    loaded: Configuration, path: KeyPath, loss: str, metrics: Sequence[str], task: Outcome
) -> dict[str, object]:
    """Return loss and metrics of one output; `task` holds its classes, None for a number, nothing where unknown."""
    from amber.modeler.task_metrics import metric_for, metric_of_known_numbers

    if task == _UNKNOWN:
        return {"loss": loss, "metrics": list(metrics)}
    _check_task(loaded, path, loss, metrics, task)
    if isinstance(task, Labels):
        from amber.modeler.masked_loss import MaskedBinaryCrossentropy
        from amber.modeler.task_metrics import metric_of_labels

        of_labels = [metric_of_labels(metric, len(task.names), task.missing) for metric in metrics]
        return {"loss": MaskedBinaryCrossentropy() if task.missing else loss, "metrics": of_labels}
    if isinstance(task, Numbers) and task.missing:
        from amber.modeler.masked_loss import MaskedMeanSquaredError

        return {"loss": MaskedMeanSquaredError(), "metrics": [metric_of_known_numbers(each) for each in metrics]}
    return {"loss": loss, "metrics": [metric_for(metric, _count(task)) for metric in metrics]}


def _metric(loaded: Configuration, problem: TaskSpec) -> str:
    """Return what the search compares, as training reports it."""
    search = loaded.config.search
    wanted, reported = search.metric, list(_reported(loaded))
    names = [prefix + name for prefix, name in reported]
    if "metric" not in search.model_fields_set and wanted not in names:
        return "val_loss"
    for prefix, name in reported:
        if prefix + name == wanted:
            return wanted
    for prefix, name in reported:
        begin, end = wanted[: len(prefix)], wanted[len(prefix) :]
        if begin.casefold() == prefix.casefold() and plain_name(end) == plain_name(name):
            return prefix + name
    raise loaded.error(
        ("search", "metric"),
        f"expected one of what training reports, {', '.join(names)} (see {_where(loaded)}"
        f"{_addition(loaded, problem)}). Received: {wanted!r}",
    )


def _reported(loaded: Configuration) -> Iterator[tuple[str, str]]:
    """Return what training reports of the validation data, each as a prefix and the name of a metric."""
    yield "val_", "loss"
    outputs = loaded.config.data.outputs
    if outputs is None or len(outputs) == 1:
        metrics = loaded.config.training.metrics
        for output in (outputs or {}).values():
            metrics = output.chosen_metrics
        yield from (("val_", metric) for metric in metrics)
        return
    for name, output in outputs.items():
        yield from ((f"val_{name}_", metric) for metric in ("loss", *output.chosen_metrics))


def _where(loaded: Configuration) -> str:
    return "training.metrics" if loaded.config.data.outputs is None else "data.outputs"


def _addition(loaded: Configuration, problem: TaskSpec) -> str:
    """Return what to write so that training reports the metric too; empty where it does not fit the task."""
    wanted = loaded.config.search.metric.removeprefix("val_")
    if loaded.config.data.outputs is not None:
        return ""
    (classes,) = problem.outputs.values()
    if isinstance(classes, Labels):
        return ""
    if isinstance(classes, Numbers) and classes.missing:
        return ""
    fitting = fitting_metrics(_count(classes))
    if plain_name(wanted) not in map(plain_name, fitting):
        return ""
    return f"; with `metrics: [{', '.join([*loaded.config.training.metrics, wanted])}]` there it would be"

"""Training speed of a network beside the same one written by hand, and beside plain Keras."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras.src.models.functional import Functional

from benchmarks import networks
from benchmarks.networks import shuffled
from benchmarks.results import Row
from benchmarks.timing import Times, alternate, ratio

GOAL = 0.9
_ARCHITECTURE = 0


@dataclass(frozen=True)
class Case:
    """A network to train: how AMBER makes it, its data, the batch, and how AMBER makes it to compute in bfloat16."""

    name: str
    make: Callable[[], Any]
    x: list[np.ndarray]
    y: np.ndarray
    batch_size: int
    repeats: int
    make_rounding: Callable[[], Any] | None = None

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return len(self.y) // self.batch_size

    @property
    def features(self) -> Any:
        """The data as `fit` takes it."""
        return self.x if len(self.x) > 1 else self.x[0]


def residual_case(steps: int = 6, repeats: int = 5) -> Case:
    """Returns the 12-layer residual CNN, batch 128."""
    builder, rounding = networks.residual_builder(), networks.residual_builder()
    rounding.precision = "mixed_bfloat16"
    tokens = builder.layout.sample(_ARCHITECTURE)
    x, y = networks.residual_data(128 * steps)
    return Case("residual CNN", lambda: builder(tokens), [x], y, 128, repeats, lambda: rounding(tokens))


def dag_case(steps: int = 40, repeats: int = 7) -> Case:
    """Returns the 6-layer feed-forward child, batch 256."""
    x, y = networks.dag_data(256 * steps)
    return Case("6-layer DAG", networks.dag_model, x, y, 256, repeats)


def plain_twin(model: Any) -> Any:
    """Returns a plain Keras model with the same weights, compiled alike."""
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile_from_config(model.get_compile_config())
    if type(twin) is not Functional:
        raise TypeError(f"expected a plain Functional model. Received: {type(twin).__name__}")
    return twin


def measure(case: Case) -> list[Row]:
    """Returns the rows of a case on the backend in use."""
    backend = keras.config.backend()
    model = case.make()
    first = [part[: case.batch_size] for part in case.x]
    model.train_on_batch(first if len(first) > 1 else first[0], case.y[: case.batch_size])
    if backend == "torch":
        return _beside_torch(case, model)
    if case.name == "6-layer DAG":
        return _beside_jax(case, model) if backend == "jax" else _beside_tensorflow(case, model)
    plain = plain_twin(model)
    times = alternate({"fit": lambda: _fit(model, case), "plain fit": lambda: _fit(plain, case)}, case.repeats)
    beside = _compared(case, times, "fit", "plain fit", None)
    return [beside, _speed(case, times, "fit"), _speed(case, times, "plain fit")]


def _fit(model: Any, case: Case) -> None:
    model.fit(case.features, case.y, batch_size=case.batch_size, verbose=0)


def _beside_torch(case: Case, model: Any) -> list[Row]:
    import torch

    from benchmarks import torch_networks

    network = torch_networks.like(case.name, _ARCHITECTURE)
    torch_networks.copy_weights(model, network)
    torch_networks.check_equal(network, model, case.x, case.batch_size)
    plain = plain_twin(model)
    step = torch_networks.train_function(network)
    tensors, target = [torch.as_tensor(part) for part in case.x], torch.as_tensor(case.y)
    size = case.batch_size
    batches = [([part[i : i + size] for part in tensors], target[i : i + size]) for i in range(0, len(target), size)]
    loader = torch_networks.make_loader(tensors, target, size)
    runs = {
        "hand-written": lambda: [step(x, y) for x, y in batches],
        "train function": run_steps(model, batches),
        "plain train function": run_steps(plain, batches),
        "hand-written, loader": lambda: torch_networks.train(step, loader),
        "fit, loader": lambda: model.fit(loader, verbose=0, shuffle=False),
        "fit, arrays": lambda: _fit(model, case),
        "plain fit, arrays": lambda: _fit(plain, case),
    }
    rounding = []
    if case.make_rounding is not None:
        runs["train function in bfloat16"] = run_steps(case.make_rounding(), batches)
        rounding.append(("train function in bfloat16", "train function", None))
    times = alternate(runs, case.repeats)
    pairs = [
        ("train function", "hand-written", GOAL),
        ("plain train function", "hand-written", None),
        ("fit, loader", "hand-written, loader", GOAL),
        ("fit, arrays", "hand-written, loader", None),
        ("plain fit, arrays", "hand-written, loader", None),
        *rounding,
    ]
    rows = [_compared(case, times, name, reference, goal) for name, reference, goal in pairs]
    return [*rows, _speed(case, times, "hand-written"), _speed(case, times, "fit, arrays")]


def run_steps(model: Any, batches: list[Any]) -> Callable[[], None]:
    """A function that trains every batch by the model's train function, without reports of each, as `fit` does."""
    model.make_train_function()
    quietly = getattr(model, "_quietly", nullcontext)

    def run() -> None:
        model.reset_metrics()
        with quietly(True):
            for x, y in batches:
                model.train_function([(x if len(x) > 1 else x[0], y)])
        model.get_metrics_result()

    return run


def _beside_jax(case: Case, model: Any) -> list[Row]:
    from benchmarks import jax_networks

    epoch, batches = jax_networks.dag_epoch(model, case.x, case.y, case.batch_size)
    steps, keras_steps = epoch, jax_networks.keras_steps(model, batches)
    runs = {
        "hand-written": lambda: steps(batches),
        "train function": keras_steps,
        "hand-written, arrays": lambda: steps(shuffled(case.x, case.y, case.batch_size)),
        "fit, arrays": lambda: _fit(model, case),
    }
    times = alternate(runs, case.repeats)
    return [
        _compared(case, times, "train function", "hand-written", GOAL),
        _compared(case, times, "fit, arrays", "hand-written, arrays", GOAL),
        _speed(case, times, "fit, arrays"),
    ]


def _beside_tensorflow(case: Case, model: Any) -> list[Row]:
    from benchmarks import tensorflow_networks as written

    epoch, batches = written.dag_epoch(model, case.x, case.y, case.batch_size)
    pipe, plain = written.piped(case.x, case.y, case.batch_size), plain_twin(model)
    runs = {
        "hand-written": lambda: epoch(batches),
        "train function": written.keras_steps(model, batches),
        "plain train function": written.keras_steps(plain, batches),
        "hand-written, pipeline": lambda: epoch(pipe),
        "fit, pipeline": lambda: model.fit(pipe, verbose=0),
        "hand-written, arrays": lambda: epoch(shuffled(case.x, case.y, case.batch_size)),
        "fit, arrays": lambda: _fit(model, case),
        "plain fit, arrays": lambda: _fit(plain, case),
    }
    times = alternate(runs, case.repeats)
    pairs = [
        ("train function", "hand-written", GOAL),
        ("plain train function", "hand-written", None),
        ("fit, arrays", "hand-written, arrays", GOAL),
        ("fit, pipeline", "hand-written, pipeline", None),
        ("plain fit, arrays", "hand-written, arrays", None),
    ]
    rows = [_compared(case, times, name, reference, goal) for name, reference, goal in pairs]
    return [*rows, _speed(case, times, "hand-written"), _speed(case, times, "fit, arrays")]


def _compared(case: Case, times: Times, name: str, reference: str, goal: float | None) -> Row:
    details = {"seconds": times[name], "reference_seconds": times[reference], "steps": case.steps}
    what = f"{case.name}: {name} beside {reference}"
    return Row(what, keras.config.backend(), ratio(times, name, reference), "x", goal, details=details)


def _speed(case: Case, times: Times, name: str) -> Row:
    seconds = statistics.median(times[name])
    details = {"seconds": times[name], "ms_per_step": 1000 * seconds / case.steps}
    return Row(f"{case.name}: {name}", keras.config.backend(), len(case.y) / seconds, "samples/s", details=details)


def residual_training() -> list[Row]:
    """Training of the residual CNN."""
    return measure(residual_case())


def dag_training() -> list[Row]:
    """Training of the feed-forward child."""
    return measure(dag_case())

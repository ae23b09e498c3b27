"""AMBER's train function and `fit` beside PyTorch written by hand, compiled by torch, and replayed as a CUDA graph."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import networks, torch_networks
from benchmarks.gpu.measuring import Clock, Found, Measurement, Sizes, Skipped
from benchmarks.results import Row
from benchmarks.timing import Times, alternate, ratio
from benchmarks.training import GOAL, run_steps

_ARCHITECTURE = 0
_CHECKED = 16
_MORE_STEPS = 5
# Steps before one is captured: what is allocated or chosen once must have been.
_BEFORE_CAPTURE = 3
# Seconds that compiling is taken to need before any was compiled; then what the longest took, and a bit more.
_COMPILING, _MORE = 15.0, 1.3

Step = Callable[[Any, Tensor], Tensor]
# What is compared with what, and how fast it is to be beside it.
Pair = tuple[str, str, float | None]


@dataclass(frozen=True)
class Network:
    """A network: as AMBER builds it, written by hand, and data for both."""

    name: str
    make: Callable[[], Any]
    twin: Callable[[], Any]
    data: Callable[[int], tuple[Any, np.ndarray]]


def residual(sizes: Sizes, clock: Clock) -> list[Measurement]:
    """The residual CNN of 12 layers."""
    builder = networks.residual_builder()
    tokens = builder.layout.sample(_ARCHITECTURE)
    twin = partial(torch_networks.like, "residual CNN", _ARCHITECTURE)
    network = Network("12-layer CNN", lambda: builder(tokens), twin, networks.residual_data)
    return Training(network, sizes, clock).measurements()


def dag(sizes: Sizes, clock: Clock) -> list[Measurement]:
    """The feed-forward child of 6 layers."""
    network = Network("6-layer DAG", networks.dag_model, torch_networks.Dag, networks.dag_data)
    # Its steps are short, and a round must not be.
    return Training(network, replace(sizes, steps=_MORE_STEPS * sizes.steps), clock).measurements()


def labels(sizes: Sizes, clock: Clock) -> list[Measurement]:
    """DeepSEA: 1,000 bases, 919 labels."""
    make, twin = partial(networks.labels_model, sizes.width), partial(torch_networks.DeepSea, sizes.width)
    return Training(Network("1,000 bp x 919 labels", make, twin, networks.labels_data), sizes, clock).measurements()


class Training:
    """The measurements of one network. What may fail or take longer than there is time comes last."""

    def __init__(self, network: Network, sizes: Sizes, clock: Clock) -> None:
        self.network, self.sizes, self.clock = network, sizes, clock
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._longest = 0.0

    def measurements(self) -> list[Measurement]:
        """Every size of batch beside the network written by hand, then beside its graph, then beside it compiled."""
        kinds = (
            ("", self.beside_hand),
            (": CUDA graphs", self.beside_graphs),
            (": torch.compile", self.beside_compiled),
        )
        return [
            Measurement(f"{self._title(size)}{name}", partial(measure, size))
            for name, measure in kinds
            for size in self.sizes.batches
        ]

    def _title(self, size: int) -> str:
        return f"{self.network.name}, batch {size}"

    @cached_property
    def _model(self) -> Any:
        """The model of AMBER, once it has trained a batch, and after the twin was seen to be the same network."""
        model = self.network.make()
        x, y = self._arrays(_CHECKED)
        model.train_on_batch(x if len(x) > 1 else x[0], y)
        twin = self.network.twin().to(self.device)
        torch_networks.copy_weights(model, twin)
        with _exact():
            torch_networks.check_equal(twin, model, x, _CHECKED)
        return model

    def _arrays(self, samples: int) -> tuple[list[np.ndarray], np.ndarray]:
        x, y = self.network.data(samples)
        return (x if isinstance(x, list) else [x]), y

    def _twin(self) -> Any:
        model, twin = self._model, self.network.twin().to(self.device)
        torch_networks.copy_weights(model, twin)
        return twin

    def _batches(self, x: list[np.ndarray], y: np.ndarray, size: int) -> list[tuple[list[Tensor], Tensor]]:
        tensors = [torch.as_tensor(part, device=self.device) for part in x]
        target = torch.as_tensor(y, device=self.device)
        starts = range(0, len(target), size)
        return [([part[i : i + size] for part in tensors], target[i : i + size]) for i in starts]

    def beside_hand(self, size: int) -> Found:
        """Training from tensors of the device, and from arrays, beside what is written by hand."""
        x, y = self._arrays(size * self.sizes.steps)
        batches, model = self._batches(x, y, size), self._model
        step = torch_networks.train_function(self._twin())
        loader = torch_networks.make_loader([torch.as_tensor(part) for part in x], torch.as_tensor(y), size)
        runs: dict[str, Callable[[], object]] = {
            "hand-written": lambda: [step(*batch) for batch in batches],
            "train function": run_steps(model, batches),
            "hand-written, loader": lambda: torch_networks.train(step, loader, self.device),
            "fit, arrays": lambda: model.fit(x if len(x) > 1 else x[0], y, batch_size=size, verbose=0),
        }
        pairs: list[Pair] = [("train function", "hand-written", GOAL), ("fit, arrays", "hand-written, loader", GOAL)]
        return [*self._timed(runs, pairs, size)]

    def beside_graphs(self, size: int) -> Found:
        """Training from tensors of the device beside the network written by hand, whose step is one CUDA graph."""
        if self.device != "cuda":
            return [Skipped(f"{self._title(size)}: CUDA graphs", "no CUDA device")]
        batches = self._batches(*self._arrays(size * self.sizes.steps), size)
        return [*self._beside("CUDA graphs", captured(self._twin(), *batches[0]), batches, size)]

    def beside_compiled(self, size: int) -> Found:
        """Training from tensors of the device beside the network written by hand and compiled for this size."""
        needed = _MORE * self._longest or _COMPILING
        if self.clock.left < needed:
            why = f"{self.clock.left:.0f} s of the part are left, and compiling is taken to need {needed:.0f} s"
            return [Skipped(f"{self._title(size)}: torch.compile", why)]
        batches = self._batches(*self._arrays(size * self.sizes.steps), size)
        torch.compiler.reset()
        step = torch_networks.train_function(torch.compile(self._twin(), dynamic=False))
        started = time.perf_counter()
        step(*batches[0])
        self._synchronise()
        seconds = time.perf_counter() - started
        self._longest = max(self._longest, seconds)
        first = Row(f"{self._title(size)}: first step of torch.compile", "torch", seconds, "s", at_least=False)
        return [first, *self._beside("torch.compile", step, batches, size)]

    def _beside(self, name: str, step: Step, batches: list[Any], size: int) -> list[Row]:
        """How fast such a step is, and beside the same written by hand; and AMBER's beside it."""
        by_hand = torch_networks.train_function(self._twin())
        runs: dict[str, Callable[[], object]] = {
            name: lambda: [step(*batch) for batch in batches],
            "hand-written": lambda: [by_hand(*batch) for batch in batches],
            "train function": run_steps(self._model, batches),
        }
        rows = self._timed(runs, [(name, "hand-written", None), ("train function", name, None)], size)
        return [row for row in rows if row.unit == "x" or row.what.endswith(f": {name}")]

    def _timed(self, runs: dict[str, Callable[[], object]], pairs: list[Pair], size: int) -> list[Row]:
        times = alternate({name: self._waited_for(run) for name, run in runs.items()}, self.sizes.repeats)
        speeds = [self._speed(times, name, size) for name in runs]
        compared = [
            Row(f"{self._title(size)}: {name} beside {reference}", "torch", ratio(times, name, reference), "x", goal,
                details={"seconds": times[name], "reference_seconds": times[reference]})
            for name, reference, goal in pairs
        ]  # fmt: skip
        return speeds + compared

    def _speed(self, times: Times, name: str, size: int) -> Row:
        seconds, steps = statistics.median(times[name]), self.sizes.steps
        details = {"seconds": times[name], "ms_per_step": 1000 * seconds / steps}
        return Row(f"{self._title(size)}: {name}", "torch", size * steps / seconds, "samples/s", details=details)

    def _waited_for(self, run: Callable[[], object]) -> Callable[[], None]:
        def whole() -> None:
            run()
            self._synchronise()

        return whole

    def _synchronise(self) -> None:
        """Waits until the device has done what it was given: a call returns before."""
        if self.device == "cuda":
            torch.cuda.synchronize()


def captured(network: Any, x: list[Tensor], y: Tensor) -> Step:
    """Returns a function that trains a batch of these shapes by replaying one captured step."""
    step = torch_networks.train_function(network, capturable=True)
    own, target = [part.clone() for part in x], y.clone()
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_BEFORE_CAPTURE):
            step(own, target)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step(own, target)

    def replay(given: list[Tensor], given_target: Tensor) -> Tensor:
        for part, new in zip(own, given, strict=True):
            part.copy_(new)
        target.copy_(given_target)
        graph.replay()
        return loss

    return replay


@contextlib.contextmanager
def _exact() -> Iterator[None]:
    """Convolutions in float32: in TF32 two layouts of one network differ by more than the check of equality allows."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before

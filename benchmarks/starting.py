"""Seconds from tokens to a trained step, and architectures named per second."""

from __future__ import annotations

import statistics
import time

import keras

from amber.graph.cost import measure
from benchmarks import networks
from benchmarks.results import Row

_BATCH = 128
_DAG_BATCH = 256


def residual_start(repeats: int = 7) -> list[Row]:
    """Build and first step of residual CNNs, each a new architecture."""
    builder = networks.residual_builder()
    x, y = networks.residual_data(_BATCH)
    # Where every network is compiled, one is enough to see the scale.
    turns = repeats if keras.config.backend() == "torch" else 1
    building, stepping = [], []
    for turn in range(turns + 1):
        tokens = builder.layout.sample(turn)
        start = time.perf_counter()
        model = builder(tokens)
        built = time.perf_counter()
        model.train_on_batch(x, y)
        building.append(built - start)
        stepping.append(time.perf_counter() - built)
    # The first network of a process also loads kernels and asks Keras for the cost of each operation.
    value = statistics.median(a + b for a, b in zip(building[1:], stepping[1:], strict=True))
    details = {"build": building, "first_step": stepping}
    goal = 0.6 if keras.config.backend() == "torch" else None
    what = "residual CNN: build + first step"
    return [Row(what, keras.config.backend(), value, "s", goal, at_least=False, details=details)]


def dag_start(repeats: int = 7) -> list[Row]:
    """Build and first step of the feed-forward child."""
    x, y = networks.dag_data(_DAG_BATCH)
    turns = repeats if keras.config.backend() == "torch" else 2
    seconds = []
    for _ in range(turns + 1):
        start = time.perf_counter()
        networks.dag_model().train_on_batch(x, y)
        seconds.append(time.perf_counter() - start)
    value = statistics.median(seconds[1:])
    details = {"seconds": seconds}
    return [Row("6-layer DAG: build + first step", keras.config.backend(), value, "s", details=details)]


def naming(count: int = 600, repeats: int = 5) -> list[Row]:
    """Architectures of the residual space planned, counted and fingerprinted per second of one core's work."""
    builder = networks.residual_builder()
    steps = ("planned, counted and fingerprinted", "planned", "counted", "fingerprinted")
    rates: dict[str, list[float]] = {step: [] for step in steps}
    for turn in range(repeats + 1):
        # New architectures every time, so that nothing but operations and shapes is known before.
        tokens = [builder.layout.sample(turn * count + number) for number in range(count)]
        spans = [0.0] * len(steps)
        for each in tokens:
            # Time of this process, not of the clock: it is one thread's work, and others may share the machine.
            start = time.process_time()
            graph = builder.plan(each)
            planned = time.process_time()
            measure(graph)
            counted = time.process_time()
            graph.fingerprint()
            end = time.process_time()
            for step, span in enumerate((end - start, planned - start, counted - planned, end - counted)):
                spans[step] += span
        if turn:
            for step, span in zip(steps, spans, strict=True):
                rates[step].append(count / span)
    rows = []
    for step in steps:
        goal = 2000 if step == steps[0] else None
        value = statistics.median(rates[step])
        rows.append(
            Row(f"12-layer residual space: {step}", "", value, "per CPU s", goal, details={"rates": rates[step]})
        )
    return rows

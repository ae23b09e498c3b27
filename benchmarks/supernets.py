"""Weight sharing: training with a new architecture each step, constructing, and scoring many architectures."""

from __future__ import annotations

import itertools
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from amber.architect import ModelSpace, Operation
from amber.modeler import EnasAnnModelBuilder, EnasCnnModelBuilder
from benchmarks import networks
from benchmarks.results import Row
from benchmarks.timing import alternate, alternate_clocks, ratio

# Of the first AMBER, on another day of such a machine: samples/s, and seconds.
ORIGINAL = {"feed-forward": 21_000, "convolutional": 400}
CONSTRUCTION = {"feed-forward": 2.1, "convolutional": 29.0}
_UNITS = (8, 32, 128)
_LAYERS = 6


def ann_builder() -> EnasAnnModelBuilder:
    """Returns the feed-forward supernet of 45 tokens and 277,377 parameters."""
    dense = [{"Layer_type": "dense", "units": units, "activation": "relu"} for units in _UNITS]
    return EnasAnnModelBuilder(
        inputs_op=[Operation("input", shape=(networks.BLOCK_FEATURES,), name=f"x{k}") for k in range(networks.BLOCKS)],
        output_op=Operation("dense", units=1, activation="linear", name="y"),
        model_space=ModelSpace.from_dict([dense] * _LAYERS),
        model_compile_dict={"optimizer": "adam", "loss": "mse"},
    )


def cnn_builder() -> EnasCnnModelBuilder:
    """Returns the convolutional supernet of 12 layers on the residual space."""
    return EnasCnnModelBuilder(
        inputs_op=Operation("input", shape=networks.RESIDUAL_INPUT),
        output_op=Operation("dense", units=networks.CLASSES, activation="softmax"),
        model_space=networks.residual_space(),
        model_compile_dict={"optimizer": "adam", "loss": "sparse_categorical_crossentropy"},
        dag_kwargs={"stem_config": {"flatten_op": "gap", "fc_units": 50}, "keep_prob": 1.0},
    )


def ann_data(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns data for the feed-forward supernet, which reads all blocks as one input."""
    blocks, y = networks.dag_data(samples)
    return np.concatenate(blocks, axis=1), y


def ann_training() -> list[Row]:
    """Sampled training of the feed-forward supernet beside its standalone children.

    The sampled child plans its architecture anew at every step and keeps nothing of it, so that a few architectures in
    turn cost what ones never seen would; the standalone children are timed after they were built and have trained.
    """
    return beside_children("feed-forward", ann_builder, ann_data, 256, steps=150, children=8, repeats=5)


def conv_training() -> list[Row]:
    """Sampled training of the convolutional supernet beside its standalone children."""
    return beside_children("convolutional", cnn_builder, networks.residual_data, 128, steps=6, children=4, repeats=5)


def beside_children(
    kind: str, make: Callable[[], Any], data: Callable[..., Any], size: int, steps: int, children: int, repeats: int
) -> list[Row]:
    """A supernet that takes a new architecture each step, beside some of its children that train alone.

    Args:
        kind: `feed-forward` or `convolutional`.
        make: makes the builder.
        data: makes so many examples.
        size: of a batch.
        steps: of an epoch.
        children: how many.
        repeats: how often each is timed.
    """
    backend = keras.config.backend()
    start = time.perf_counter()
    builder = make()
    constructed = time.perf_counter() - start
    parameters = sum(int(np.prod(weight.shape)) for weight in builder.supernet.trainable_weights)
    x, y = data(size * steps)
    arcs = [builder.layout.sample(seed) for seed in range(children)]
    turn = itertools.cycle(arcs)
    sampled = builder(sampler=lambda: next(turn))
    start = time.perf_counter()
    sampled.train_on_batch(x[:size], y[:size])
    first_step = time.perf_counter() - start
    alone = [builder.supernet.extract(arc) for arc in arcs]
    for child in alone:
        child.compile(**builder.model_compile_dict)
    runs = {
        "sampled": lambda: [sampled.fit(x, y, batch_size=size, verbose=0) for _ in arcs],
        "standalone": lambda: [child.fit(x, y, batch_size=size, verbose=0) for child in alone],
    }
    times, processor = alternate_clocks(runs, repeats)
    samples = children * steps * size
    speed = {name: samples / statistics.median(seconds) for name, seconds in times.items()}
    name = f"{kind} supernet"
    details = {
        "seconds": times,
        "processor_seconds": processor,
        "ratio_of_processor_seconds": ratio(processor, "sampled", "standalone"),
        "samples_per_second": speed,
        "steps": steps,
        "children": children,
    }
    quick = backend == "torch"
    return [
        Row(f"{name}: sampled beside standalone children", backend, ratio(times, "sampled", "standalone"), "x",
            0.95 if quick else 0.8 if kind == "feed-forward" else 0.5, details=details),
        Row(f"{name}: training, a new architecture each step", backend, speed["sampled"], "samples/s",
            details={"original": ORIGINAL[kind], "times_the_original": speed["sampled"] / ORIGINAL[kind]}),
        Row(f"{name}: construction", backend, constructed, "s", 1.0 if quick else None, at_least=False,
            details={"first_step": first_step, "parameters": parameters, "original": CONSTRUCTION[kind]}),
        Row(f"{name}: largest resident memory of the process", backend,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB", at_least=False),
    ]  # fmt: skip


def scoring(rows_of_data: int = 1024, repeats: int = 3) -> list[Row]:
    """Children scored per second without training them, one at a time."""
    backend, found = keras.config.backend(), []
    for kind, make, data in (
        ("feed-forward", ann_builder, ann_data),
        ("convolutional", cnn_builder, networks.residual_data),
    ):
        builder = make()
        count = rows_of_data if kind == "feed-forward" else rows_of_data // 4
        x, y = data(count)
        seconds = []
        for repeat in range(repeats + 1):
            arcs = [builder.layout.sample(100 * repeat + seed) for seed in range(8)]
            start = time.perf_counter()
            for arc in arcs:
                builder(arc).evaluate(x, y, batch_size=256, verbose=0)
            seconds.append((time.perf_counter() - start) / len(arcs))
        value = 1 / statistics.median(seconds[1:])
        what = f"{kind} supernet: children scored on {count} samples, one at a time"
        found.append(Row(what, backend, value, "children/s", details={"seconds": seconds}))
    return found


def many_at_once(
    rows_of_data: int = 1024,
    repeats: int = 3,
    counts: Sequence[int] = (1, 16, 64, 256),
    at_once: int = 64,
    goal: float = 4.0,
) -> list[Row]:
    """Children x samples per second, many architectures at once beside one at a time.

    Args:
        rows_of_data: samples.
        repeats: how often each is timed.
        counts: how many architectures.
        at_once: most architectures of one step where they are evaluated.
        goal: how many times as fast many are to be as one at a time.
    """
    backend, found = keras.config.backend(), []
    builder = ann_builder()
    x, y = ann_data(rows_of_data)
    for count in counts:
        arcs = [builder.layout.sample(seed) for seed in range(count)]
        few = arcs[:16]
        runs = {
            "many": lambda arcs=arcs: builder.evaluate_many(
                arcs, x, y, batch_size=256, at_once=min(len(arcs), at_once)
            ),
            "one": lambda few=few: [builder(arc).evaluate(x, y, batch_size=256, verbose=0) for arc in few],
        }
        times = alternate(runs, repeats)
        # The few stand for all when one at a time.
        scale = count / len(few)
        value = count * rows_of_data / statistics.median(times["many"])
        details = {"seconds": times, "one_at_a_time_were": len(few)}
        found.append(Row(f"{count} at once: evaluated", backend, value, "children x samples/s", details=details))
        gain = ratio({**times, "one": [scale * each for each in times["one"]]}, "many", "one")
        found.append(Row(f"{count} at once: evaluation beside one at a time", backend, gain, "x",
                         goal if count > 1 else None))  # fmt: skip
        found.append(_trained(builder, count, x, y, repeats))
    return found


def _trained(builder: Any, count: int, x: np.ndarray, y: np.ndarray, repeats: int) -> Row:
    model = builder.multi_path(count, sampler="uniform", seed=0)
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        model.fit(x, y, batch_size=256, verbose=0)
        seconds.append(time.perf_counter() - start)
    value = count * len(y) / statistics.median(seconds[1:])
    details = {"seconds": seconds}
    return Row(f"{count} at once: trained", keras.config.backend(), value, "children x samples/s", details=details)

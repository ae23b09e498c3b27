"""How well scores with shared weights rank architectures, beside training each of them alone."""

from __future__ import annotations

import math
import time
from typing import Any

import keras
import numpy as np
from scipy.stats import kendalltau

from amber.search import seeded, trial_seed
from amber.search.one_shot import shared_builder
from amber.supernet.scoring import score_architectures
from benchmarks.search.problem import METRIC, Task


def agreement(task: Task, count: int, shared_epochs: int, seed: int) -> dict[str, Any]:
    """Kendall's tau of both scores over `count` uniformly drawn architectures.

    The shared weights are trained on uniformly drawn architectures only. The learning rate rises over the first tenth
    of the epochs, as in one-shot search, and falls along a cosine, as it does for those trained alone.
    """
    objective = task.objective()
    size = objective.settings.batch_size
    arcs = [objective.layout.sample(np.random.default_rng([seed, row])) for row in range(count)]
    started = time.monotonic()
    with seeded(seed):
        shared = shared_builder(objective.builder, task.shared_compile(), size)
        model = shared(sampler="uniform", seed=seed)
        rate = float(model.optimizer.learning_rate)

        def falling(epoch: int, _: float) -> float:
            return rate * min(
                1.0, 10 * (epoch + 1) / shared_epochs, 0.5 + 0.5 * math.cos(math.pi * epoch / shared_epochs)
            )

        scheduler = keras.callbacks.LearningRateScheduler(falling)
        model.fit(*objective.train, batch_size=size, epochs=shared_epochs, callbacks=[scheduler], verbose=0)
        rows = np.random.default_rng(seed).permutation(len(objective.train[1]))[: 8 * size]
        calibration = objective.train[0][rows]
        found = score_architectures(shared, arcs, *objective.validation, training_data=calibration, batch_size=512)
    shared_seconds = time.monotonic() - started
    alone = []
    for arc in arcs:
        alone.append(objective.evaluate(arc, trial_seed(seed, objective.prepare(arc).fingerprint)).score)
    scores = [each[METRIC.removeprefix("val_")] for each in found]
    tau = kendalltau(scores, alone)
    return {
        "task": task.name,
        "epochs": task.epochs,
        "architectures": count,
        "shared_epochs": shared_epochs,
        "seed": seed,
        "kendall_tau": float(tau.statistic),
        "p_value": float(tau.pvalue),
        "seconds_shared": shared_seconds,
        "seconds_alone": time.monotonic() - started - shared_seconds,
        "shared_scores": scores,
        "stand_alone_scores": alone,
    }

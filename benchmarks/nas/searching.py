"""One search of a table, and those that are compared."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna

from amber.search.samplers import make_sampler, token_distributions, tokens_of
from benchmarks.nas.tables import LAYOUT, AccuracyTable, number_of

TRIALS = 100
LOOKS = (25, 50, 100)
"""Numbers of trials after which the best is looked at."""


def _ours(name: str, **options: Any) -> Callable[[int], optuna.samplers.BaseSampler]:
    return lambda seed: make_sampler(name, LAYOUT, seed, **options)


SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    "random": _ours("random"),
    "tpe": _ours("tpe"),
    "evolution": _ours("evolution"),
    "nsga2": _ours("nsga2", against=None),
    "controller": _ours("controller"),
    "surrogate": _ours("surrogate"),
    "Optuna's TPESampler": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "Optuna's GPSampler": lambda seed: optuna.samplers.GPSampler(seed=seed),
}


def search(table: AccuracyTable, name: str, seed: int) -> dict[str, Any]:
    """Return what one search found: regrets after some numbers of trials, and the sampler's own seconds a proposal.

    One noisy accuracy is observed in each trial, whether or not the architecture was met before. The regret is how far
    the mean accuracy of the best architecture among the trials is below that of the best of all; that of the
    architecture with the highest observed accuracy, which a user would take, is noted beside it.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    noise, distributions, means = np.random.default_rng([seed, 1]), token_distributions(LAYOUT), table.means
    study = optuna.create_study(direction="maximize", sampler=SAMPLERS[name](seed))
    numbers, observed, seconds = [], [], 0.0
    for _ in range(TRIALS):
        start = time.process_time()
        asked = study.ask(fixed_distributions=distributions)
        seconds += time.process_time() - start
        tokens = tokens_of(asked.params, LAYOUT)
        assert tokens is not None
        numbers.append(number_of(tokens))
        observed.append(table.observe(numbers[-1], noise))
        start = time.process_time()
        study.tell(asked, observed[-1])
        seconds += time.process_time() - start
    found = means[numbers]
    return {
        "sampler": name,
        "seed": seed,
        "regret": [float(means.max() - found[:look].max()) for look in LOOKS],
        "regret_observed": [float(means.max() - found[int(np.argmax(observed[:look]))]) for look in LOOKS],
        "seconds": seconds / TRIALS,
    }

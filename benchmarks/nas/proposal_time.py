"""Processor time of a proposal at 1,000 trials: `python -m benchmarks.nas.proposal_time`; goals are 20 and 200 ms."""

from __future__ import annotations

import time
import warnings

import numpy as np
import optuna

from amber.architect import TokenLayout
from amber.search import make_sampler
from amber.search.samplers import token_distributions
from amber.search.token_study import TokenStudy

TRIALS, TIMED = 1000, 20
LAYERS = (12, 96)


def milliseconds(name: str, layers: int) -> tuple[float, float]:
    """Return mean and maximum of the last proposals over a residual space of five operations a layer."""
    layout = TokenLayout([5] * layers)
    distributions, generator = token_distributions(layout), np.random.default_rng(0)
    study = TokenStudy(layout, make_sampler(name, layout, 0), None, ["maximize"])
    target = np.array(layout.sample(generator))
    for _ in range(TRIALS):
        tokens = layout.sample(generator)
        value = float((np.array(tokens) == target).mean())
        params = dict(zip(layout.names, tokens, strict=True))
        study.optuna.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=value))
    found = []
    for _ in range(TIMED):
        started = time.process_time()
        asked, tokens = study.ask()
        found.append(1000 * (time.process_time() - started))
        study.optuna.tell(asked, float((np.array(tokens) == target).mean()))
    # The first reads the study and fits the model; a search has done that before.
    return float(np.mean(found[1:])), float(np.max(found[1:]))


def main() -> None:
    """Prints the times of the surrogate."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    for layers in LAYERS:
        mean, most = milliseconds("surrogate", layers)
        print(f"surrogate, {layers} layers, {len(TokenLayout([5] * layers))} tokens: {mean:.0f} ms, at most {most:.0f}")


if __name__ == "__main__":
    main()

"""Compare samplers on a space of which every architecture was trained: `python -m benchmarks.search.replay chain`.

A trial observes the score of one of the trainings of an architecture, drawn at random; an architecture that was met
before is not trained again, as in a search. Regret is how far the mean score of the architecture with the best observed
score, which a user would take, is from that of the best of all. The agreement of repeats is printed first: below a tau
of 0.5 a task cannot tell architectures apart, and nothing is compared on it.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from amber.architect import TokenLayout
from amber.search.samplers import make_sampler, token_distributions, tokens_of
from benchmarks.search.ground_truth import test_retest, truth_file

SAMPLERS: dict[str, dict[str, Any]] = {
    "random": {},
    "tpe": {},
    "evolution": {"population_size": 10, "sample_size": 4},
    "surrogate": {},
}
LOOKS = (10, 20, 40)
LEAST_TAU = 0.5
# Architectures that were trained again, of which agreement can be said.
_LEAST = 40
# A sampler that repeats itself is stopped after so many proposals for each architecture that is wanted.
_PROPOSALS = 50


def layout_of(scores: dict[str, Any]) -> TokenLayout:
    """Return the layout of a chain of which all architectures are there."""
    tokens = np.array([list(map(int, key.split())) for key in scores])
    layout = TokenLayout((tokens.max(axis=0) + 1).tolist(), with_skips=False)
    if int(np.prod(layout.sizes)) != len(scores):
        raise ValueError(f"expected all {int(np.prod(layout.sizes))} architectures. Received: {len(scores)}")
    return layout


def replay(scores: dict[tuple[int, ...], np.ndarray], layout: TokenLayout, name: str, seed: int) -> dict[str, Any]:
    """Return the regrets of one search and its sampler's own milliseconds a proposal; the lower a score the better."""
    noise, distributions = np.random.default_rng([seed, 1]), token_distributions(layout)
    study = optuna.create_study(direction="minimize", sampler=make_sampler(name, layout, seed, **SAMPLERS[name]))
    truth = {tokens: float(each.mean()) for tokens, each in scores.items()}
    best = min(truth.values())
    seen: dict[tuple[int, ...], float] = {}
    regrets, seconds, asked = {}, 0.0, 0
    while len(seen) < LOOKS[-1] and asked < _PROPOSALS * LOOKS[-1]:
        started = time.process_time()
        trial = study.ask(fixed_distributions=distributions)
        seconds, asked = seconds + time.process_time() - started, asked + 1
        tokens = tokens_of(trial.params, layout)
        if tokens is None:
            raise RuntimeError("a proposal without tokens")
        if tokens not in seen:
            seen[tokens] = float(noise.choice(scores[tokens]))
        study.tell(trial, seen[tokens])
        if len(seen) in LOOKS and len(seen) not in regrets:
            regrets[len(seen)] = truth[min(seen, key=lambda each: seen[each])] - best
    reached = [regrets.get(look, regrets[max(regrets)]) for look in LOOKS]
    return {"sampler": name, "seed": seed, "regret": reached, "milliseconds": 1000 * seconds / asked}


def main() -> None:
    """Reads the arguments, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search.replay")
    parser.add_argument("task")
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--truth", type=Path, help="by default what benchmarks.search.ground_truth wrote")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    record = json.loads((arguments.truth or truth_file(arguments.task)).read_text())["scores"]
    scores = {tuple(map(int, key.split())): np.array(each) for key, each in record.items()}
    again = np.array([each[:2] for each in scores.values() if len(each) > 1])
    if len(again) < _LEAST:
        raise SystemExit(f"{len(again)} architectures were trained again: too few to say whether repeats agree")
    tau, low, high = test_retest(again)
    print(
        f"{arguments.task}: {len(scores)} architectures, {sum(map(len, scores.values()))} trainings; test-retest tau "
        f"of the {len(again)} that were trained again {tau:.2f} ({low:.2f} to {high:.2f})"
    )
    if tau < LEAST_TAU:
        raise SystemExit(f"below {LEAST_TAU}: nothing is compared on it")
    means = np.array([each.mean() for each in scores.values()])
    print(f"mean scores: best {means.min():.4f}, median {np.median(means):.4f}, worst {means.max():.4f}")
    looks = " / ".join(map(str, LOOKS))
    print(f"| sampler | seeds | regret after {looks} | own ms a proposal |\n|---|---|---|---|")
    for name in SAMPLERS:
        runs = [replay(scores, layout_of(record), name, seed) for seed in range(arguments.seeds)]
        regrets = np.array([run["regret"] for run in runs])
        errors = regrets.std(axis=0, ddof=1) / np.sqrt(len(runs))
        cells = [f"{mean:.4f} ± {error:.4f}" for mean, error in zip(regrets.mean(axis=0), errors, strict=True)]
        own = np.mean([run["milliseconds"] for run in runs])
        print(f"| {name} | {len(runs)} | {' / '.join(cells)} | {own:.1f} |", flush=True)


if __name__ == "__main__":
    main()

"""The file of the comparison: what each search found, so that it can be made in parts, a run after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from amber.files import write_whole
from benchmarks.results import machine
from benchmarks.search.ground_truth import test_retest
from benchmarks.search.price import Price, fitted_price

# Searches have the time of so many trainings: KerasTuner's 50 fit into it.
TRAININGS = 55


class Record:
    """What was measured, in a JSON file with a line for each run.

    Args:
        path: of the file; what it has is kept.

    Attributes:
        retests: by task, scores of some architectures that were trained twice, and processor seconds of each training.
        runs: of searches.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        given = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self._machine = given.get("machine") or machine()
        self.retests: dict[str, dict[str, Any]] = given.get("retests", {})
        self.runs: list[dict[str, Any]] = given.get("runs", [])

    def retest(self, task: str) -> dict[str, Any]:
        """Return scores by tokens, and seconds, of the trainings of a task's test-retest; both grow."""
        return self.retests.setdefault(task, {"scores": {}, "cpu": []})

    def tau(self, task: str) -> tuple[float, float, float, int]:
        """Return the test-retest tau of a task with its interval, and of how many architectures it is."""
        scores = [each[:2] for each in self.retest(task)["scores"].values() if len(each) > 1]
        return (*test_retest(np.array(scores)), len(scores))

    def best(self, task: str) -> float:
        """Return the best mean score of the architectures of a task's test-retest."""
        return min(float(np.mean(each)) for each in self.retest(task)["scores"].values())

    def seconds(self, task: str) -> float:
        """Return the seconds that a search of a task may pay: what is said once holds for all searches."""
        retest = self.retest(task)
        if "seconds" not in retest:
            retest["seconds"] = round(TRAININGS * float(np.mean(retest["cpu"])), 1)
        return float(retest["seconds"])

    def price(self, task: str, flops: Callable[[Sequence[int]], float]) -> Price:
        """Return the price of a training of a task: what is said once, after its test-retest, holds for all searches.

        Args:
            task: its name.
            flops: returns those of an architecture.
        """
        retest = self.retest(task)
        if "price" not in retest:
            once = [flops([*map(int, tokens.split())]) for tokens in retest["scores"]]
            found = fitted_price([*once, *once], retest["cpu"])
            retest["price"] = [found.fixed, found.per_megaflop]
        return Price(*retest["price"])

    def run_of(self, task: str, search: str, seed: int) -> dict[str, Any] | None:
        """Return a run that was made; None where it is still to come."""
        wanted = (task, search, seed)
        return next((run for run in self.runs if (run["task"], run["search"], run["seed"]) == wanted), None)

    def add(self, run: dict[str, Any]) -> None:
        """Note a run, and write the file."""
        self.runs.append(run)
        self.write()

    def write(self) -> None:
        """Write the file as a whole."""
        retests = ",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in self.retests.items())
        runs = ",\n".join(json.dumps(run) for run in self.runs)
        text = f'{{"machine": {json.dumps(self._machine)},\n"retests": {{\n{retests}\n}},\n"runs": [\n{runs}\n]}}\n'
        write_whole(self._path, text)

"""The commands that are ended from outside, by phase, and the run directories that they begin with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_CONV = [{"Layer_type": "conv1d", "filters": 8, "kernel_size": size, "activation": "relu"} for size in (3, 5, 8)]
_FEW = {"start_steps": 1, "warm_up_steps": 1, "steps_per_episode": 1, "episodes": 1, "architectures": 2, "sample": 2}
CONFIGURATION: dict[str, Any] = {
    "name": "ended",
    "seed": 3,
    "data": {"source": "splice", "sequence": "seq", "label": "label", "split": "gsplit"},
    "model_space": [{"repeat": 2, "candidates": [*_CONV, {"Layer_type": "identity", "filters": 8}]}],
    "builder": {"type": "residual_cnn", "fc_units": 8, "flatten_mode": "GAP"},
    "training": {"epochs": 2, "batch_size": 256, "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    "search": {"sampler": "random", "trials": 2, "metric": "val_loss"},
    "final": {"epochs": 1, "patience": None, "ensemble": 1, "linear_term": False},
}
_LONG = {"trials": 60}
_PRUNED = {"trials": 60, "pruner": "successive_halving"}
_ONE_SHOT = {"strategy": "one_shot", "sampler": None, "trials": None}


@dataclass(frozen=True)
class Phase:
    """A command, and when it is in the phase.

    Attributes:
        search: what is changed of the section `search`; None takes a key out.
        final: what is changed of the section `final`.
        training: what is changed of the section `training`.
        begins: what shows that the phase has begun: a text in the output, or a file below the run directory.
        spread: the latest moment of a signal, seconds after that.
        template: the run directory that it begins with: "" (none), "searched" (last training and files missing) or
            "finished".
        command: the arguments, of which CONFIG and RUN stand for paths; `("program",)` is a program of a user's own,
            which gets the result of the search it calls.
    """

    search: dict[str, Any]
    begins: str
    spread: float
    template: str = ""
    command: tuple[str, ...] = ("search", "CONFIG", "-d", "RUN")
    final: dict[str, Any] | None = None
    training: dict[str, Any] | None = None

    def configuration(self, cluster: str = "") -> dict[str, Any]:
        """Return the whole configuration."""
        search = {**CONFIGURATION["search"], **self.search}
        if search.get("executor") == "dask":
            search["executor"] = {"dask": cluster}
        return {
            **CONFIGURATION,
            "search": {key: value for key, value in search.items() if value is not None},
            "final": {**CONFIGURATION["final"], **(self.final or {})},
            "training": {**CONFIGURATION["training"], **(self.training or {})},
        }


_RESUME = ("search", "CONFIG", "-d", "RUN", "--resume")
PHASES: dict[str, Phase] = {
    "search": Phase(_LONG, "Search of", 8),
    "rungs": Phase(_PRUNED, "Search of", 8, training={"epochs": 4}),
    "one-shot": Phase(_ONE_SHOT, "one network, step", 6),
    "retraining": Phase(
        {**_ONE_SHOT, "one_shot": {**_FEW, "top_k": 2}}, "Search of", 6, training={"epochs": 30}
    ),
    "processes": Phase({**_LONG, "executor": "processes", "workers": 2}, "Search of", 12),
    "dask": Phase({**_LONG, "executor": "dask"}, "Search of", 12),
    "final": Phase({}, "Retraining the best", 6, "searched", _RESUME, final={"epochs": 1000}),
    "writing": Phase({}, ".replacement", 0.4, "searched", _RESUME),
    "rewriting": Phase({}, ".replacement", 0.4, "finished", _RESUME, final={"epochs": 2}),
    "resume": Phase({"trials": 12}, "", 10, "finished", _RESUME),
    "explain": Phase({}, "", 6, "finished", ("explain", "RUN", "--examples", "400")),
    "program": Phase({}, "begun", 8, command=("program",)),
    "report": Phase({}, "", 2, "finished", ("report", "RUN")),
}  # fmt: skip


def make_templates(folder: Path, run: Callable[[Sequence[str], Path], int]) -> None:
    """Make the run directories that phases begin with: of a finished search, and of one whose last phase is missing."""
    write_configuration(folder, CONFIGURATION)
    code = run(("search", "CONFIG", "-d", "RUN"), folder)
    if code:
        raise RuntimeError(f"The search of the templates ended with {code}: {(folder / 'output.txt').read_text()}")
    (folder / "run").rename(folder / "finished")
    shutil.copytree(folder / "finished", folder / "searched")
    for name in ("best.keras", "test.json", "results.txt", "best.svg", "best.png", "best.json"):
        (folder / "searched" / name).unlink(missing_ok=True)


def write_configuration(folder: Path, configuration: dict[str, Any]) -> None:
    """Write the file that CONFIG stands for."""
    (folder / "c.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")

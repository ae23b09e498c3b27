"""A policy conditioned on descriptions of data sets, and the scale of these descriptions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from amber.architect.controllers import ZeroShotController
from amber.checks import positive_integer
from amber.display import PlainRepr
from amber.errors import DataError, InvalidArchitectureError, StorageError
from amber.files import write_whole
from amber.files.strict_json import json_text, read_json
from amber.wording import shown

if TYPE_CHECKING:
    from amber.search.objective import Objective

_CONTROLLER, _SCALING = "controller.h5", "descriptions.json"
_ATTEMPTS = 50


class ZeroShotPolicy(PlainRepr):
    """Proposes architectures for a data set of which only the description is known.

    Args:
        controller: the policy.
        mean: of each number of a description, over the data sets it learnt from.
        scale: alike, the standard deviation; 1 where that is 0.

    Raises:
        DataError: mean or scale are not of the controller's length.
    """

    def __init__(self, controller: ZeroShotController, mean: Sequence[float], scale: Sequence[float]) -> None:
        self.controller = controller
        self.mean, self.scale = np.asarray(mean, "float64"), np.asarray(scale, "float64")
        length = controller.spec.description_length
        if self.mean.shape != (length,) or self.scale.shape != (length,) or not (self.scale > 0).all():
            raise DataError(
                f"mean and scale must hold {length} numbers, scale positive ones. "
                f"Received: shapes {self.mean.shape} and {self.scale.shape}"
            )

    def standardised(self, description: Sequence[float]) -> np.ndarray:
        """Return a description as the controller reads it, (1, d).

        Raises:
            DataError: it is not of the length that was learnt from, or not finite.
        """
        values = np.asarray(description, "float64")
        if values.shape != self.mean.shape or not np.isfinite(values).all():
            raise DataError(f"A description must hold {len(self.mean)} finite numbers. Received: {description!r}")
        return np.asarray(((values - self.mean) / self.scale)[None, :])

    def propose(self, description: Sequence[float], count: int, objective: Any = None) -> list[tuple[int, ...]]:
        """Return different architectures for a data set, the most probable first and the others as sampled.

        Nothing is trained.

        Args:
            description: of the data set.
            count: architectures at most; fewer where the policy is so sure that it samples no more.
            objective: of the data set; with it, no two architectures are the same network, all can be built on its
                data, and none is over its budget.

        Raises:
            ConfigError: `count` is below one.
            DataError: the description does not fit.
        """
        positive_integer(count, "count")
        described = self.standardised(description)
        found: dict[Any, tuple[int, ...]] = {}
        proposals = [self.controller.most_probable(described)]
        for _ in range(_ATTEMPTS):
            for arc in proposals:
                tokens = tuple(int(token) for token in arc)
                name = _network(objective, tokens)
                if name is not None:
                    found.setdefault(name, tokens)
            if len(found) >= count:
                break
            proposals = list(self.controller.sample(count, described))
        return list(found.values())[:count]

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the policy, with all that it needs to learn on, to two files of a folder, which is made.

        Raises:
            StorageError: they cannot be written.
        """
        path = Path(folder)
        scaling = {"mean": self.mean.tolist(), "scale": self.scale.tolist()}
        try:
            path.mkdir(parents=True, exist_ok=True)
            self.controller.save(path / _CONTROLLER)
            write_whole(path / _SCALING, json_text(scaling))
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error}") from error

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> ZeroShotPolicy:
        """Read what `save` wrote.

        Raises:
            StorageError: there is no policy.
        """
        path = Path(folder)
        scaling = read_json(path / _SCALING, what="the scale of descriptions of a policy")
        mean, scale = (scaling.get(key) if isinstance(scaling, dict) else None for key in ("mean", "scale"))
        if not (_is_numbers(mean) and _is_numbers(scale)):
            raise StorageError(
                f"{path / _SCALING} must hold lists of numbers, mean and scale. Received: {shown(scaling)}"
            )
        return cls(ZeroShotController.load(path / _CONTROLLER), mean, scale)


def _is_numbers(values: object) -> TypeGuard[list[float]]:
    return isinstance(values, list) and all(type(each) in (int, float) for each in values)


def _network(objective: Objective, tokens: tuple[int, ...]) -> object:
    """What tells two proposals apart: the network's fingerprint, or without objective the tokens; None: not allowed."""
    if objective is None:
        return tokens
    try:
        candidate = objective.prepare(tokens)
    except InvalidArchitectureError:
        return None
    return candidate.fingerprint if objective.over_budget(candidate) is None else None

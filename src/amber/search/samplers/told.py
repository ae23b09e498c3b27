"""What a study knows, as arrays: which architectures have a score, are infeasible, or are being trained."""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import optuna
from scipy.stats import rankdata

from amber.architect import TokenLayout
from amber.search.samplers.tokens import INFEASIBLE, WITHDRAWN, token_dtype, tokens_of

_COMPLETE, _PRUNED, _PENDING = "complete", "pruned", "pending"


class Told(NamedTuple):
    """What a study knows.

    Attributes:
        numbers: of the trials with a score, in order.
        tokens: theirs, (n, tokens).
        standing: (n, objectives), higher is better; only the order means something.
        infeasible: (m, tokens), of what is not a network, over budget, or failed.
        pending: (k, tokens), of what is being trained.
        taken: all of these, each as bytes.
    """

    numbers: np.ndarray
    tokens: np.ndarray
    standing: np.ndarray
    infeasible: np.ndarray
    pending: np.ndarray
    taken: set[bytes]


class _Entry(NamedTuple):
    """What a trial says: its group, number, tokens as an array and as bytes, and its values or how far it came."""

    group: str
    number: int
    row: np.ndarray
    key: bytes
    values: tuple[float, ...]


class StudyReader:
    """Reads a study again and again; what is settled is read once.

    Args:
        layout: the tokens.
    """

    def __init__(self, layout: TokenLayout) -> None:
        self._layout, self._dtype = layout, token_dtype(layout)
        self._study: weakref.ref[optuna.Study] | None = None
        self._settled: dict[int, _Entry | None] = {}

    def read(self, study: optuna.Study) -> Told:
        """Return what the study knows by now."""
        if self._study is None or self._study() is not study:
            self._study, self._settled = weakref.ref(study), {}
        signs = [1.0 if each == optuna.study.StudyDirection.MAXIMIZE else -1.0 for each in study.directions]
        entries = []
        for position, trial in enumerate(study.get_trials(deepcopy=False)):
            if position in self._settled:
                entry = self._settled[position]
            else:
                entry = self._entry(trial, signs)
                if trial.state.is_finished():
                    self._settled[position] = entry
            if entry is not None:
                entries.append(entry)
        scored = [each for each in entries if each.group in (_COMPLETE, _PRUNED)]
        return Told(
            np.array([each.number for each in scored], int),
            self._stacked(scored),
            _standing(scored, len(signs)),
            self._stacked([each for each in entries if each.group == INFEASIBLE]),
            self._stacked([each for each in entries if each.group == _PENDING]),
            {each.key for each in entries},
        )

    def _entry(self, trial: optuna.trial.FrozenTrial, signs: Sequence[float]) -> _Entry | None:
        """Return what a trial says; None where it has no tokens, or was proposed but not looked at."""
        tokens = tokens_of(trial.params, self._layout)
        attributes = trial.user_attrs
        if tokens is None or attributes.get(WITHDRAWN):
            return None
        states = optuna.trial.TrialState
        values: tuple[float, ...] = ()
        if attributes.get(INFEASIBLE) or trial.state == states.FAIL:
            group = INFEASIBLE
        elif trial.state == states.COMPLETE:
            group = _COMPLETE
            values = tuple(sign * value for sign, value in zip(signs, trial.values, strict=True))
        elif trial.state == states.PRUNED:
            group = _PRUNED
            step, value = max(trial.intermediate_values.items(), default=(-1, math.nan))
            values = step, -math.inf if math.isnan(value) else signs[0] * value
        else:
            group = _PENDING
        row = np.array(tokens, self._dtype)
        return _Entry(group, trial.number, row, row.tobytes(), values)

    def _stacked(self, entries: Sequence[_Entry]) -> np.ndarray:
        return np.array([each.row for each in entries], self._dtype).reshape(len(entries), len(self._layout))


def _standing(scored: Sequence[_Entry], objectives: int) -> np.ndarray:
    """Return the ranks of trials in each objective; those that were pruned come last, the sooner the worse."""
    ranks = np.zeros((len(scored), objectives))
    pruned = np.array([each.group == _PRUNED for each in scored], bool)
    reached = [each.values for each in scored if each.group == _PRUNED]
    places = {values: place for place, values in enumerate(sorted(set(reached)), 1)}
    ranks[pruned] = np.array([places[values] for values in reached], float).reshape(-1, 1)
    if not pruned.all():
        values = np.array([each.values for each in scored if each.group == _COMPLETE], float)
        ranks[~pruned] = len(places) + rankdata(values, axis=0)
    return ranks

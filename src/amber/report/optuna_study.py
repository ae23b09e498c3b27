"""The trials of a run as an Optuna study in memory, for tools that show such studies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import optuna

from amber.search.proposing import quiet_optuna
from amber.search.trial import Trial


class StudyMirror:
    """A study that is given the trials of a run, those that are new each time.

    Args:
        name: of the study.
        direction: `"maximize"` or `"minimize"`.
        metric: what the score is called.
        names: of the tokens, in their order; further tokens are called by their position.

    Attributes:
        storage: holds the study.
    """

    def __init__(self, name: str, direction: str, metric: str, names: Sequence[str] = ()) -> None:
        self.storage = optuna.storages.InMemoryStorage()
        with quiet_optuna():
            self._study = optuna.create_study(storage=self.storage, study_name=name, direction=direction)
            self._study.set_metric_names([metric])
        self._names = tuple(names)
        self._shown: set[int] = set()

    def update(self, trials: Iterable[Trial]) -> int:
        """Add the trials that were not given before, and returns how many.

        Args:
            trials: all of the run.
        """
        new = [trial for trial in trials if trial.number not in self._shown]
        self._study.add_trials([self._frozen(trial) for trial in new])
        self._shown |= {trial.number for trial in new}
        return len(new)

    def _frozen(self, trial: Trial) -> optuna.trial.FrozenTrial:
        names = [*self._names, *(f"token {position}" for position in range(len(self._names), len(trial.tokens)))]
        params = dict(zip(names, trial.tokens, strict=False))
        # Optuna wants one range for a parameter in all trials; any that holds every token will do.
        distribution = optuna.distributions.IntDistribution(0, 2**31 - 1)
        known: dict[str, object] = {"status": trial.status, "parameters": trial.parameters, "flops": trial.flops}
        known |= {"seconds": round(trial.seconds, 3), "epochs": trial.epochs, "error": trial.error}
        known |= {"fingerprint": trial.fingerprint, "trial": trial.number, "architecture": trial.architecture or None}
        return optuna.trial.create_trial(
            state=optuna.trial.TrialState.FAIL if trial.score is None else optuna.trial.TrialState.COMPLETE,
            value=trial.score,
            params=params,
            distributions=dict.fromkeys(params, distribution),
            user_attrs={name: value for name, value in known.items() if value is not None},
        )

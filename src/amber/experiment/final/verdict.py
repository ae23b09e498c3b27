"""What must be said plainly of a tested network: that a simple model beats it, or that it has learnt nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from amber.data import ClassScore, LabelScore
from amber.experiment.final.scoring import ALWAYS_MAJORITY, ALWAYS_MEAN, BASELINES, baseline_key
from amber.experiment.final.tables import measure_text
from amber.metric_names import measure_name

if TYPE_CHECKING:
    from amber.data import Dataset
    from amber.evaluation import Evaluation
    from amber.experiment.configuration.reading import Configuration
    from amber.experiment.final.tables import AnyScore

BELOW_BASELINE, NEVER_PREDICTED = "below_baseline", "class_never_predicted"
NO_BETTER_THAN_MAJORITY, NO_BETTER_THAN_MEAN = "no_better_than_majority", "no_better_than_mean"


NO_BETTER_THAN_CHANCE = "no_better_than_chance"


@dataclass(frozen=True)
class Remark:
    """One thing that is wrong with a network.

    Attributes:
        kind: `below_baseline`, `class_never_predicted`, `no_better_than_majority`, `no_better_than_mean`
            or `no_better_than_chance`.
        text: a sentence for the user.
        output: of the network; empty for all of them.
        measure: key of the measure; empty where there is none.
        model: its value for the network.
        baseline: its value for what the network is compared with.
        classes: that are never predicted.
    """

    kind: str
    text: str
    output: str = ""
    measure: str = ""
    model: float | None = None
    baseline: float | None = None
    classes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary of what is known."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None, ())}


def remarks(
    scores: Mapping[str, AnyScore],
    baselines: Mapping[str, AnyScore],
    compared: tuple[str, str, float, float] | None,
    majorities: Mapping[str, str],
    evaluations: Mapping[str, Evaluation] | None = None,
) -> list[Remark]:
    """Return what is wrong with a network, the worst first; empty where nothing is.

    Args:
        scores: of the network, by output.
        baselines: of linear models, by output; empty where there are none.
        compared: name and direction of what the search compared, and its value for the network and the linear models.
        majorities: the most frequent class of the training part, by output that has classes.
        evaluations: by output, with the scores of all baselines; None: there are no others than linear models.
    """
    found: list[Remark] = []
    several = len(scores) > 1
    for name, score in scores.items():
        output = name if several else ""
        found += _useless(output, score, majorities.get(name))
        if name not in baselines:
            continue
        headline = _headline(name in majorities, score)
        pair = getattr(score, headline), getattr(baselines[name], headline)
        found += _below(output, headline, "maximize", pair, BASELINES[baseline_key(score)], score.n)
    if compared is not None and not any(each.measure == compared[0] and not several for each in found):
        name, direction, *values = compared
        kinds = {BASELINES[baseline_key(score)] for score in scores.values()}
        words = kinds.pop() if len(kinds) == 1 else "the linear models"
        found += _below("", name, direction, (values[0], values[1]), words, next(iter(scores.values())).n)
    for name, evaluation in (evaluations or {}).items():
        headline = _headline(name in majorities, scores[name])
        found += _below_others(name if several else "", headline, evaluation)
    return found


def majority_classes(dataset: Dataset) -> dict[str, str]:
    """Return the most frequent class of the training part, for each output that has classes."""
    import numpy as np

    found = {}
    for target in dataset.targets:
        if target.classes is not None:
            counts = np.bincount(dataset.train.values_of(target.name))
            found[target.name] = target.classes[int(counts.argmax())]
    return found


def advice(loaded: Configuration, found: Sequence[Remark]) -> str:
    """Return in a sentence what to try; empty where nothing is wrong."""
    if not found:
        return ""
    training, search = loaded.config.training, loaded.config.search
    tries = [f"more epochs (training.epochs is {training.epochs}, final.epochs {loaded.config.final.epochs})"]
    if not training.recalibrate:
        tries.append("training.recalibrate: true")
    if search.strategy == "trials":
        tries.append(f"more architectures (search.trials is {search.trials})")
    if any(each.kind == NEVER_PREDICTED for each in found) and search.reward not in ("mcc", "auprc"):
        tries.append("search.reward: mcc, which counts rare classes as much as others")
    tries.append("another learning rate or smaller layers")
    return f"What to try: {', '.join(tries)}. On few examples the linear model may be the one to use."


def _useless(output: str, score: AnyScore, majority: str | None) -> list[Remark]:
    """Return the remarks that need no other model."""
    who = _who(output)
    if isinstance(score, LabelScore):
        if not score.auroc <= 0.5:
            return []
        text = f"{who} is no better than chance: AUROC is {measure_text('auroc', score.auroc)}, and 0.5 by chance."
        return [Remark(NO_BETTER_THAN_CHANCE, text, output, "auroc", score.auroc, 0.5)]
    if not isinstance(score, ClassScore):
        if not score.r2 <= 0:
            return []
        text = f"{who} is no better than always saying the mean: R2 is {measure_text('r2', score.r2)}, and 0 for that."
        return [Remark(NO_BETTER_THAN_MEAN, text, output, "r2", score.r2, 0.0)]
    found = []
    never = tuple(
        name for name, count in score.per_class_predictions.items() if not count and score.per_class_records[name]
    )
    if never:
        names = ", ".join(repr(name) for name in never)
        text = f"{who} never predicts the class{'es' if len(never) > 1 else ''} {names}."
        found.append(Remark(NEVER_PREDICTED, text, output, classes=never))
    if majority is None:
        return found
    share = score.per_class_records[majority] / score.n
    if score.accuracy <= share + _standard_error(share, score.n):
        text = (
            f"{who} is no better than always saying {majority!r}: accuracy {measure_text('accuracy', score.accuracy)} "
            f"against {measure_text('accuracy', share)}{_within(score.accuracy > share, score.n)}."
        )
        found.append(Remark(NO_BETTER_THAN_MAJORITY, text, output, "accuracy", score.accuracy, share))
    return found


def _below(
    output: str, measure: str, direction: str, values: tuple[float, float], baseline: str, n: int
) -> list[Remark]:
    model, other = values
    sign = 1 if direction == "maximize" else -1
    if not sign * (model - other) < 0:
        return []
    text = (
        f"{_who(output)} is worse than {baseline}: {measure_name(measure)} {measure_text(measure, model)} against "
        f"{measure_text(measure, other)}"
    )
    text += _within(measure == "accuracy" and other - model <= _standard_error(other, n), n)
    return [Remark(BELOW_BASELINE, f"{text}.", output, measure, model, other)]


def _headline(has_classes: bool, score: AnyScore) -> str:
    """Return the measure by which an output is compared with simple models."""
    return "accuracy" if has_classes else "auroc" if isinstance(score, LabelScore) else "r2"


def _below_others(output: str, measure: str, evaluation: Evaluation) -> list[Remark]:
    """Return a remark for each further simple model that is better; what is always the same is compared elsewhere."""
    told = (*BASELINES.values(), ALWAYS_MAJORITY, ALWAYS_MEAN)
    model = evaluation.scores[measure].value
    others = {name: each[measure].value for name, each in evaluation.baselines.items() if name not in told}
    return [
        remark
        for name, value in others.items()
        for remark in _below(output, measure, "maximize", (model, value), name, evaluation.examples)
    ]


def _standard_error(share: float, n: int) -> float:
    """Return the standard error of a share that was found in n examples."""
    return math.sqrt(max(0.0, share * (1 - share)) / n)


def _within(is_within: bool, n: int) -> str:
    return f" (a difference within one standard error on {n} examples)" if is_within else ""


def _who(output: str) -> str:
    return f"Output {output!r}: the best network" if output else "The best network"

"""Settings of a search that change nothing beside others: too short a search for a sampler to learn, and the like.

They are said, not refused: a search may be lengthened with `--trials`, or an epoch be a first try.
"""

from __future__ import annotations

from collections.abc import Iterator

from amber.experiment.configuration.sections import Config, SearchSection

# The proposals that a sampler draws at random before it has learnt anything: the option that says how many, its
# default, and what they are.
_AT_RANDOM = {
    "tpe": ("startup_trials", 10),
    "surrogate": ("startup_trials", 6),
    "evolution": ("population_size", 50),
    "nsga2": ("population_size", 30),
    "controller": ("episode", 10),
}
_WAITING_PRUNERS = {"median": 5, "percentile": 5}


def idle_lines(given: Config, resolved: Config) -> list[str]:
    """Return a line for each setting that the file gives and that changes nothing; none where all do something.

    Args:
        given: what the file says.
        resolved: the same with what the data decide.
    """
    search = given.search
    said: list[tuple[str, str, str]] = []
    if search.strategy == "trials":
        said += _of_sampler(search)
    said += _of_pruner(search, resolved.training.epochs)
    if search.knowledge is not None and search.knowledge.weight == 0:
        said.append(("search.knowledge", "its weight is 0", "Give it a weight, or take it out."))
    if _metric_decides_nothing(search, resolved):
        reason = f"the reward {search.reward} is compared, and no training is stopped by a metric"
        said.append(("search.metric", reason, "Take it out, or give training.patience or a pruner."))
    return [f"{key} has no effect here, as {reason}. {way_out}" for key, reason, way_out in said]


def _of_sampler(search: SearchSection) -> Iterator[tuple[str, str, str]]:
    name = search.sampler.strip().lower()
    if "sampler" not in search.model_fields_set or name not in _AT_RANDOM:
        return
    option, default = _AT_RANDOM[name]
    first = search.sampler_options.get(option, default)
    if isinstance(first, int) and search.trials <= first:
        reason = (
            f"{name} draws its first {first} proposals at random, and {search.trials} "
            f"{'is' if search.trials == 1 else 'are'} wanted"
        )
        yield "search.sampler", reason, f"Give more trials, or fewer {option} in search.sampler_options."


def _of_pruner(search: SearchSection, epochs: int) -> Iterator[tuple[str, str, str]]:
    if search.pruner is None:
        return
    name = search.pruner.strip().lower()
    if epochs == 1:
        reason = "a trial is given up between epochs, and each has one"
        yield "search.pruner", reason, "Take it out, or give more training.epochs."
        return
    first = search.pruner_options.get("n_startup_trials", _WAITING_PRUNERS.get(name))
    if search.strategy == "trials" and isinstance(first, int) and search.trials <= first:
        reason = f"{name} gives up none of the first {first} trials, and {search.trials} are wanted"
        yield "search.pruner", reason, "Give more trials, or a smaller n_startup_trials in search.pruner_options."
    warm_up = search.pruner_options.get("n_warmup_steps")
    if isinstance(warm_up, int) and warm_up >= epochs:
        reason = f"{name} gives up no trial in its first {warm_up} epochs, and each has {epochs}"
        yield (
            "search.pruner",
            reason,
            "Give more training.epochs, or a smaller n_warmup_steps in pruner_options.",
        )


def _metric_decides_nothing(search: SearchSection, resolved: Config) -> bool:
    stopping = (resolved.training.patience, resolved.final.patience, search.pruner)
    is_given = "metric" in search.model_fields_set and search.metric != "val_loss"
    return search.reward is not None and is_given and all(each is None for each in stopping)

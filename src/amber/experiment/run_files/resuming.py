"""Begin a run directory, or resume the search in it with the same settings.

What may be changed here: which keys of a configuration may differ between the runs of one search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from amber.errors import ConfigError
from amber.experiment.components import searched_score
from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.sections import WORKER_KEYS
from amber.experiment.run_files.plugins import SETTING as PLUGINS
from amber.experiment.run_files.previous import put_back_half, set_aside
from amber.files.output import naming
from amber.plugins import Plugin, described

if TYPE_CHECKING:
    from amber.data import Dataset
    from amber.search import RunDirectory
    from amber.search.run_settings import Change, SettingsChangedError
    from amber.search.samplers.earlier import EarlierTrials
    from amber.search.storage import StudyDatabase
    from amber.search.trial_store import TrialStore

# Settings that no trial depends on: a search may always be made longer, recorded or trained elsewhere, and its best
# architecture trained in another way.
_FREE: dict[str, Any] = {
    "name": True,
    "run_directory": True,
    "references": True,
    "final": True,
    "data": {"size_limit"},
    "search": {
        "trials": True,
        "one_shot": {"seconds"},
        "executor": True,
        "storage": True,
        **dict.fromkeys(WORKER_KEYS, True),
    },
}


def open_run(loaded: Configuration, *, resume: bool, overwrite: bool) -> RunDirectory:
    """Return the directory of a new search, or with `resume` the one of an earlier search where there is one.

    Raises:
        StorageError: it holds files and neither is given, or cannot be written; see `check_run`, which comes first.
    """
    from amber.search import RunDirectory

    directory = RunDirectory(loaded.config.chosen_run_directory)
    if resume:
        with naming(directory.path):
            put_back_half(directory.path)
        return RunDirectory.resume(directory.path)
    if overwrite:
        set_aside(directory)
    return RunDirectory.create(directory.path, overwrite=overwrite)


def check_unchanged(
    loaded: Configuration,
    dataset: Dataset,
    settings: Mapping[str, object],
    database: StudyDatabase | None,
    *,
    allow_changes: bool,
) -> None:
    """Check that the search that is to be taken up, where there is one, began with the same settings; only reads.

    Args:
        loaded: the configuration.
        dataset: its data.
        settings: those of now; see `search_settings`.
        database: where trials are recorded; None: in the run directory.
        allow_changes: whether settings may differ.

    Raises:
        ConfigError: an earlier search began with others, or on other data; names file, line, key and both values.
        StorageError: a file of the directory is damaged or of another version.
    """
    from amber.search import RunDirectory
    from amber.search.run_directory import TRIALS
    from amber.search.run_settings import SettingsChangedError

    directory = RunDirectory(loaded.config.chosen_run_directory)
    try:
        with loaded.placing(("run_directory",)):
            if (directory.path / TRIALS).is_file():
                directory.trials()
                directory.check_same(settings)
        if database is not None:
            database.check_same(settings)
    except SettingsChangedError as error:
        if not allow_changes:
            raise _changed_error(loaded, dataset, error) from error


def begin_run(
    loaded: Configuration,
    dataset: Dataset,
    directory: RunDirectory,
    settings: Mapping[str, object],
    database: StudyDatabase | None,
    *,
    resume: bool,
    allow_changes: bool,
) -> TrialStore:
    """Note the settings of the search where it is recorded, once, and return its trial store.

    Raises:
        ConfigError: an earlier search began with others; see `check_unchanged`, which comes first.
        StorageError: a file of the directory is damaged, of another version, or cannot be written; or the database
            cannot be used.
    """
    from amber.search.run_settings import SettingsChangedError
    from amber.search.stores import DatabaseStore, JournalStore

    store: TrialStore
    if database is None:
        store = JournalStore(directory, resume=resume, allow_changes=allow_changes)
    else:
        store = DatabaseStore(database, directory, resume=resume, allow_changes=allow_changes)
    try:
        store.begin(settings, searched_score(loaded)[1])
    except SettingsChangedError as error:
        raise _changed_error(loaded, dataset, error) from error
    return store


def search_settings(
    loaded: Configuration,
    dataset: Dataset,
    plugins: Sequence[Plugin] = (),
    earlier: Sequence[EarlierTrials] = (),
) -> dict[str, object]:
    """Return all that trials depend on, JSON-ready: settings with defaults, the data's fingerprint and plug-ins.

    Args:
        loaded: the configuration.
        dataset: its data.
        plugins: that every worker loads.
        earlier: trials that the sampler learns from.
    """
    from amber.backend import select
    from amber.search.data_identity import DATA_FINGERPRINT
    from amber.search.earlier_runs import described as described_trials
    from amber.search.samplers import recorded_options

    settings = loaded.config.model_dump(mode="json", exclude=_FREE)
    search, budget = settings["search"], settings["search"]["budget"]
    del search["learn_from"]
    # As was recorded before there were such keys.
    for where, name in ((search, "start_with"), (search, "halving"), (search, "latency_batch"), (budget, "latency")):
        if not where[name]:
            del where[name]
    if search.get("halving") and not search["halving"]["asynchronous"]:
        search["halving"]["trials"] = loaded.config.search.trials  # who goes on depends on it
    if earlier:
        search["learn_from"] = described_trials(earlier)
    search["sampler_options"] = recorded_options(search["sampler"], search["sampler_options"])
    options = loaded.builder_options.model_dump(mode="json")
    settings |= {"builder": {"type": loaded.builder_type} | options, "backend": select()}
    settings[DATA_FINGERPRINT] = dataset.fingerprint
    if plugins:
        settings[PLUGINS] = described(plugins)
    return settings


def _changed_error(loaded: Configuration, dataset: Dataset, error: SettingsChangedError) -> ConfigError:
    """Return one error about all changed settings; its place is that of the first."""
    each = [_changed(loaded, dataset, change, error.place) for change in error.changes]
    said = "\n".join([*map(str, each), "Put it back, or give --allow-changes."])
    return ConfigError(said, field=each[0].field, file=each[0].file, line=each[0].line)


def _changed(loaded: Configuration, dataset: Dataset, change: Change, place: str) -> ConfigError:
    from amber.search.data_identity import DATA_FINGERPRINT

    if change.path == ("backend",):
        return ConfigError(_said_of_backend(place, change.before))
    if change.path[0] == PLUGINS:
        return ConfigError(
            f"The search in {place} began with {'other' if change.before else 'no'} plug-ins, or with others of the "
            f"same names: {_shown(change.before)}. Received: {_shown(change.now)}"
        )
    if change.path == (DATA_FINGERPRINT,):
        return loaded.document.error(
            ("data", "source"),
            f"the search in {place} began on other examples, labels or parts than {dataset.path or dataset.name} holds "
            f"now (fingerprint {change.before}). Received: fingerprint {change.now}",
        )
    return loaded.document.error(
        change.path, f"the search in {place} began with {_shown(change.before)}. Received: {_shown(change.now)}"
    )


def _said_of_backend(place: str, before: str) -> str:
    """Say that the backend differs, which the environment decides and no key of the configuration."""
    from amber.backend import choice

    return (
        f"The search in {place} began on the Keras backend {before}; go on with it by setting the environment "
        f"variable KERAS_BACKEND={before}. Received: {choice()}"
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

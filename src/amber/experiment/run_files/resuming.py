"""The run directory of `amber search`: a new one, or one whose search is taken up with the same settings.

What may be changed here: which keys of a configuration may differ between the runs of one search.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    from amber.search.run_settings import Change
    from amber.search.storage import StudyDatabase

# What bears on no trial: a search may always be made longer, kept or trained elsewhere, and its best trained in another
# way.
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
    """Returns the directory of a new search, or with `resume` the one of an earlier search where there is one.

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


def begin_run(
    loaded: Configuration,
    dataset: Dataset,
    directory: RunDirectory,
    database: StudyDatabase | None,
    *,
    resume: bool,
    allow_changes: bool,
    plugins: Sequence[Plugin] = (),
) -> dict[str, Any]:
    """Notes the settings of the search, which data it is on and its plug-ins, where it is recorded; returns them.

    Raises:
        ConfigError: an earlier search began with others, or on other data; names file, line, key and both values.
        StorageError: a file of the directory is damaged, of another version, or cannot be written; or the database
            cannot be used.
    """
    from amber.search.data_identity import DATA_FINGERPRINT
    from amber.search.ledger import Ledger, SharedLedger
    from amber.search.run_settings import SettingsChangedError

    settings = search_settings(loaded) | {DATA_FINGERPRINT: dataset.fingerprint}
    if plugins:
        settings[PLUGINS] = described(plugins)
    ledger = Ledger(directory) if database is None else SharedLedger(directory, database)
    try:
        ledger.begin(settings, searched_score(loaded)[1], resume=resume, allow_changes=allow_changes)
    except SettingsChangedError as error:
        said = [
            _said_of_backend(error.place, each.before)
            if each.path == ("backend",)
            else str(_changed(loaded, dataset, each, error.place))
            for each in error.changes
        ]
        raise ConfigError("\n".join([*said, "Put it back, or give --allow-changes."])) from error
    return settings


def _changed(loaded: Configuration, dataset: Dataset, change: Change, place: str) -> ConfigError:
    from amber.search.data_identity import DATA_FINGERPRINT

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


def search_settings(loaded: Configuration) -> dict[str, Any]:
    """Returns all that trials depend on, JSON-ready, with defaults."""
    from amber.backend import select
    from amber.search.samplers import recorded_options

    settings = loaded.config.model_dump(mode="json", exclude=_FREE)
    search = settings["search"]
    search["sampler_options"] = recorded_options(search["sampler"], search["sampler_options"])
    options = loaded.builder_options.model_dump(mode="json")
    return settings | {"builder": {"type": loaded.builder_type} | options, "backend": select()}


def _said_of_backend(place: str, before: str) -> str:
    """Say that the backend differs, which the environment decides and no key of the configuration."""
    from amber.backend import choice

    return (
        f"The search in {place} began on the Keras backend {before}; go on with it by setting the environment "
        f"variable KERAS_BACKEND={before}. Received: {choice()}"
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

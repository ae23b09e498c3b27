"""Translate the arguments that `run_search` and `run_one_shot` had up to version 0.1 into a store and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amber.errors import ConfigError
from amber.search.settings import PrunerSettings, SamplerSettings
from amber.search.stores import DatabaseStore, JournalStore, MemoryStore
from amber.search.trial_store import TrialStore

_OPTIONS = {"sampler_options": ("sampler", SamplerSettings), "pruner_options": ("pruner", PrunerSettings)}
_OF_STORE = ("run_directory", "storage", "resume", "allow_changes", "builder_description")
FORMER_ARGUMENTS = (*_OPTIONS, *_OF_STORE)


def translate(arguments: dict[str, Any]) -> str:
    """Replace former arguments, in place, and return what to write instead.

    Args:
        arguments: keyword arguments of either.

    Raises:
        ConfigError: arguments that do not go together.
    """
    instead = []
    for options, (chosen, settings) in _OPTIONS.items():
        if options in arguments:
            values, named = arguments.pop(options), arguments.get(chosen, "random" if chosen == "sampler" else None)
            if values and not isinstance(named, str):
                raise ConfigError(f"{options} belong to a {chosen} given by name. Received: {values}, for {named!r}")
            if isinstance(named, str):
                arguments[chosen] = settings(named, values or {})
            instead.append(f"{chosen}={settings.__name__}(name, options)")
    former = {name: arguments.pop(name) for name in _OF_STORE if name in arguments}
    if former:
        if arguments.get("store") is not None:
            raise ConfigError(f"Give {', '.join(former)} to the store. Received: store, and these beside it")
        arguments["store"] = _store(former)
        instead.append(_said(former))
    return " and ".join(instead)


def _store(former: Mapping[str, Any]) -> TrialStore:
    """Return the store that former arguments mean."""
    directory, database = former.get("run_directory"), former.get("storage")
    if former.get("resume") and directory is None:
        raise ConfigError("resume needs a run_directory. Received: None")
    if directory is not None:
        directory.builder_description = former.get("builder_description")
    how = {"allow_changes": bool(former.get("allow_changes"))}
    if database is not None:
        return DatabaseStore(database, directory, resume=bool(former.get("resume")), **how)
    return (
        MemoryStore(**how) if directory is None else JournalStore(directory, resume=bool(former.get("resume")), **how)
    )


def _said(former: Mapping[str, object]) -> str:
    """Return how to write the store that former arguments mean."""
    how = "".join(f", {name}=True" for name in ("resume", "allow_changes") if former.get(name))
    if former.get("storage") is not None:
        return f"store=DatabaseStore(storage, run_directory{how})"
    return f"store=JournalStore(run_directory{how})" if how else "store=run_directory"

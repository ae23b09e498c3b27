"""Plug-ins that a run began with, and the message where one of them is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from amber.errors import AmberError, ConfigError
from amber.files.strict_json import read_json
from amber.plugins import is_loaded

SETTING = "plugins"


def remembered(settings: Mapping[str, object]) -> list[str]:
    """Return the names of the plug-ins recorded in settings or a `best.json`."""
    told = settings.get(SETTING)
    entries = told if isinstance(told, list) else []
    return [str(each["name"]) for each in entries if isinstance(each, dict) and "name" in each]


@contextlib.contextmanager
def naming_missing(run: Path) -> Iterator[None]:
    """Add to an error which plug-ins a run was begun with, where not all of them are loaded.

    Their code is never loaded from here: a run directory may come from a stranger.

    Args:
        run: run directory, which need not exist.
    """
    try:
        yield
    except ConfigError as error:
        options = [f"--plugin {name}" for name in plugins_of_run(run) if not is_loaded(name)]
        if not options:
            raise
        raise ConfigError(
            f"{error}\nThe search in {run} was begun with plug-ins. Give them again, before the command: "
            f"amber {' '.join(options)} ...",
            field=error.field,
        ) from error


def plugins_of_run(path: Path) -> list[str]:
    """Return the names of the plug-ins that the search in a run directory was begun with; none where it has none."""
    with contextlib.suppress(AmberError):
        values = read_json(path / "search.json", what="the settings of a search", nan_is_null=True)
        if isinstance(values, dict) and isinstance(values.get("settings"), dict):
            return remembered(values["settings"])
    return []

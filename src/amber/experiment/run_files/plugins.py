"""Plug-ins that a run began with, and the message where one of them is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from amber.errors import AmberError, ConfigError, ModelSpaceError
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
    except AmberError as error:
        named = with_missing(error, (run,))
        if named is error:
            raise
        raise named from error


def with_missing(error: AmberError, paths: Iterable[Path]) -> AmberError:
    """Return an error to which is added which plug-ins runs were begun with and are not loaded, as they may be missed.

    Args:
        error: returned as it is where it cannot be that, or says so already.
        paths: run directories and files in them; others do no harm.
    """
    if not isinstance(error, (ConfigError, ModelSpaceError)):
        return error
    lines = map(_missing, dict.fromkeys(path if path.is_dir() else path.parent for path in paths))
    missing = [line for line in lines if line and line not in str(error)]
    if not missing:
        return error
    return type(error)("\n".join([str(error), *missing]), field=error.field, file=error.file, line=error.line)


def _missing(run: Path) -> str:
    options = [f"--plugin {name}" for name in plugins_of_run(run) if not is_loaded(name)]
    if not options:
        return ""
    return (
        f"The search in {run} was begun with plug-ins. Give them again, before the command: "
        f"amber {' '.join(options)} ..."
    )


def plugins_of_run(path: Path) -> list[str]:
    """Return the names of the plug-ins that the search in a run directory was begun with; none where it has none."""
    with contextlib.suppress(AmberError):
        values = read_json(path / "search.json", what="the settings of a search", nan_is_null=True)
        if isinstance(values, dict) and isinstance(values.get("settings"), dict):
            return remembered(values["settings"])
    return []

"""What `amber doctor` looks at: versions, backends, devices, threads, memory, extras, and what is wrong with them."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import amber
from amber.backend import interrupts
from amber.backend._select import BACKENDS, choice, is_installed
from amber.backend.asked import AskedBackend, BackendState
from amber.backend.threads import load, usable_processors
from amber.data.text.reading import machine_memory
from amber.errors import ConfigError

_DISTRIBUTION = "amber-nas"
# Extras that only people who develop AMBER need.
_OF_DEVELOPERS = ("dev", "test", "docs", "bench", *BACKENDS)
_GIBIBYTE = 1024**3
_LEAST_MEMORY, _LEAST_SPACE = 2 * _GIBIBYTE, _GIBIBYTE


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis.

    Attributes:
        topic: what it is about.
        said: what was found.
        problem: what is wrong and the way out; None: nothing.
        is_severe: whether searches cannot run before it is mended.
    """

    topic: str
    said: str
    problem: str | None = None
    is_severe: bool = False


def diagnose(say: Callable[[str], None]) -> Iterator[Finding]:
    """Look at everything, and yield what is found.

    Args:
        say: told what takes time, in words.
    """
    yield Finding("AMBER", f"{amber.__version__}, in {Path(amber.__file__).parent}")
    yield Finding(
        "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}"
    )
    yield from _packages()
    yield from _backends(say)
    yield from _machine()
    yield from _places()
    yield from _extras()


def _packages() -> Iterator[Finding]:
    """Yield the packages that AMBER is made of, and those whose version it does not allow."""
    names = ("keras", "numpy", "optuna", "scikit-learn")
    yield Finding("packages", ", ".join(f"{name} {version(name) or 'missing'}" for name in names))
    wrong = _unmet([each for each in _requirements() if "extra ==" not in each])
    if wrong:
        command = f'Run: pip install -U "{_DISTRIBUTION}"'
        yield Finding("packages", ", ".join(wrong), f"Versions are not what AMBER needs. {command}", is_severe=True)


def _backends(say: Callable[[str], None]) -> Iterator[Finding]:
    installed = [name for name in BACKENDS if is_installed(name)]
    chosen = None
    try:
        chosen = choice()
        yield Finding("backend", f"{chosen.name} ({chosen.reason})")
    except ConfigError as error:
        yield Finding("backend", "none can be used", str(error), is_severe=True)
    say(f"Loading {', '.join(installed) or 'no backend'}")
    with contextlib.ExitStack() as ending:
        asked = []
        for name in installed:
            asked.append(AskedBackend(name))
            ending.enter_context(interrupts.before_hard_end(asked[-1].end))
            ending.callback(asked[-1].end)
        for each in asked:
            yield _described(each.answer(), chosen is not None and each.name == chosen.name)
    for name in BACKENDS:
        if name not in installed:
            yield Finding(name, f'not installed (pip install "{_DISTRIBUTION}[{name}]")')


def _described(state: BackendState, is_chosen: bool) -> Finding:
    number = version(state.name) or version(f"{state.name}-cpu") or "of unknown version"
    if state.is_late:
        way = "Nothing is known of it; look again when other programs leave it a processor."
        return Finding(state.name, number, f"{way} Received: {state.problem}")
    if state.problem is not None:
        way = "Reinstall it, or choose another with KERAS_BACKEND."
        return Finding(state.name, number, f"It cannot be used. {way} Received: {state.problem}", is_severe=is_chosen)
    devices = ", ".join(state.accelerators) or "the CPU; it sees no GPU"
    slow = f"Fast paths are off: {state.stock}." if state.stock else None
    return Finding(state.name, f"{number}, computes on {devices}", slow)


def _machine() -> Iterator[Finding]:
    cores, busy = usable_processors(), load()
    said = f"{cores} processor{'s' if cores > 1 else ''}" + ("" if busy is None else f", load {busy:.1f}")
    loaded = busy is not None and busy > cores
    note = "Other programs use all of them: a search takes longer, and timings mean little." if loaded else None
    given = os.environ.get("OMP_NUM_THREADS")
    yield Finding("processors", said + (f", OMP_NUM_THREADS={given}" if given else ""), note)
    memory = machine_memory()
    small = "Searches need some 2 GiB." if memory < _LEAST_MEMORY else None
    yield Finding("memory", f"{memory / _GIBIBYTE:.1f} GiB", small)


def _places() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free
    writable = os.access(Path.cwd(), os.W_OK)
    problem = None if writable else "Run directories are made here: change to a folder that you may write in."
    if writable and free < _LEAST_SPACE:
        problem = "Less than 1 GiB is free: run directories may not fit."
    yield Finding("this folder", f"{Path.cwd()}, {free / _GIBIBYTE:.1f} GiB free", problem)
    if not os.access(tempfile.gettempdir(), os.W_OK):
        yield Finding(
            "temporary files", tempfile.gettempdir(), "It cannot be written; set TMPDIR to a folder that can."
        )
    data = os.environ.get("AMBER_DATA_DIR")
    if data is not None:
        missing = None if Path(data).is_dir() else "It is not a folder: unset it, or make it one."
        yield Finding("AMBER_DATA_DIR", data, missing)


def _extras() -> Iterator[Finding]:
    """Yield which extras are installed."""
    present: list[str] = []
    absent: list[str] = []
    for extra in _all():
        if extra not in _OF_DEVELOPERS:
            needed = [each for each in _requirements() if _is_of_extra(each, extra)]
            (absent if _unmet(needed) else present).append(extra)
    yield Finding("extras", ", ".join(present) or "none")
    if absent:
        yield Finding("not installed", f'{", ".join(absent)} (such as: pip install "{_DISTRIBUTION}[{absent[0]}]")')


def _requirements() -> list[str]:
    return importlib.metadata.requires(_DISTRIBUTION) or []


def _is_of_extra(requirement: str, extra: str) -> bool:
    return re.search(rf"extra == ['\"]{re.escape(extra)}['\"]", requirement) is not None


def _unmet(requirements: list[str]) -> list[str]:
    """Return the packages that are missing or of another version than is needed, each with what is there."""
    from packaging.requirements import Requirement

    found = []
    for text in requirements:
        needed = Requirement(text)
        if needed.marker is not None and not any(needed.marker.evaluate({"extra": extra}) for extra in ("", *_all())):
            continue
        there = version(needed.name)
        if there is None or not needed.specifier.contains(there, prereleases=True):
            found.append(f"{needed.name}{needed.specifier} ({there or 'missing'})")
    return found


def _all() -> list[str]:
    return importlib.metadata.metadata(_DISTRIBUTION).get_all("Provides-Extra") or []


def version(package: str) -> str | None:
    """Return the version of an installed package; None where there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None

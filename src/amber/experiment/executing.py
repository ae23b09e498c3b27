"""The section `search` of a configuration -> the executor that trains its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from amber.experiment.configuration.sections import DaskSection, SearchSection

if TYPE_CHECKING:
    from amber.plugins import Plugin
    from amber.search.executors import Executor


def make_executor(search: SearchSection, plugins: Sequence[Plugin] = ()) -> Executor:
    """Returns the executor; it is opened, and workers are started or sought, by the search.

    Args:
        search: the section.
        plugins: that every worker loads.

    Raises:
        ConfigError: a value that no executor takes.
    """
    from amber.search.executors import DaskExecutor, InProcessExecutor, ProcessExecutor, WorkerLimits

    if search.executor == "in_process":
        return InProcessExecutor()
    limits = WorkerLimits(
        search.time_limit, search.trials_per_process, search.threads or 1, search.memory_limit, search.devices
    )
    if isinstance(search.executor, DaskSection):
        where = search.executor.dask
        address, file = (where, None) if "://" in where else (None, where)
        ahead = 1 if search.ahead is None else search.ahead
        return DaskExecutor(
            address, scheduler_file=file, workers=search.workers, ahead=ahead, limits=limits, plugins=plugins
        )
    return ProcessExecutor(search.workers or 2, limits, plugins)

"""Where trials run: in this process, in local worker processes, or on the workers of a Dask cluster.

Importing this package loads neither Keras nor Dask. What may be changed here: another executor, by a module with a
subclass of `Executor`.
"""

from __future__ import annotations

from amber.search.executors.base import Executor, Failure, Outcome
from amber.search.executors.dask_cluster import DaskExecutor
from amber.search.executors.in_process import InProcessExecutor
from amber.search.executors.limits import WorkerLimits
from amber.search.executors.processes import ProcessExecutor

__all__ = ["DaskExecutor", "Executor", "Failure", "InProcessExecutor", "Outcome", "ProcessExecutor", "WorkerLimits"]

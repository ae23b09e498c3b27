"""How many threads numerical libraries use: each has its own variable, and what is loaded already is asked directly."""

from __future__ import annotations

import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# A step of fewer FLOPs takes some 0.1 s on one thread. Two spare at most a third of it, and only while nothing else
# runs: beside another process they wait for each other at each operation, and a step takes three to ten times as long.
_SMALL_STEP = 5e9
_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # read by XLA, for JAX
)


# Some processes run for moments only: the median of so many looks counts, so many seconds apart.
_LOOKS = 5
_BETWEEN_LOOKS = 0.01

# What users set. What this process has set it to is not their wish, which is remembered.
_OF_USER = "OMP_NUM_THREADS"
_set_here: dict[str, str] = {}
_wished: dict[str, str] = {}


@dataclass(frozen=True)
class ThreadChoice:
    """How many threads one operation may take, and why.

    Attributes:
        threads: at least 1.
        reason: in words, to be shown in brackets behind the number.
    """

    threads: int
    reason: str


def choose_threads(step_flops: float, given: int | None = None) -> ThreadChoice:
    """Choose the threads for trainings in this process, by the network, the machine and what runs on it.

    In this order: what the configuration says; the environment variable ``OMP_NUM_THREADS``; one where networks are
    small; else as many as the processors that nothing else uses now.

    Args:
        step_flops: of one training step, about.
        given: what the configuration says; None: nothing.
    """
    if given is not None:
        return ThreadChoice(given, "search.threads")
    variable = _wish().partition(",")[0]
    if variable.isdecimal() and int(variable):
        return ThreadChoice(int(variable), _OF_USER)
    cores = usable_processors()
    busy = load()
    machine = f"{cores} core{'s' if cores > 1 else ''}" + ("" if busy is None else f", load {busy:.1f}")
    free = threads_when_free(step_flops)
    if step_flops < _SMALL_STEP:
        return ThreadChoice(free, f"small networks; {machine}")
    return ThreadChoice(max(1, free - round(busy or 0.0)), f"large networks; {machine}")


def threads_when_free(step_flops: float) -> int:
    """Return how many threads trainings take on this machine while nothing else runs.

    Args:
        step_flops: of one training step, about.
    """
    return 1 if step_flops < _SMALL_STEP else usable_processors()


def usable_processors() -> int:
    """Return the processors that this process may use, by its affinity and the limit of its control group."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = _group_limit()
    return count if limit is None else max(1, min(count, math.ceil(limit)))


def load() -> float | None:
    """Return how many other processes run or wait for a processor, in the last minute or now; None where unknown.

    The mean of a minute knows nothing of what has begun just now.
    """
    try:
        return max(os.getloadavg()[0], _running_now())
    except (AttributeError, OSError):
        return None


def _running_now(statistics: Path = Path("/proc/stat")) -> float:
    """Return how many processes beside this one run or wait now; 0 where the system does not say."""
    found: list[int] = []
    for _ in range(_LOOKS):
        try:
            line = next(each for each in statistics.read_text().splitlines() if each.startswith("procs_running "))
            found.append(int(line.split()[1]) - 1)
        except (OSError, ValueError, StopIteration):
            return 0.0
        time.sleep(_BETWEEN_LOOKS)
    return sorted(found)[len(found) // 2]


def _group_limit(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Return the processors that a container may use, such as 1.5; None without a limit."""
    try:
        if (root / "cpu.max").is_file():
            quota, period = (root / "cpu.max").read_text().split()[:2]
        else:
            quota, period = ((root / "cpu" / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None  # "max": there is no limit


def use_threads(threads: int) -> None:
    """Set the threads of this process: of what is loaded already, and by its environment of what will be.

    TensorFlow and JAX read theirs when they are loaded, or first used.
    """
    _wished[_OF_USER] = _wish()
    _set_here[_OF_USER] = str(threads)
    os.environ.update(thread_variables(threads))
    limit_threads(threads)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        except RuntimeError:
            return  # it has computed already, with the threads that it has


def _wish() -> str:
    """Return what the user has set; empty for nothing."""
    present = os.environ.get(_OF_USER, "")
    return _wished.get(_OF_USER, "") if present == _set_here.get(_OF_USER) else present


def thread_variables(threads: int) -> dict[str, str]:
    """Return the environment variables that limit a process started, or a library loaded, with them."""
    return dict.fromkeys(_VARIABLES, str(threads))


def limit_threads(threads: int) -> None:
    """Limit the libraries that this process has loaded already.

    Numba's own variable is left alone: it may not change once its threads have begun.
    """
    numba = sys.modules.get("numba")
    if numba is not None:
        # First: its threads begin here, and where OpenMP keeps them, torch has as many as Numba until it is told again.
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)
    if "numpy" in sys.modules:
        import threadpoolctl

        threadpoolctl.threadpool_limits(threads)


def limit_numba() -> None:
    """Limit the threads of Numba, once it is loaded, to what was chosen for this process before, if anything."""
    chosen = os.environ.get(_OF_USER, "")
    if "numba" in sys.modules and chosen.isdecimal() and int(chosen):
        limit_threads(int(chosen))

"""Steps on JAX that are compiled in less time.

A candidate of a search takes some hundred steps, each of milliseconds, and JAX compiles a step for seconds: on a CPU
nearly all of that is LLVM's work on the hundreds of small kernels that XLA makes. XLA's former emitters of kernels give
LLVM less to do. A shape that few batches have, as the last of an epoch, is compiled without optimisation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax

Options = Mapping[str, bool | int]

# Options of XLA, which knows them by the names of its flags.
QUICK: Options = {"xla_cpu_use_fusion_emitters": False}
QUICKEST: Options = {**QUICK, "xla_backend_optimization_level": 0}


class QuickStep:
    """A compiled function of a state, which it may overwrite, and a batch.

    Args:
        step: what is compiled.
    """

    def __init__(self, step: Callable[..., object]) -> None:
        self._step = step
        self._usual = compiled(step, QUICK)
        self._rare: Callable[..., object] | None = None
        self._rows = 0

    def __call__(self, rows: int, *arguments: object) -> object:
        """Run the step.

        Args:
            rows: of the batch; one that is smaller than an earlier one is taken for a last batch.
            *arguments: state and batch.
        """
        if rows >= self._rows:
            self._rows = rows
            return self._usual(*arguments)
        if self._rare is None:
            self._rare = compiled(self._step, QUICKEST)
        return self._rare(*arguments)


def compiled(function: Callable[..., Any], options: Options, donated: int | None = 0) -> Callable[..., Any]:
    """Return a function that JAX compiles with options of XLA, where this JAX knows them and runs on a CPU.

    Args:
        function: of arrays.
        options: by the names of XLA's flags.
        donated: the position of the argument that may be overwritten; None: no argument may.
    """
    known = options if jax.default_backend() == "cpu" and _are_known(tuple(options.items())) else {}
    donate: dict[str, int] = {} if donated is None else {"donate_argnums": donated}
    made: Callable[..., Any] = jax.jit(function, compiler_options=dict(known) or None, **donate)
    return made


@functools.cache
def _are_known(options: tuple[tuple[str, bool | int], ...]) -> bool:
    """Say whether XLA takes these options: they come and go with its versions."""
    try:
        jax.jit(lambda value: value + 1, compiler_options=dict(options))(0)
    except Exception:  # each version has a class of its own for this
        return False
    return True

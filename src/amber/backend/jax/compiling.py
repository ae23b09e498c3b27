"""Steps on JAX that are compiled in less time.

A candidate of a search takes some hundred steps, each of milliseconds, and JAX compiles a step for seconds: on a CPU
nearly all of that is LLVM's work on the hundreds of small kernels that XLA makes. XLA's former emitters of kernels give
LLVM less to do where there are sequences or images. A network of vectors only gains nothing by them: its steps take
longer, and behind many dropouts XLA compiles for longer. Last digits of a step may differ, and with them the score of a
long training. What runs a few times only is not optimised either.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import keras

from amber.backend.base_model import has_positions

Options = Mapping[str, bool | int]

# Options of XLA, which knows them by the names of its flags.
QUICK: Options = {"xla_cpu_use_fusion_emitters": False}
QUICKEST: Options = {**QUICK, "xla_backend_optimization_level": 0}


def options_for(model: keras.Model) -> Options:
    """Return what the steps of a network are compiled with: QUICK where an input has positions, else XLA's defaults."""
    return QUICK if has_positions(model) else {}


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

"""JAX's own cache of compiled functions in the user's cache folder: what one process has compiled, others read.

The networks of an ensemble have one architecture, and so have a search that is resumed, a final training and a trial
in another worker process. JAX finds a compiled function by its content, its options and its own version.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import platform
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

from amber.files.user_cache import make_writable, user_cache

logger = logging.getLogger(__name__)

# A function that took less time than this is compiled again, seconds: it takes as long to read it.
_WORTH_KEEPING = 0.1
# What is used least goes when the folder takes more, bytes.
_MOST = 512 * 2**20


@functools.cache
def use_cache() -> None:
    """Let JAX keep what it compiles for this process from now on, unless the user has set how.

    JAX's own settings win: JAX_COMPILATION_CACHE_DIR, and JAX_ENABLE_COMPILATION_CACHE=false. Where no folder can be
    written nothing is kept.
    """
    if jax.config.jax_compilation_cache_dir or not jax.config.jax_enable_compilation_cache:
        return
    folder = cache_folder()
    try:
        make_writable(folder)
    except OSError as error:
        logger.debug("Compiled functions are not kept: %s", error)
        return
    jax.config.update("jax_persistent_cache_min_compile_time_secs", _WORTH_KEEPING)
    jax.config.update("jax_compilation_cache_max_size", _MOST)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    compilation_cache.reset_cache()  # JAX looks for a folder once, when it first compiles


def cache_folder() -> Path:
    """Return the folder for compiled functions of this kind of processor: another's code may not run here."""
    return user_cache("jax", hashlib.sha256(_processor().encode()).hexdigest()[:16])


def _processor() -> str:
    """Return what the processor can do, as its system says."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    told = [line for line in lines if line.startswith(("flags", "Features", "model name"))][:2]
    return "\n".join([platform.machine(), platform.processor(), *told])

"""Functions that Numba compiles, kept in the user's cache folder: what one process has compiled, others read.

TF-MoDISco compiles some twenty functions, which takes longer than its search for motifs; by itself only its own command
keeps them.
"""

from __future__ import annotations

import functools
import importlib.metadata
import logging
import sys
from typing import Any

from amber.files.user_cache import make_writable, user_cache

logger = logging.getLogger(__name__)


@functools.cache
def keep_compiled(package: str, distribution: str) -> None:
    """Let Numba keep what it compiles of a package from now on.

    Numba finds a function by the state of its file, the types of its arguments, its own version and the processor; the
    folder is named after the version of the package, as functions call others in other files. Numba's own setting
    NUMBA_CACHE_DIR wins. Where no folder can be written nothing is kept.

    Args:
        package: name of the package, which is imported, such as `modiscolite`.
        distribution: what it is installed as, such as `modisco-lite`.
    """
    import numba
    from numba.core.dispatcher import Dispatcher

    settings: Any = numba.config
    own = settings.CACHE_DIR
    folder = user_cache("numba", f"{distribution}-{importlib.metadata.version(distribution)}")
    if not own:
        try:
            make_writable(folder)
        except OSError as error:
            logger.debug("Compiled functions are not kept: %s", error)
            return
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == package]
    settings.CACHE_DIR = own or str(folder)
    try:
        for module in modules:
            for value in vars(module).values():
                if isinstance(value, Dispatcher):
                    value.enable_caching()
    finally:
        settings.CACHE_DIR = own

"""The libraries of the extra `motifs`, asked for where they are needed."""

from __future__ import annotations

import importlib
from typing import Any

from amber.backend.threads import limit_numba
from amber.errors import ConfigError

# Bases of the shortest sequence in which TF-MoDISco finds windows to compare.
SHORTEST_SEQUENCE = 42


def required(module: str, purpose: str) -> Any:
    """Import a module of the extra `motifs`.

    Raises:
        ConfigError: it is not installed; says how to install it.
    """
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"{purpose} needs the extra `motifs`: pip install 'amber-nas[motifs]'. Received: {error}"
        ) from error
    limit_numba()
    return found

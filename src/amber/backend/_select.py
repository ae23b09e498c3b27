"""Choose the Keras backend before Keras is imported.

Keras fixes its backend at import, and by itself falls back to TensorFlow even where that is not installed.
What may be changed here is the order of preference, `BACKENDS`.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import sys
from pathlib import Path

from amber.errors import ConfigError

logger = logging.getLogger(__name__)

BACKENDS = ("torch", "jax", "tensorflow")
"""Backends AMBER runs on, the preferred one first: torch compiles nothing for a new architecture."""


def select() -> str:
    """Choose the Keras backend, set ``KERAS_BACKEND`` to it and log the choice.

    In this order: the environment variable ``KERAS_BACKEND``; the backend named in ``keras.json`` (in
    ``KERAS_HOME``, default ``~/.keras``) if it is installed; the first installed of `BACKENDS`. Once Keras is
    imported its backend is fixed: it is returned and nothing is altered.

    Returns:
        The name of the backend, such as ``"torch"``.

    Raises:
        ConfigError: If ``KERAS_BACKEND`` names a backend that is unknown or not installed, or if no backend
            is installed.
    """
    if "keras" in sys.modules:
        return _backend_in_use()
    chosen, reason = _choose()
    os.environ["KERAS_BACKEND"] = chosen
    logger.info("Keras backend: %s (%s).", chosen, reason)
    return chosen


def _backend_in_use() -> str:
    import keras

    name = str(keras.config.backend())
    logger.debug("Keras backend: %s (Keras is already imported).", name)
    return name


def _choose() -> tuple[str, str]:
    """The backend and, in words, why that one."""
    requested = os.environ.get("KERAS_BACKEND")
    if requested:
        return _check_requested(requested), "KERAS_BACKEND"
    config_path = _keras_config_path()
    configured = _configured_backend(config_path)
    if configured is not None:
        if configured in BACKENDS and is_installed(configured):
            return configured, str(config_path)
        logger.debug("Passing over backend %r of %s: not installed.", configured, config_path)
    for name in BACKENDS:
        if is_installed(name):
            return name, "the first installed of " + ", ".join(BACKENDS)
    raise ConfigError(
        f"No Keras backend is installed; expected one of {', '.join(BACKENDS)}. "
        "Install one, for example with: pip install 'amber-nas[torch]'. Received: none of them."
    )


def _check_requested(name: str) -> str:
    if name not in BACKENDS:
        raise ConfigError(
            f"The environment variable KERAS_BACKEND must be one of {', '.join(BACKENDS)}. "
            f"Received: KERAS_BACKEND={name!r}"
        )
    if not is_installed(name):
        raise ConfigError(
            "The environment variable KERAS_BACKEND must name an installed backend; "
            f"install it with: pip install 'amber-nas[{name}]'. Received: KERAS_BACKEND={name!r}"
        )
    return name


def is_installed(name: str) -> bool:
    if name in sys.modules:
        return True
    spec = importlib.util.find_spec(name)
    # A folder of that name on the path, with no package in it, has a spec without an origin.
    return spec is not None and spec.origin is not None


def _keras_config_path() -> Path:
    home = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    return Path(os.path.expanduser(home)) / "keras.json"


def _configured_backend(path: Path) -> str | None:
    """What ``keras.json`` names, or None where the file is missing or cannot be read, as Keras has it."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    name = config.get("backend") if isinstance(config, dict) else None
    return name if isinstance(name, str) else None

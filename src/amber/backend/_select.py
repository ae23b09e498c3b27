"""Choose the Keras backend before Keras is imported.

Keras fixes its backend at import, and by itself falls back to TensorFlow even where that is not installed.
What may be changed here is the order of preference, `BACKENDS`.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from dataclasses import dataclass

from amber.backend._keras_json import backend_of_user, user_path
from amber.errors import ConfigError

logger = logging.getLogger(__name__)

VARIABLE = "KERAS_BACKEND"
BACKENDS = ("torch", "jax", "tensorflow")
"""Backends AMBER runs on, the preferred one first: torch compiles nothing for a new architecture."""


@dataclass(frozen=True)
class BackendChoice:
    """A Keras backend and why it is that one.

    Attributes:
        name: such as ``"torch"``.
        reason: in words, to be shown in brackets behind the name, such as ``"KERAS_BACKEND"``.
        guessed: whether neither the user nor a program said which.
    """

    name: str
    reason: str
    guessed: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"


# The choice of this process, by name. `select` sets the variable, which must not pass for the user's afterwards.
_chosen: dict[str, BackendChoice] = {}


def select() -> str:
    """Choose the Keras backend, set ``KERAS_BACKEND`` to it and log the choice.

    In this order: the environment variable ``KERAS_BACKEND``; the backend that the user named in ``keras.json`` (in
    ``KERAS_HOME``, default ``~/.keras``) if it is installed; the first installed of `BACKENDS`. A ``keras.json`` that
    importing Keras left there decides nothing. Once Keras is imported its backend is fixed: it is returned and nothing
    is altered.

    Returns:
        The name of the backend, such as ``"torch"``.

    Raises:
        ConfigError: If ``KERAS_BACKEND`` names a backend that is unknown or not installed, if no backend is installed,
            or if Keras cannot be imported with the ``keras.json`` that is there.
    """
    return choice().name


def choice() -> BackendChoice:
    """Choose the Keras backend as `select` does, and return it with the reason. Raises ConfigError as `select`."""
    if "keras" in sys.modules:
        import keras

        name = str(keras.config.backend())
        reason = VARIABLE if os.environ.get(VARIABLE) == name else "Keras was imported before AMBER"
        return _chosen.get(name) or BackendChoice(name, reason)
    named = os.environ.get(VARIABLE)
    if named in _chosen:
        return _chosen[named]
    found = _choose()
    _chosen.clear()
    _chosen[found.name] = found
    os.environ[VARIABLE] = found.name
    logger.info("Keras backend: %s.", found)
    return found


def _choose() -> BackendChoice:
    wanted = backend_of_user()  # also where it does not decide: Keras reads the file in any case
    named = os.environ.get(VARIABLE)
    if named:
        return BackendChoice(_check_named(named), VARIABLE)
    reason = f"the first installed of {', '.join(BACKENDS)}"
    if wanted is not None:
        if wanted in BACKENDS and is_installed(wanted):
            return BackendChoice(wanted, str(user_path()))
        reason += f"; {user_path()} names {wanted[:20]!r}, which is not one of those installed"
        logger.warning("%s names the backend %r, which is not installed.", user_path(), wanted[:20])
    for name in BACKENDS:
        if is_installed(name):
            return BackendChoice(name, reason, guessed=True)
    raise ConfigError(
        f"No Keras backend is installed; expected one of {', '.join(BACKENDS)}. "
        "Install one, for example with: pip install 'amber-nas[torch]'. Received: none of them."
    )


def _check_named(name: str) -> str:
    others = ", ".join(each for each in BACKENDS if is_installed(each)) or "none"
    way_out = f"Unset it, or set it to an installed one ({others})"
    if name not in BACKENDS:
        raise ConfigError(
            f"The environment variable {VARIABLE} must be one of {', '.join(BACKENDS)}. {way_out}. "
            f"Received: {VARIABLE}={name!r}"
        )
    if not is_installed(name):
        raise ConfigError(
            f"The environment variable {VARIABLE} must name an installed backend. {way_out}, or install it with: "
            f"pip install 'amber-nas[{name}]'. Received: {VARIABLE}={name!r}"
        )
    return name


def is_installed(name: str) -> bool:
    """Say whether a package can be found, without importing it."""
    if name in sys.modules:
        return True
    spec = importlib.util.find_spec(name)
    # A folder of that name on the path, with no package in it, has a spec without an origin.
    return spec is not None and spec.origin is not None

"""Keep Keras from importing TensorFlow on another backend, only to learn that a value is not one of TensorFlow's."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


class _OnlyWhereImported:
    """Keras's lazy handle on TensorFlow; `available` does not import it.

    Keras asks `tf.available and isinstance(value, tf.TensorShape)` of all that it saves, and seeds TensorFlow's
    generator wherever it is installed. No value is TensorFlow's before something has imported TensorFlow, so the
    answers are the same, without the seconds that the import takes and the notes that it prints.
    """

    def __init__(self, lazy: ModuleType) -> None:
        self._lazy = lazy

    @property
    def available(self) -> bool:
        """Whether TensorFlow has been imported."""
        return "tensorflow" in sys.modules and bool(self._lazy.available)

    def __getattr__(self, name: str) -> object:
        return getattr(self._lazy, name)


def leave_tensorflow_unasked() -> None:
    """Make saving and seeding on torch and JAX leave TensorFlow alone until something else imports it."""
    from keras import config

    if config.backend() == "tensorflow":
        return
    for name in ("keras.src.saving.serialization_lib", "keras.src.utils.rng_utils"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        lazy = getattr(module, "tf", None)
        if lazy is not None and not isinstance(lazy, _OnlyWhereImported):
            module.tf = _OnlyWhereImported(lazy)  # type: ignore[attr-defined]

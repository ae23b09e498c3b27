"""What Keras keeps for the whole process: deferred variables, the global seed generator, its handle on TensorFlow."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

_DEFERRED = "uninitialized_variables"
_SEEDS = ("global_seed_generator", "global_random_seed")


def keep_deferred_variables() -> Callable[[], None]:
    """Keep the list of variables that wait to be initialised, and return what puts it back."""
    state = _global_state()
    if state is None:
        return _nothing
    before: list[Any] = list(state.get_global_attribute(_DEFERRED) or [])
    return lambda: state.set_global_attribute(_DEFERRED, before)


def keep_seed_generator() -> Callable[[], None]:
    """Keep Keras's global seed generator with its state, and return what puts them back."""
    import keras
    import numpy as np

    state = _global_state()
    if state is None:
        return _nothing
    kept = {name: state.get_global_attribute(name) for name in _SEEDS}
    generator = kept["global_seed_generator"]
    # The generator may be drawn from as well as replaced, so both the object and its state are kept.
    numbers = None if generator is None else np.array(keras.ops.convert_to_numpy(generator.state))

    def restore() -> None:
        for name, value in kept.items():
            state.set_global_attribute(name, value)
        if numbers is not None and not np.array_equal(keras.ops.convert_to_numpy(generator.state), numbers):
            generator.state.assign(numbers)

    return restore


def make_seed_generator() -> None:
    """Make Keras's global seed generator, where there is none yet."""
    from keras.src.random.seed_generator import global_seed_generator

    global_seed_generator()


def _global_state() -> ModuleType | None:
    """The module of that name; None where Keras has none, and its state is then left as it is."""
    try:
        from keras.src.backend.common import global_state
    except ImportError:
        return None
    return global_state


def _nothing() -> None:
    """Put nothing back."""


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

"""Asking a Keras layer for its shapes and parameters without allocating weights.

Inside a stateless scope Keras defers the creation of variables: they have shapes, not values.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def abstract_layers() -> Iterator[None]:
    """Within this context layers are built without allocating weights.

    Python's random state is restored on exit, because Keras draws default seeds from it.
    """
    import keras

    from amber.backend.keras_internals.global_state import keep_deferred_variables

    forget_deferred = keep_deferred_variables()
    state = random.getstate()
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        forget_deferred()
        random.setstate(state)

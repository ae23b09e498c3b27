"""Asking a Keras layer for its shapes and parameters without allocating weights.

Inside a stateless scope Keras defers the creation of variables: they have shapes, not values. This file is the
only place that knows how the deferred ones are forgotten again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_DEFERRED = "uninitialized_variables"


@contextmanager
def abstract_layers() -> Iterator[None]:
    """Within this context layers are built without allocating weights.

    Python's random state is restored on exit, because Keras draws default seeds from it.
    """
    import keras
    from keras.src.backend.common import global_state

    before: list[Any] = list(global_state.get_global_attribute(_DEFERRED) or [])
    state = random.getstate()
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute(_DEFERRED, before)
        random.setstate(state)

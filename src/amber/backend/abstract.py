"""Asking a Keras layer for its shapes and parameters without allocating weights.

Inside a stateless scope Keras defers the creation of variables: they have shapes, not values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from amber.backend.randomness import preserved


@contextmanager
def abstract_layers() -> Iterator[None]:
    """Within this context layers are built without allocating weights.

    Every global random generator is as it was on exit: Keras draws default seeds from Python's, and the layers of a
    user may draw from any.
    """
    import keras

    from amber.backend.keras_internals.process import keep_deferred_variables

    with preserved():
        forget_deferred = keep_deferred_variables()
        try:
            with keras.StatelessScope(initialize_variables=False):
                yield
        finally:
            forget_deferred()

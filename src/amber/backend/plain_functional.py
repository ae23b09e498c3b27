"""A functional Keras model that saves as Keras's own.

`model.__class__` is Keras's Functional, which is what saving, cloning and printing look at: a saved model names no
class of AMBER and loads where AMBER is not installed, as a plain Functional. (`type(model)` tells the truth.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amber.backend.keras_internals.graphs import Functional

if TYPE_CHECKING:
    from io import BytesIO

    import keras


class PlainFunctional(Functional):
    """`keras.Model(inputs, outputs)` that looks like a Functional from outside.

    A subclass may override what a user calls; `saved_as = None` gives it an identity of its own.

    Attributes:
        saved_as: the class that `model.__class__` names, and as which it is saved; None for its own.
    """

    saved_as: type | None = Functional

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self).saved_as or type(self)

    @classmethod
    def _unpickle_model(cls, file: BytesIO) -> keras.Model:
        model = Functional._unpickle_model(file)
        if type(model) is Functional:
            model.__class__ = cls
        return model

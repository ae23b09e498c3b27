"""What `fit` returns: numbers that can be read as a dictionary, and that do not keep the network alive."""

from __future__ import annotations

import weakref
from collections.abc import ItemsView, Iterator, KeysView, Sequence, ValuesView
from typing import Any

import keras


class DetachedHistory(keras.callbacks.History):
    """The record of `fit`, which can also be read as the dictionary of what each epoch reported.

    `model` is None once nothing else holds the model. `history["loss"]` is `history.history["loss"]`.
    """

    _reference: Any = None

    def __getitem__(self, name: str) -> list[float]:
        try:
            values: list[float] = self.history[name]
        except KeyError:
            known = ", ".join(self.history) or "nothing"
            raise KeyError(f"The epochs reported {known}. Received: {name!r}") from None
        return values

    def __contains__(self, name: object) -> bool:
        return name in self.history

    def __iter__(self) -> Iterator[str]:
        return iter(self.history)

    def __len__(self) -> int:
        return len(self.history)

    def __bool__(self) -> bool:
        return True

    def get(self, name: str, default: object = None) -> object:
        """Return what each epoch reported under a name, or the default."""
        return self.history.get(name, default)

    def keys(self) -> KeysView[str]:
        """Return the names of what was reported."""
        return self.history.keys()

    def values(self) -> ValuesView[list[float]]:
        """Return what was reported, a list for each name."""
        return self.history.values()

    def items(self) -> ItemsView[str, list[float]]:
        """Return names and what was reported."""
        return self.history.items()

    @property
    def _model(self) -> keras.Model | None:
        return None if self._reference is None else self._reference()

    @_model.setter
    def _model(self, model: keras.Model | None) -> None:
        self._reference = None if model is None else weakref.ref(model)

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_reference": None}


def with_history(
    callbacks: keras.callbacks.Callback | Sequence[keras.callbacks.Callback] | None,
) -> list[keras.callbacks.Callback]:
    """Return callbacks as a list, with a DetachedHistory where they hold no history."""
    given: list[keras.callbacks.Callback] = keras.tree.flatten(callbacks) if callbacks else []
    has_history = any(isinstance(each, keras.callbacks.History) for each in given)
    return given if has_history else [*given, DetachedHistory()]

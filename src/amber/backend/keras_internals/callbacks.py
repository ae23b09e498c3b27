"""Which hooks of a callback are its own."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras.src.utils import is_default

__all__ = ["SynchronousCallbackList", "is_default"]


class SynchronousCallbackList(keras.callbacks.CallbackList):
    """Keras's list of callbacks without its thread pool."""

    def _configure_async_dispatch(
        self, callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList | None
    ) -> None:
        self._async_train = self._async_test = self._async_predict = False

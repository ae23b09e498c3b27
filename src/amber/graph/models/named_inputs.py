"""A Keras model whose inputs are named blocks: data given by name is checked by name.

Keras takes a dictionary of arrays, but silently ignores unknown names.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from amber.architect import Operation
from amber.backend.models import ChildModel
from amber.errors import DataError
from amber.types import TensorTree


def check_block_names(received: Iterable[object], expected: Iterable[str]) -> None:
    """Check that data holds exactly the blocks that a network reads.

    Args:
        received: names of the blocks given.
        expected: names of the network's inputs.

    Raises:
        DataError: a missing block, or one that no input has; lists the known names.
    """
    given, known = list(received), list(expected)
    unknown = [name for name in given if name not in known]
    missing = [name for name in known if name not in given]
    if not unknown and not missing:
        return
    parts = [f"missing {', '.join(map(repr, missing))}"] if missing else []
    if unknown:
        parts.append(f"unknown {', '.join(map(repr, unknown))}")
        # Case is what differs most often.
        spelt = {name.lower(): name for name in missing or known}
        close = difflib.get_close_matches(str(unknown[0]).lower(), spelt, n=1)
        if close:
            parts[-1] += f" (did you mean {spelt[close[0]]!r}?)"
    raise DataError(
        f"Expected one array for each of the blocks {', '.join(map(repr, known))}: {'; '.join(parts)}. "
        f"Received: {', '.join(map(repr, given)) or 'none'}"
    )


def input_operations(blocks: Mapping[str, Any]) -> list[Operation]:
    """Return one input operation for each named block of data: blocks are declared once, for the data and the builder.

    Args:
        blocks: name -> array with examples along the first axis, as `amber.data.split_columns` gives them.

    Raises:
        DataError: no blocks, or a value that is not an array of examples.

    Example:
        >>> import numpy as np
        >>> from amber.data import split_columns
        >>> x = split_columns(np.zeros((10, 130)), {"rna": (0, 100), "protein": (100, 130)})
        >>> input_operations(x)
        [Operation('input', shape=(100,), name='rna'), Operation('input', shape=(30,), name='protein')]
    """
    if not isinstance(blocks, Mapping) or not blocks:
        raise DataError(f"Expected a mapping from names to arrays. Received: {type(blocks).__name__}")
    for name, array in blocks.items():
        if len(getattr(array, "shape", ())) < 2:
            raise DataError(f"Block {name!r} must be an array of shape (examples, columns, ...). Received: {array!r}")
    return [Operation("input", shape=tuple(array.shape[1:]), name=name) for name, array in blocks.items()]


class NamedInputs:
    """Mixin for a functional `keras.Model` that checks dictionaries of inputs by name.

    Arguments of a method are checked before anything runs; data from a generator or a pipeline, when the first
    batch reaches the model.
    """

    def fit(self, x: object = None, *arguments: object, **options: object) -> Any:
        """As `keras.Model.fit`; `x` and the validation data may be dictionaries of blocks."""
        self._check(x)
        validation = options.get("validation_data")
        if isinstance(validation, (tuple, list)) and validation:
            self._check(validation[0])
        return super().fit(x, *arguments, **options)  # type: ignore[misc]

    def evaluate(self, x: object = None, *arguments: object, **options: object) -> Any:
        """As `keras.Model.evaluate`; `x` may be a dictionary of blocks."""
        self._check(x)
        return super().evaluate(x, *arguments, **options)  # type: ignore[misc]

    def predict(self, x: TensorTree, *arguments: object, **options: object) -> TensorTree:
        """As `keras.Model.predict`; `x` may be a dictionary of blocks."""
        self._check(x)
        return super().predict(x, *arguments, **options)  # type: ignore[misc]

    def train_on_batch(
        self, x: TensorTree, *arguments: object, **options: object
    ) -> float | list[float] | dict[str, float]:
        """As `keras.Model.train_on_batch`; `x` may be a dictionary of blocks."""
        self._check(x)
        return super().train_on_batch(x, *arguments, **options)  # type: ignore[misc]

    def test_on_batch(
        self, x: TensorTree, *arguments: object, **options: object
    ) -> float | list[float] | dict[str, float]:
        """As `keras.Model.test_on_batch`; `x` may be a dictionary of blocks."""
        self._check(x)
        return super().test_on_batch(x, *arguments, **options)  # type: ignore[misc]

    def predict_on_batch(self, x: TensorTree) -> TensorTree:
        """As `keras.Model.predict_on_batch`; `x` may be a dictionary of blocks."""
        self._check(x)
        return super().predict_on_batch(x)  # type: ignore[misc]

    # `training` must be named here: Keras tells a model whether it is training only if its signature asks.
    def call(
        self, inputs: TensorTree, training: bool | None = None, mask: TensorTree = None, **options: object
    ) -> TensorTree:
        """As `keras.Model.call`."""
        self._check(inputs)
        return super().call(inputs, training=training, mask=mask, **options)  # type: ignore[misc]

    def _check(self, inputs: object) -> None:
        if isinstance(inputs, Mapping):
            check_block_names(inputs, [tensor.name for tensor in self.inputs])  # type: ignore[attr-defined]


class MultiInputModel(NamedInputs, ChildModel):
    """A functional model of several named inputs; see `NamedInputs`.

    It is saved as Keras's own Functional, which loads without AMBER and then checks no names.
    """

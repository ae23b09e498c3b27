"""Data as the first AMBER's managers take them: tuples, generators, callables, files, and batches of these."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from amber.display import PlainRepr
from amber.errors import DataError
from amber.types import Array, TensorTree

PICKLES, ARRAYS, HDF5 = (".pkl", ".pickle"), (".npy",), (".h5", ".hdf5")


class DataToParse(PlainRepr):
    """Data that are read when a search is put together.

    Args:
        path: a file (`.pkl`, `.pickle`, `.npy`, `.h5`, `.hdf5`), or a callable that returns the data. A pickle runs
            code as it is read: only read your own.
        method: for a file, a callable `method(path, **kws)` that reads it; None: by its ending.
        kws: keyword arguments of the callable.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | Callable[..., object],
        method: Callable[..., object] | None = None,
        kws: Mapping[str, object] | None = None,
    ) -> None:
        self.path = path
        self.method = method
        self.kws = dict(kws or {})

    def problem(self) -> str | None:
        """Say why the data cannot be read, as far as this is known without reading; None where nothing is known."""
        if callable(self.path):
            return None
        if not isinstance(self.path, (str, os.PathLike)):
            return f"expected a path or a callable. Received: {self.path!r}"
        file = Path(self.path)
        if not file.is_file():
            return f"expected a file. Received: no file at {file}"
        known = (*PICKLES, *ARRAYS, *HDF5)
        if not callable(self.method) and file.suffix.lower() not in known:
            return f"expected a file ending in {', '.join(known)}, or a method that reads it. Received: {file}"
        return None

    def unpack(self) -> object:
        """Return the data; raises DataError where they cannot be read."""
        problem = self.problem()
        if problem is not None:
            raise DataError(f"DataToParse: {problem}")
        if callable(self.path):
            return self.path(**self.kws)
        if callable(self.method):
            return self.method(self.path, **self.kws)
        return _read(Path(self.path))


def _read(file: Path) -> object:
    ending = file.suffix.lower()
    try:
        if ending in PICKLES:
            with file.open("rb") as stream:
                return pickle.load(stream)
        if ending in ARRAYS:
            return np.load(file, allow_pickle=False)
        return _read_hdf5(file)
    except (OSError, ValueError, EOFError, MemoryError, pickle.UnpicklingError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error


def _read_hdf5(file: Path) -> object:
    """The pair `(x, y)` of a file that holds these, else its data sets by name."""
    import h5py

    with h5py.File(file, "r") as store:
        found = {name: each[()] for name, each in store.items() if isinstance(each, h5py.Dataset)}
    return (found["x"], found["y"]) if set(found) == {"x", "y"} else found


def load_data(value: object) -> object:
    """Return data given in memory, as a DataToParse, or as the path of a file."""
    if isinstance(value, (str, os.PathLike)):
        value = DataToParse(value)
    return value.unpack() if isinstance(value, DataToParse) else value


def data_problem(value: object) -> str | None:
    """Say why data cannot be loaded, without reading them; None where nothing is known against them."""
    if value is None:
        return "expected data. Received: None"
    if isinstance(value, (str, os.PathLike)):
        value = DataToParse(value)
    return value.problem() if isinstance(value, DataToParse) else None


def unpack_data(
    data: object,
    unroll_generator_x: bool = False,
    unroll_generator_y: bool = False,
    callable_kwargs: Mapping[str, object] | None = None,
) -> tuple[Any, Any]:
    """Return features and targets.

    Args:
        data: a pair `(x, y)`, a Keras data set (`PyDataset`, `Sequence`), a generator of batches, or a callable that
            returns one of these.
        unroll_generator_x: read all batches, and return arrays.
        unroll_generator_y: the same for the targets; alone, the data set itself and its targets in order.
        callable_kwargs: arguments of the callable.

    Returns:
        `(x, y)`; of a data set or a generator that is not read, `(data, None)`.

    Raises:
        DataError: it is none of these, or targets alone are asked of a data set that shuffles.
    """
    if isinstance(data, (tuple, list)):
        if len(data) != 2:
            raise DataError(f"Data must be a pair (x, y). Received: {len(data)} parts")
        return data[0], data[1]
    if is_batches(data):
        if not unroll_generator_x and not unroll_generator_y:
            return data, None
        if not unroll_generator_x and getattr(data, "shuffle", False):
            raise DataError("Targets can be read in order only from data that do not shuffle. Received: shuffle=True")
        batches = list(_once(data))
        y = _joined([batch[1] for batch in batches])
        return (_joined([batch[0] for batch in batches]) if unroll_generator_x else data), y
    if callable(data):
        return unpack_data(data(**(callable_kwargs or {})), unroll_generator_x, unroll_generator_y)
    raise DataError(
        "Data must be a pair (x, y), a Keras data set, a generator of batches, or a callable that returns one. "
        f"Received: {type(data).__name__}"
    )


def is_batches(data: object) -> bool:
    """Say whether data come in batches: a Keras data set, a generator, or anything with `__getitem__` and length."""
    if isinstance(data, (tuple, list, Mapping, np.ndarray)) or isinstance(data, type):
        return False
    return hasattr(data, "__next__") or (hasattr(data, "__getitem__") and hasattr(data, "__len__"))


def _once(data: Any) -> Iterator[Any]:
    return iter(data) if hasattr(data, "__next__") else (data[index] for index in range(len(data)))


def _joined(parts: list[Any]) -> TensorTree:
    if isinstance(parts[0], (list, tuple)):
        return [np.concatenate([part[index] for part in parts]) for index in range(len(parts[0]))]
    return np.concatenate(parts)


def batchify(
    x: Array | Sequence[Array],
    y: Array | Sequence[Array] | None = None,
    batch_size: int | None = None,
    shuffle: bool = True,
    drop_remainder: bool = True,
    rng: np.random.Generator | int | None = None,
) -> Iterator[TensorTree]:
    """Yield batches of arrays.

    Args:
        x: an array, or a list of arrays.
        y: alike; None: features only.
        batch_size: examples in a batch; None: all.
        shuffle: whether examples come in random order.
        drop_remainder: whether a last batch that is not full is left out.
        rng: a NumPy generator, or an integer seed, for the order.

    Yields:
        `([x, ...], [y, ...])`, or `[x, ...]` without targets.
    """
    features = list(x) if isinstance(x, (list, tuple)) else [x]
    targets = None if y is None else list(y) if isinstance(y, (list, tuple)) else [y]
    count = len(features[0])
    size = count if batch_size is None else batch_size
    order = np.arange(count)
    if shuffle:
        np.random.default_rng(rng).shuffle(order)
    for start in range(0, count - size + 1 if drop_remainder else count, size):
        rows = order[start : start + size]
        batch = [np.asarray(each)[rows] for each in features]
        yield batch if targets is None else (batch, [np.asarray(each)[rows] for each in targets])

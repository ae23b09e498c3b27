"""Which devices a model is on, and what Keras needs for it on each backend."""

from __future__ import annotations

import os
import random
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import keras

from amber.backend.keras_internals import STOCK_VARIABLE, fast_paths_available
from amber.checks import is_integer
from amber.errors import ConfigError
from amber.types import TensorTree

if TYPE_CHECKING:
    import jax
    import tensorflow as tf

    from amber.backend.distribution.followers import Followers

BACKENDS = ("jax", "tensorflow", "torch")
"""Backends on which one model can be trained on several devices."""
CPU_DEVICES = "AMBER_CPU_DEVICES"
"""Environment variable: how many devices a CPU counts as on torch, each computed by a process; 1 by default."""

_DEVICE_NAME = re.compile(r"/?(?:device:)?(cpu|gpu|cuda|tpu):(\d+)", re.IGNORECASE)


Devices: TypeAlias = int | str | Sequence[str] | None
"""How a user names devices: how many, by name, or wherever the backend puts a model."""


class Placement:
    """The devices of a model.

    Args:
        gpus: None or 1: wherever the backend puts it; a larger number: that many devices, accelerators if there are
            any, else CPU devices; a list of names such as `["gpu:0", "gpu:1"]`: those. `cuda:0` is `gpu:0`.

    Attributes:
        devices: names of the devices, such as `gpu:0`; empty where the backend decides.

    Raises:
        ConfigError: a backend that cannot do it, something that is neither a number nor names, or devices that
            are not there.
    """

    def __init__(self, gpus: Devices = None) -> None:
        self.devices: tuple[str, ...] = _devices(gpus)
        self._strategy: Any = None
        self._followers: Followers | None = None

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Within this context variables are made on all devices, and batches are shared out among them."""
        if not self.devices:
            yield
            return
        if keras.config.backend() == "torch":
            from amber.backend.distribution.followers import torch_device

            with keras.device(torch_device(self.devices[0])):
                yield
            return
        if keras.config.backend() == "jax":
            _make_global_generator()
        with self.strategy.scope():
            yield

    def spread(self, batch: TensorTree) -> TensorTree:
        """Return a batch of JAX arrays shared out evenly among the devices, or where that cannot be, given to all."""
        import jax

        mesh = self.strategy.device_mesh.backend_mesh
        axis = mesh.axis_names[0]

        def put(array: jax.Array) -> jax.Array:
            spec = (axis,) if array.shape[0] % len(self.devices) == 0 else ()
            return jax.device_put(array, jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec)))

        return jax.tree.map(put, batch)

    def first_part(self, batch: TensorTree) -> TensorTree:
        """Return what the first device gets of a batch that TensorFlow has shared out."""
        return keras.tree.map_structure(lambda part: self.strategy.experimental_local_results(part)[0], batch)

    @property
    def strategy(self) -> keras.distribution.DataParallel | tf.distribute.MirroredStrategy:
        """The Keras distribution, or TensorFlow's strategy; made when it is first needed."""
        if self._strategy is None:
            make = _data_parallel if keras.config.backend() == "jax" else _mirrored
            self._strategy = make(list(self.devices))
        return self._strategy

    @property
    def followers(self) -> Followers:
        """On torch, the processes of the devices after the first; they end when nothing holds this any more."""
        if self._followers is None:
            from amber.backend.distribution.followers import Followers

            self._followers = Followers(self.devices)
        return self._followers

    def __getstate__(self) -> dict[str, object]:
        # A strategy holds devices of this process; another process makes its own.
        return {"devices": self.devices, "_strategy": None, "_followers": None}


def as_many_as_there_are(gpus: Devices) -> Devices:
    """Return a number of devices that can be used; a warning says so where it is smaller than the number asked for.

    Args:
        gpus: a number of devices; anything else is returned as it is.
    """
    if not is_integer(gpus) or gpus <= 1:
        return gpus
    if keras.config.backend() not in BACKENDS:
        reason = f"on the backend {keras.config.backend()} one model is trained on one device"
        usable = 1
    else:
        known = _usable_devices()
        usable, reason = min(gpus, len(known)), f"there are {len(known)} ({', '.join(known)})"
    if usable < gpus:
        warnings.warn(f"gpus={gpus}: {reason}, so {usable} will be used.", UserWarning, stacklevel=3)
    return usable


def _devices(gpus: Any) -> tuple[str, ...]:
    if gpus is None or (type(gpus) is int and gpus == 1):
        return ()
    backend = keras.config.backend()
    is_number = is_integer(gpus)
    names = [gpus] if isinstance(gpus, str) else gpus
    if not (is_number and gpus > 1) and not _is_names(names):
        raise ConfigError(
            "gpus must be None, a positive number of devices, or a list of their names such as ['gpu:0', 'gpu:1'], "
            f"each once. Received: gpus={gpus!r}"
        )
    if backend == "torch" and not fast_paths_available():
        raise ConfigError(
            f"On torch one model on several devices needs AMBER's fast paths, which are off (this Keras, or "
            f"{STOCK_VARIABLE}); expected gpus=None. Received: gpus={gpus!r}"
        )
    if backend not in BACKENDS:
        raise ConfigError(
            f"Training one model on several devices needs the backend {' or '.join(BACKENDS)} (set KERAS_BACKEND "
            f"before Keras is imported), or gpus=None. Received: gpus={gpus!r} with the backend {backend}"
        )
    if is_number:
        usable = _usable_devices()
        if gpus > len(usable):
            raise ConfigError(f"gpus: expected at most {len(usable)}, for {', '.join(usable)}. Received: gpus={gpus}")
        return tuple(usable[:gpus])
    known = _known_devices()
    chosen = tuple(_plain_name(name) for name in names)
    for name, plain in zip(names, chosen, strict=True):
        if plain not in known:
            raise ConfigError(f"gpus: expected devices among {', '.join(known)}. Received: {name!r}")
    return chosen


def _is_names(names: object) -> bool:
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
        return False
    return len({_plain_name(name) for name in names}) == len(names)


def _plain_name(name: str) -> str:
    """`/device:GPU:0`, `GPU:0` and `cuda:0` are all `gpu:0`."""
    found = _DEVICE_NAME.fullmatch(name.strip())
    return f"{found[1].lower().replace('cuda', 'gpu')}:{int(found[2])}" if found else name


def _known_devices() -> list[str]:
    return {"jax": _jax_devices, "tensorflow": _tensorflow_devices, "torch": _torch_devices}[keras.config.backend()]()


def _usable_devices() -> list[str]:
    """The accelerators, or the CPU devices where there are none."""
    known = _known_devices()
    return [name for name in known if not name.startswith("cpu")] or known


def _jax_devices() -> list[str]:
    names = keras.distribution.list_devices()
    return names if names[0].startswith("cpu") else [*names, *keras.distribution.list_devices("cpu")]


def _tensorflow_devices() -> list[str]:
    import tensorflow

    return [_plain_name(device.name) for device in tensorflow.config.list_logical_devices()]


def _torch_devices() -> list[str]:
    import torch

    given = os.environ.get(CPU_DEVICES, "")
    cpus = int(given) if given.isdecimal() and int(given) else 1
    return [f"gpu:{number}" for number in range(torch.cuda.device_count())] + [f"cpu:{n}" for n in range(cpus)]


def _make_global_generator() -> None:
    """Make Keras' global generator where it belongs.

    Made under a distribution it would stay on those devices, and with it all that is drawn from it later. Python's
    generator, of which its seed is drawn, is put back: a model has the same weights on one device and on several.
    """
    from amber.backend.keras_internals.process import make_seed_generator

    state = random.getstate()
    make_seed_generator()
    random.setstate(state)


def _data_parallel(devices: list[str]) -> keras.distribution.DataParallel:
    import jax

    from amber.backend.keras_internals.distribution import jax_device

    first = jax.sharding.SingleDeviceSharding(jax_device(devices[0]))

    class OnFirst(keras.distribution.TensorLayout):
        @property
        def backend_layout(self) -> jax.sharding.Sharding:
            return first

    class DataParallel(keras.distribution.DataParallel):
        # Keras lays out all batches as the first, and the last may not be divisible: `Placement.spread` does it.
        def get_data_layout(self, data_shape: Sequence[int]) -> keras.distribution.TensorLayout:
            return OnFirst([None] * len(data_shape), self.device_mesh)

    return DataParallel(devices=devices, auto_shard_dataset=False)


def _mirrored(devices: list[str]) -> tf.distribute.MirroredStrategy:
    import tensorflow

    return tensorflow.distribute.MirroredStrategy(devices)

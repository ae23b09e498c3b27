"""What the backend in use computes on: accelerators and threads, for people to read."""

from __future__ import annotations

import os

from amber.backend._select import select
from amber.backend.threads import usable_processors


def accelerators() -> list[str]:
    """Return the names of the GPUs and TPUs that the backend sees; empty where it computes on the CPU."""
    backend = select()
    if backend == "torch":
        import torch

        if torch.cuda.is_available():
            return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        return ["Apple GPU"] if torch.backends.mps.is_available() else []
    if backend == "jax":
        import jax

        return [str(device.device_kind) for device in jax.devices() if device.platform != "cpu"]
    import tensorflow

    return [device.name.removeprefix("/physical_device:") for device in tensorflow.config.list_physical_devices("GPU")]


def threads_in_use() -> int:
    """Return how many threads one operation on the CPU may take."""
    backend = select()
    if backend == "torch":
        import torch

        return int(torch.get_num_threads())
    if backend == "tensorflow":
        import tensorflow

        chosen = tensorflow.config.threading.get_intra_op_parallelism_threads()
        if chosen:
            return int(chosen)
    given = os.environ.get("TF_NUM_INTRAOP_THREADS" if backend == "tensorflow" else "NPROC", "")
    return int(given) if given.isdecimal() and int(given) else usable_processors()

"""The processes of the devices after the first, on torch: started once, used by one training after another.

This process is rank 0 and keeps everything: `fit`, callbacks, loss, metrics, optimizer, random state. A follower
(`follower.py`) holds a copy of a model, and computes its rows of a batch when it is told to. It is told through its
standard input, which also tells it when this process ends, however that happens: then it ends at once.

Torch's launchers are not used: `torch.multiprocessing.spawn` runs the user's script once more in each process, and
`torch.distributed.run` wants to have started this one. What they set up (ranks, a store to meet at) is set up here.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, ClassVar

import cloudpickle
import keras
import torch
import torch.distributed as dist

from amber.backend import interrupts
from amber.backend.threads import thread_variables
from amber.errors import ConfigError, DeviceError, ExecutorError

START_LIMIT = 300.0
"""How long a process may take to load Keras, seconds."""
STEP_LIMIT = 600.0
"""How long a process may leave the others waiting within a batch, seconds."""
_INTERFACE = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
_END_LIMIT = 2.0
_LOG_END = 4000


def torch_device(name: str) -> str:
    """Return torch's name of a device such as `gpu:1`."""
    kind, _, number = name.partition(":")
    return "cpu" if kind == "cpu" else f"cuda:{number}"


class Followers:
    """Processes that compute a part of each batch of one model.

    Args:
        devices: all devices, such as `("gpu:0", "gpu:1")`; the first is this process's own.

    Attributes:
        devices: as given.
        model: what the processes hold a copy of; None at first.
    """

    _holder: ClassVar[weakref.ref[Followers] | None] = None
    """Who holds torch's process group, of which a process has one."""

    def __init__(self, devices: Sequence[str]) -> None:
        self.devices = tuple(devices)
        self._processes: list[_Process] = []
        self._folder: Path | None = None
        self._finalizer: weakref.finalize[Any, Followers] | None = None
        self._sent = b""
        self._model: weakref.ref[keras.Model] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the processes are running, as far as is known."""
        return bool(self._processes)

    @property
    def model(self) -> keras.Model | None:
        """The model that the processes hold a copy of."""
        return None if self._model is None else self._model()

    def load(self, model: keras.Model) -> bool:
        """Give the processes a copy of a model, and start them if they are not; returns whether it was news to them.

        Raises:
            ConfigError: torch's process group of this process is in use by others.
            DeviceError: a process cannot be started, or ended.
            ExecutorError: the model cannot be sent to another process.
        """
        if not self.is_open:
            self._start()
        packed = _packed(model)
        is_new = packed != self._sent or self.model is not model
        if is_new:
            for rank in range(1, len(self.devices)):
                self.tell(rank, "load", packed)
            self._sent, self._model = packed, weakref.ref(model)
        return is_new

    def tell(self, rank: int, command: str, value: object) -> None:
        """Send a command to one process; raises DeviceError where it has ended."""
        try:
            self._processes[rank - 1].tell((command, value))
        except OSError as error:
            raise self._lost() from error

    @contextlib.contextmanager
    def exchange(self) -> Iterator[None]:
        """Within this, processes wait for each other; what leaves it by an exception ends them.

        Raises:
            DeviceError: a process ended, or did not answer in time.
        """
        with interrupts.before_hard_end(self.kill):
            try:
                yield
            except DeviceError:
                self.close()
                raise
            except RuntimeError as error:
                if self._is_lost(error):
                    raise self._lost() from error
                self.close()
                raise
            except BaseException:
                self.close()
                raise

    def kill(self) -> None:
        """End the processes at once."""
        for process in self._processes:
            process.kill()

    def close(self) -> None:
        """End the processes; they are started again when they are needed."""
        if self._finalizer is not None:
            self._finalizer()
        self._processes, self._folder, self._finalizer = [], None, None
        self._sent, self._model = b"", None

    def _start(self) -> None:
        holder = Followers._holder() if Followers._holder is not None else None
        if holder is not None:
            holder.close()
        if dist.is_initialized():
            raise ConfigError(
                "gpus: torch.distributed is in use in this process, which can have one process group; expected none "
                "(torch.distributed.destroy_process_group()), or gpus=None."
            )
        self._folder = Path(tempfile.mkdtemp(prefix="amber-devices-"))
        self._finalizer = weakref.finalize(self, _end, self._processes, self._folder)
        own = [torch_device(name) for name in self.devices]
        kind = "nccl" if all(name.startswith("cuda") for name in own) and dist.is_nccl_available() else "gloo"
        settings = {
            "backend": kind,
            "store": str(self._folder / "store"),
            "size": len(own),
            "patience": STEP_LIMIT,
            "floatx": keras.config.floatx(),
            "image_data_format": keras.config.image_data_format(),
            "threads": torch.get_num_threads(),
        }
        try:
            for rank in range(1, len(own)):
                self._processes.append(_Process({**settings, "rank": rank, "device": own[rank]}))
            limit = time.monotonic() + START_LIMIT
            for process in self._processes:
                process.wait_until_ready(limit)
            Followers._holder = weakref.ref(self)
            with self.exchange():
                meet(settings, 0, own[0])
        except OSError as error:
            raise self._lost() from error
        except BaseException:
            self.close()
            raise

    def _is_lost(self, error: RuntimeError) -> bool:
        """Whether an error means that a process ended or does not answer, rather than that this one failed."""
        limit = time.monotonic() + _END_LIMIT
        speaks_of_others = isinstance(error, dist.DistError) or any(
            word in str(error).lower() for word in ("gloo", "nccl", "connection", "timed out")
        )
        while speaks_of_others and time.monotonic() < limit and not any(each.has_ended for each in self._processes):
            time.sleep(0.05)
        return speaks_of_others or any(each.has_ended for each in self._processes)

    def _lost(self) -> DeviceError:
        """End what is left, and say what became of the processes."""
        time.sleep(0.1)
        ends = [(name, each) for name, each in zip(self.devices[1:], self._processes, strict=True) if each.has_ended]
        said = "; ".join(f"the process of {name} {each.end()}" for name, each in ends)
        self.close()
        reason = said or f"a process did not answer within {STEP_LIMIT:g} s"
        return DeviceError(f"Training on {', '.join(self.devices)} was broken off: {reason}")


class _Process:
    """One follower, from this side."""

    def __init__(self, settings: dict[str, object]) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()
        code = f"import sys; sys.path[:] = {sys.path!r}; from amber.backend.distribution.follower import main; main()"
        variables = {**os.environ, **thread_variables(int(str(settings["threads"]))), "KERAS_BACKEND": "torch"}
        # A group of its own: Ctrl-C in a terminal reaches the first process, which ends the others.
        self._popen = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=variables,
            process_group=0,
        )
        self._said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="amber-device", daemon=True).start()
        self.tell(settings)

    def tell(self, message: object) -> None:
        """Send a message; raises OSError where the process has ended."""
        if self._popen.stdin is not None:
            pickle.dump(message, self._popen.stdin)
            self._popen.stdin.flush()

    def wait_until_ready(self, limit: float) -> None:
        """Wait until Keras is loaded there; raises OSError where the process ends before, or takes too long."""
        while True:
            interrupts.check()
            try:
                if not self._said.get(timeout=0.2):
                    raise BrokenPipeError("The process ended before it was ready.")
                return
            except queue.Empty:
                if time.monotonic() > limit:
                    raise TimeoutError("The process took too long to get ready.") from None

    @property
    def has_ended(self) -> bool:
        """Whether the process is no more."""
        return self._popen.poll() is not None

    def end(self) -> str:
        """Return how it ended, and what it said last."""
        code = self._popen.returncode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - _LOG_END))
        said = self._log.read().decode(errors="replace").strip()
        return f"{how}: {said}" if said else how

    def close(self) -> None:
        """End the process: it does so by itself when nobody can tell it anything any more."""
        with contextlib.suppress(OSError, ValueError):
            if self._popen.stdin is not None:
                self._popen.stdin.close()
        try:
            self._popen.wait(_END_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            self._popen.wait()
        self._log.close()

    def kill(self) -> None:
        """End the process at once."""
        with contextlib.suppress(OSError):
            self._popen.kill()

    def _listen(self) -> None:
        if self._popen.stdout is not None:
            with self._popen.stdout as output:
                self._said.put(output.readline())


def meet(settings: dict[str, Any], rank: int, device: str) -> None:
    """Join torch's process group; called by all processes at about the same time."""
    if device != "cpu":
        torch.cuda.set_device(device)
    with _this_machine_only():
        dist.init_process_group(
            settings["backend"],
            store=dist.FileStore(settings["store"], settings["size"]),
            rank=rank,
            world_size=settings["size"],
            timeout=timedelta(seconds=settings["patience"]),
        )
        # NCCL connects with the first exchange.
        dist.all_reduce(torch.zeros((), device=device))


@contextlib.contextmanager
def _this_machine_only() -> Iterator[None]:
    """Within this, torch listens to this machine only, unless the user has named an interface."""
    loopback = next((name for _, name in _interfaces() if name in ("lo", "lo0")), None)
    missing = [name for name in _INTERFACE if name not in os.environ] if loopback else []
    os.environ.update(dict.fromkeys(missing, str(loopback)))
    try:
        yield
    finally:
        for name in missing:
            del os.environ[name]


def _interfaces() -> list[tuple[int, str]]:
    try:
        return socket.if_nameindex()
    except (AttributeError, OSError):  # not on this system
        return []


def _packed(model: keras.Model) -> bytes:
    """A model without its weights, with what was registered at Keras, as bytes."""
    custom = {name: each for name, each in keras.saving.get_custom_objects().items() if not _is_ours(each)}
    switches = [bool(variable.trainable) for variable in model.weights]
    try:
        return bytes(cloudpickle.dumps((model.get_config(), custom, switches)))
    except Exception as error:
        raise ExecutorError(
            "A model must be picklable to be trained on several devices, and so must all classes registered at Keras. "
            f"Received: {type(error).__name__}: {error}"
        ) from error


def _is_ours(custom: object) -> bool:
    return str(getattr(custom, "__module__", "")).partition(".")[0] == "amber"


def _end(processes: list[_Process], folder: Path) -> None:
    for process in processes:
        process.close()
    if dist.is_initialized():
        with contextlib.suppress(RuntimeError):
            dist.destroy_process_group()
    shutil.rmtree(folder, ignore_errors=True)

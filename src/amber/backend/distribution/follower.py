"""A process that holds a copy of a model and computes its rows of each batch; `followers.py` starts and tells it."""

from __future__ import annotations

import os
import pickle
import queue
import shutil
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

# Seconds between looks at whether the process that started this one is there.
_LOOK = 1.0


def main() -> None:
    """Do what standard input says until it ends."""
    # What the user's layers print goes where errors go; the line that says "ready" does not.
    ready = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    settings = pickle.load(sys.stdin.buffer)
    folder = Path(settings["store"]).parent
    threading.Thread(target=_end_with_parent, args=(os.getppid(), folder), daemon=True).start()

    import keras
    import torch

    from amber.backend.distribution.followers import meet

    torch.set_num_threads(settings["threads"])
    keras.config.set_floatx(settings["floatx"])
    keras.config.set_image_data_format(settings["image_data_format"])
    # The model was made by the process that this one belongs to.
    keras.config.enable_unsafe_deserialization()
    commands: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(commands, folder), daemon=True).start()
    ready.write("ready\n")
    ready.close()
    try:
        meet(settings, settings["rank"], settings["device"])
        with keras.device(settings["device"]):
            _follow(commands, settings["rank"], settings["device"])
    except BaseException:
        # Said here: an interpreter does not end well while a thread of it waits for standard input.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def _listen(commands: queue.SimpleQueue[tuple[str, Any]], folder: Path) -> None:
    """Pass commands on; when there can be none any more, end at once, whatever is being computed or waited for."""
    try:
        while True:
            commands.put(pickle.load(sys.stdin.buffer))
    except (EOFError, OSError):
        _leave(folder)


def _end_with_parent(parent: int, folder: Path) -> None:
    """End when the parent has ended, should some other process hold this one's standard input open."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    _leave(folder)


def _leave(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _follow(commands: queue.SimpleQueue[tuple[str, Any]], rank: int, device: str) -> None:
    from amber.backend.distribution.copies import Copy

    copy: Copy | None = None
    while True:
        command, value = commands.get()
        if command == "load":
            copy = Copy(value, rank, device)
        elif copy is not None:
            copy.compute(value)

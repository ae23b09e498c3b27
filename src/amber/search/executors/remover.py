"""What a search that is killed leaves: its busy workers and its data. Run as a script beside it; see `PayloadFolder`.

It needs the standard library only, so that it is there at once and takes little memory.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import signal
import sys


def main(folder: str) -> None:
    """Wait for the end of standard input, end the workers that say in the folder that they are busy, and remove it."""
    sys.stdin.buffer.read()
    # An idle worker ends by itself. One that is busy may be in a call that lets no other thread run.
    for mark in glob.glob(os.path.join(glob.escape(folder), "worker-*")):
        with contextlib.suppress(OSError, ValueError), open(mark, encoding="ascii") as file:
            os.kill(int(file.read()), getattr(signal, "SIGKILL", signal.SIGTERM))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])

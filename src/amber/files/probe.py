"""Whether a library survives reading a file: tried in a process of its own, which may die of it.

Libraries written in C trust what a file says of itself in places; a flipped bit can end the process that reads it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

# Seconds of processor time that reading may take at least, and bytes that are read in one at least.
_SECONDS, _BYTES_PER_SECOND = 1, 10_000_000
# Seconds that a busy machine may take for all of it at least, where only these can be measured too.
_PATIENCE = 60

# The process limits itself: a library can also be sent in a circle, and whoever started this may have been killed.
_LIMITED = """
import math, sys, time
try:
    import resource
    limit = math.ceil(time.process_time() + float(sys.argv.pop(1)))
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass
"""


def ends_well(imports: str, code: str, arguments: Sequence[str], size: int) -> bool:
    """Say whether a process that runs some code comes to its end; an exception that is not caught counts as a crash.

    Args:
        imports: statements that are run before the processor time counts.
        code: what is run; the arguments are `sys.argv[1:]`.
        arguments: such as the path of a file.
        size: of what is read, in bytes: how long it may take follows from it.
    """
    seconds = size / _BYTES_PER_SECOND
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"{imports}\n{_LIMITED}\n{code}", str(_SECONDS + seconds), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE + seconds,
            check=False,
            start_new_session=True,  # Ctrl-C is for the reader
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0

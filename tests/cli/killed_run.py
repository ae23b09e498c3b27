"""`amber search --resume` in one fresh process after another, for `test_killed_run`.

Each line `DIRECTORY CONFIGURATION` on standard input starts one; its number and then how it ended are printed.
Everything is loaded once and the processes are forked, so that killing a run many times takes seconds.
"""

from __future__ import annotations

import gc
import os
import sys

from amber.experiment import Experiment, run


def serve() -> None:
    """Fork one run after another."""
    first = sys.stdin.readline().split()
    run(Experiment.from_yaml(first[1], run_directory=first[0]))  # loads what is loaded on first use
    print("ready", flush=True)
    gc.freeze()
    for line in sys.stdin:
        directory, configuration = line.split()
        child = os.fork()
        if child == 0:
            try:
                run(Experiment.from_yaml(configuration, run_directory=directory, resume=True))
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()

"""Code in a Python process of its own, without the seconds that Python, Keras and torch take to start.

One process imports what is wanted, once, and forks for each piece of code. Other backends start threads when they are
imported, which a fork would lose: there each piece has a process started for it. What a start of Python itself does
(command lines, `-S`, times of imports, signals) is not for this file.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn


@dataclass(frozen=True)
class Done:
    """How a process ended, what it said, and what of the processor (seconds) and memory (KiB) it used."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float = 0.0
    kibibytes: int = 0


def run_code(code: str, *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Done:
    """Run code as `python -c` would, with arguments, in a folder, with further variables of the environment.

    Keras is imported already, and nothing of AMBER.
    """
    words = ["-c", *map(str, arguments)]
    if os.environ.get("KERAS_BACKEND", "torch") == "torch":
        return warm("keras").run(code, words, cwd, env)
    command, environment = [sys.executable, "-c", code, *words[1:]], {**os.environ, **(env or {})}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


@functools.cache
def warm(*modules: str) -> WarmProcess:
    """Return the process that has imported the modules and forks for each piece of code."""
    process = WarmProcess(modules)
    atexit.register(process.close)
    return process


class WarmProcess:
    """A process that forks, seen from the tests."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        command = [sys.executable, __file__, *modules]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self, code: str, argv: list[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Done:
        """Run code in a fork."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the process that forks has no pipes")
        request = {"code": code, "argv": argv, "cwd": str(cwd or Path.cwd()), "env": dict(env or {})}
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        return Done(**json.loads(stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _serve(modules: list[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    for line in sys.stdin:
        request = json.loads(line)
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            child = os.fork()
            if child == 0:
                os.dup2(stdout.fileno(), 1)
                os.dup2(stderr.fileno(), 2)
                _end(_run(request))
            _, status, used = os.wait4(child, 0)
            answer = {
                "returncode": os.waitstatus_to_exitcode(status),
                "seconds": used.ru_utime + used.ru_stime,
                "kibibytes": used.ru_maxrss,
            }
            for name, file in (("stdout", stdout), ("stderr", stderr)):
                file.seek(0)
                answer[name] = file.read().decode()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _end(status: object) -> NoReturn:
    """End this process as `sys.exit` does, but leave the memory of Keras and torch to the system: seconds less."""
    if not isinstance(status, int | None):
        sys.stderr.write(f"{status}\n")
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def _run(request: dict[str, Any]) -> Any:
    """Run the code of a request and return what the process is to end with."""
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    # As `python -c` has it, in place of the folder of this file.
    sys.path[0], sys.argv = "", request["argv"]
    try:
        exec(compile(request["code"], "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as ending:
        return ending.code
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    _serve(sys.argv[1:])

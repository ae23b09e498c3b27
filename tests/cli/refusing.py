"""Commands that must refuse what they are given before they load Keras: run in forks, with their work and memory."""

from __future__ import annotations

from pathlib import Path

from tests.new_process import warm

# What the command imports before Keras; a fork of a process that has is the command without its start.
_IMPORTED = ("amber.cli.main", "amber.experiment.running", "amber.search.samplers")
_COMMAND = """
import atexit, sys
atexit.register(lambda: sys.stderr.write('KERAS' if 'keras' in sys.modules else ''))
from amber.cli.entry import main
main()
"""


def refused(words: list[str], folder: Path) -> str:
    """Return what a command says that must end with 2 before Keras is loaded, with little work and memory."""
    environment = {"COLUMNS": "500"}
    done = warm(*_IMPORTED).run(_COMMAND, ["amber", *words], folder, environment)
    assert done.returncode == 2, done
    assert not done.stderr.endswith("KERAS"), done
    # A loaded machine doubles the work of a process; without Keras it is 0.1 s, and 0.7 s with the start of Python.
    assert done.seconds < 3
    assert done.kibibytes < 200 * 1024
    return done.stderr

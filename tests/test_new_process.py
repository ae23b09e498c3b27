"""Code for a new process runs as `python -c` would run it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.new_process import run_code


def test_what_code_says_and_how_it_ends(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv, os.getcwd(), os.environ['MINE']); sys.exit(3)"
    done = run_code(code, "a", 2, cwd=tmp_path, env={"MINE": "yes"})
    assert (done.returncode, done.stdout, done.stderr) == (3, f"['-c', 'a', '2'] {tmp_path} yes\n", "")


def test_each_begins_without_amber_and_with_what_the_one_before_did_undone() -> None:
    for _ in range(2):
        done = run_code("import sys; print('amber' in sys.modules); import amber.modeler; amber.mine = 1")
        assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


@pytest.mark.parametrize(("code", "words"), [("1 / 0", "ZeroDivisionError"), ("import nothing_there", "nothing_there")])
def test_errors_are_shown(code: str, words: str) -> None:
    done = run_code(code)
    assert done.returncode == 1 and words in done.stderr

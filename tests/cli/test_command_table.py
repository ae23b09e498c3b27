"""The list of commands is that of the commands themselves, and costs none of their imports."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand

import amber.cli.commands
from amber.cli.command_table import COMMANDS, CommandEntry, ListedCommand
from amber.cli.main import app
from amber.cli.tokens_command import TokensCommand

# Which modules of commands a process has imported when it ends.
PROBE = """
import sys
from amber.cli.main import main
sys.argv = ["amber", *{words}]
try:
    main()
except SystemExit:
    found = sorted(name for name in sys.modules if name.startswith("amber.cli.commands."))
    sys.stderr.write("imported " + " ".join(found))
"""


def imported(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(words=list(words))], capture_output=True, text=True, check=False
    )
    return done.stderr.rpartition("imported ")[2]


@pytest.mark.parametrize("line", COMMANDS, ids=lambda line: line.name)
def test_line_is_what_the_command_says_of_itself(line: CommandEntry) -> None:
    command = ListedCommand(line).load()
    assert command.name == line.name
    assert " ".join(command.help.split("\n\n")[0].split()) == line.help
    assert type(command) is (TokensCommand if line.takes_tokens else TyperCommand)
    arguments = [each.name for each in command.params if each.param_type_name == "argument"]
    assert line.takes_tokens == ("tokens" in arguments)


def test_every_module_of_commands_is_listed() -> None:
    modules = {each.name for each in pkgutil.iter_modules(amber.cli.commands.__path__)}
    assert modules == {line.module or line.name for line in COMMANDS}


def test_a_listed_command_is_parsed_by_the_command_itself(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").touch()
    group: Any = typer.main.get_command(app)
    context = group.commands["draw"].make_context("draw", [str(tmp_path / "x.yaml"), "-1,0", "--theme", "dark"])
    assert context.params["theme"] == "dark" and context.params["tokens"] == "[-1,0]"


@pytest.mark.parametrize(("name", "option"), [("search", "run_directory"), ("compare", "folder"), ("report", "output")])
def test_what_is_written_has_the_same_short_option(name: str, option: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").touch()
    group: Any = typer.main.get_command(app)
    context = group.commands[name].make_context(name, [str(tmp_path / "x.yaml"), "-o", str(tmp_path / "out")])
    assert context.params[option] == tmp_path / "out"


def test_only_the_command_that_is_used_is_imported() -> None:
    assert imported("--help") == imported("serch") == ""
    assert imported("scan", "--help") == "amber.cli.commands.scan"

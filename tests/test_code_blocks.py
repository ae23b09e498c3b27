"""Every block of code in the documents runs in a test, or is marked; every command line in them is taken."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from tests.new_process import run_code

from amber.cli.main import app
from amber.experiment.configuration.sections import Config

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
# Pages whose blocks of Python are run by tests of their own.
RUN = {
    "README.md": "tests/test_readme.py",
    "docs/experiments.md": "tests/experiment/test_page.py",
    "docs/explaining.md": "tests/explain/test_page.py",
    "docs/first_search.md": "tests/starting/test_first_search_page.py",
    "docs/how_to.md": "tests/test_how_to.py",
    "docs/migration.md": "tests/test_migration.py",
    "docs/operations.md": "tests/test_code_blocks.py",
    "docs/switching.md": "tests/test_switching.py",
    "docs/tutorials/peaks.md": "tests/test_tutorials.py",
    "docs/tutorials/several_inputs.md": "tests/test_tutorials.py",
    "docs/tutorials/splice.md": "tests/test_tutorials.py",
    "docs/tutorials/weight_sharing.md": "tests/test_tutorials.py",
    "docs/using_a_model.md": "tests/experiment/trained/test_bundle.py",
}
NOT_RUN = re.compile(r"<!-- not run: .{10,} -->\n\s*$")
# Read before the configuration is one.
EXTRA_KEYS = {"builder", "model_space"}
# Generated from the same types and commands.
GENERATED = ("docs/reference/commands.md",)


def blocks(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield the language, the text, and what stands before each block of a page."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for found in re.finditer(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE):
        lines = found[3].splitlines()
        yield found[2], "\n".join(line.removeprefix(found[1]) for line in lines), text[: found.start()]


def test_tests_that_run_pages_are_there() -> None:
    for page, test in RUN.items():
        assert Path(page).name in (ROOT / test).read_text(encoding="utf-8") or "tutorials" in page, page


@pytest.mark.parametrize("name", NAMES)
def test_python_is_run_or_marked(name: str) -> None:
    for language, text, before in blocks(name):
        if language == "python":
            ast.parse(text)
            assert name in RUN or NOT_RUN.search(before), text


@pytest.mark.slow
def test_a_layer_of_ones_own_is_known_afterwards() -> None:
    (text,) = (text for language, text, _ in blocks("docs/operations.md") if language == "python")
    done = run_code(f"{text}\nfrom amber.operations import OPERATIONS\nprint('doubled' in OPERATIONS)")
    assert done.stdout.strip() == "True", done.stderr


def commands(text: str) -> Iterator[list[str]]:
    """Yield the command lines of a block that call `amber`, without what follows a pipe or a redirection."""
    for line in text.replace("\\\n", " ").splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        words = re.split(r"\0(?:\||&&|>|;|2>&1|<|&)(?:\0|$)", "\0".join(words))[0].split("\0")
        if words[0] == "amber" and len(words) > 1:
            yield words[1:]


@pytest.mark.parametrize("name", [each for each in NAMES if each not in GENERATED])
def test_commands_are_taken_as_they_are_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The files that they name are the reader's.
    monkeypatch.setattr("amber.cli.options.is_missing", lambda path: False)
    group: Any = typer.main.get_command(app)
    for language, text, _ in blocks(name):
        for words in commands(text) if language in ("", "bash", "sh") else ():
            while words[0].startswith("-"):  # options before the command
                words = words[2 if words[0] == "--plugin" else 1 :]
                if not words:
                    break
            else:
                command = group.commands.get(words[0])
                assert command is not None, words
                command.make_context(words[0], list(words[1:]))


def keys_of(text: str) -> dict[str, Any]:
    found = yaml.safe_load(text)
    return found if isinstance(found, dict) else {}


@pytest.mark.parametrize("name", NAMES)
def test_yaml_has_keys_of_a_configuration(name: str) -> None:
    for language, text, _ in blocks(name):
        if language == "yaml":
            assert set(keys_of(text)) <= set(Config.model_fields) | EXTRA_KEYS, text

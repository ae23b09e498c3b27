"""Every command with its line of `amber --help`, so that the list is shown without importing the commands.

What may be changed here: the order of the list. A test compares each line with the command's own docstring.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class CommandEntry:
    """One command in the list of commands.

    Attributes:
        name: of the command and its function.
        help: first paragraph of the function's docstring.
        module: file of `amber.cli.commands`; by default that of the command's name.
        takes_tokens: whether TOKENS are among its arguments.
    """

    name: str
    help: str
    module: str = ""
    takes_tokens: bool = False


COMMANDS = (
    CommandEntry("init", "Inspect data files and write a commented configuration for a search on them."),
    CommandEntry(
        "data",
        "Show a card of the data of a configuration: parts, classes, lengths, GC, duplicates, leakage, examples.",
    ),
    CommandEntry("search", "Search architectures, retrain the best one, and test it once beside a simple baseline."),
    CommandEntry(
        "compare",
        "Run a search for several seeds and compare test scores with random architectures and a linear model.",
    ),
    CommandEntry("sample", "Print random architectures in words, one per line."),
    CommandEntry(
        "evaluate",
        "Show the scores of a trained model, with 95 % intervals: on a split of its data, or on new labelled files.",
    ),
    CommandEntry(
        "train", "Train a network further on the data of a configuration, and test it; outputs that differ are new."
    ),
    CommandEntry(
        "explain", "Find and name the motifs that the best network of a run reads; write an HTML page and files."
    ),
    CommandEntry("scan", "Find the instances of motifs in sequences, on both strands (FIMO)."),
    CommandEntry("variants", "Score variants: what a network predicts for either allele, and the difference."),
    CommandEntry("design", "Evolve sequences towards an output of a network, within constraints; shows every step."),
    CommandEntry("predict", "Write what a model predicts for each example of a file: class probabilities, or numbers."),
    CommandEntry(
        "extract",
        "Extract an architecture from a supernet, with its weights, as a Keras model that loads without AMBER.",
        takes_tokens=True,
    ),
    CommandEntry("report", "Write one HTML page that shows a search; it works offline and runs no script."),
    CommandEntry(
        "export",
        "Write the network of a run as a folder to share, or every trial as CSV or JSON.",
        module="report",
    ),
    CommandEntry(
        "dashboard",
        "Show a finished or running search in optuna-dashboard until Ctrl-C; its files are only read.",
    ),
    CommandEntry(
        "repair",
        "Restore or drop damaged lines of trials.jsonl, so that the search can be resumed; a copy is kept beside it.",
    ),
    CommandEntry(
        "doctor", "Print what AMBER runs on, and what is wrong with it; exits with 1 where searches cannot run."
    ),
    CommandEntry("build", "Build an architecture as a compiled Keras model and save it.", takes_tokens=True),
    CommandEntry("describe", "Show nodes, shapes, parameters and FLOPs of an architecture.", takes_tokens=True),
    CommandEntry("draw", "Draw an architecture as SVG or PNG.", takes_tokens=True),
)


class ListedCommand(TyperCommand):
    """A command by its entry; its function is imported when arguments are given to it.

    Args:
        entry: its entry in the list of commands.
    """

    def __init__(self, entry: CommandEntry) -> None:
        super().__init__(entry.name, help=entry.help)
        self._entry = entry

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        """Parse the arguments of the command, which is that of the context returned."""
        return self.load().make_context(*arguments, **extra)

    def get_short_help_str(self, limit: int = 100) -> str:
        """Return the line that a shell shows beside the name; it cuts what its width does not hold by itself.

        Args:
            limit: of characters.
        """
        return super().get_short_help_str(limit)

    def load(self) -> Any:
        """Import the command and return it with its options, as Typer makes it of the function."""
        entry = self._entry
        function = getattr(importlib.import_module(f"amber.cli.commands.{entry.module or entry.name}"), entry.name)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        if entry.takes_tokens:
            from amber.cli.tokens_command import TokensCommand

            alone.command(entry.name, cls=TokensCommand)(function)
        else:
            alone.command(entry.name)(function)
        return typer.main.get_command(alone)


class ListedCommands(TyperGroup):
    """The group of all commands."""

    def __init__(self, *, commands: Any = None, **settings: Any) -> None:
        listed = {entry.name: ListedCommand(entry) for entry in COMMANDS}
        super().__init__(commands={**listed, **(commands or {})}, **settings)

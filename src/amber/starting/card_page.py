"""A data card in a terminal and as one HTML page: no script, no network request, every string escaped."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from amber.starting.card import FILLED, DataCard
from amber.wording import without_folders

if TYPE_CHECKING:
    from rich.console import Console

_LETTERS_ON_PAGE, _LETTERS_ON_TERMINAL = 400, 60
_COLOURS = ("green", "blue", "yellow", "red")


def render_card(card: DataCard) -> str:
    """Return the page as text."""
    from amber.report.page import environment  # loads Keras, which a card in the terminal does without

    drawn = [(each.label, _runs(each.letters[:_LETTERS_ON_PAGE], card.alphabet)) for each in card.drawn]
    cut = any(len(each.letters) > _LETTERS_ON_PAGE for each in card.drawn)
    shown = (
        f"The first {_LETTERS_ON_PAGE} letters of some examples of each class."
        if cut
        else "Some examples of each class."
    )
    passed_on = replace(
        card,
        path=without_folders(card.path),
        warnings=tuple(map(without_folders, card.warnings)),
        notes=tuple(map(without_folders, card.notes)),
    )
    return environment().get_template("card.html").render(card=passed_on, drawn=drawn, shown=shown)


def print_card(card: DataCard, console: Console) -> None:
    """Print a card; tables fit into 80 columns where their words do."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(card.name, style="bold"))
    for line in (*card.tasks, f"split: {card.split}"):
        console.print(Text(line))
    for each in card.tables:
        console.print(Text(f"\n{each.title}", style="bold"))
        if each.said:
            console.print(Text(each.said, style="dim"))
        table = Table()
        for place, name in enumerate(each.header):
            table.add_column(name, justify="right" if place else "left")
        for row in each.rows:
            table.add_row(*map(Text, row))
        console.print(table)
    if card.drawn:
        console.print(Text("\nTraining examples", style="bold"))
    for drawn in card.drawn:
        text = Text(f"{drawn.label:.16}".ljust(17))
        for kind, letters in _runs(drawn.letters.strip(FILLED)[:_LETTERS_ON_TERMINAL], card.alphabet):
            text.append(letters, style=_COLOURS[int(kind[1:])] if kind != "bx" else "dim")
        console.print(text)
    for note in card.notes:
        console.print(Text(f"Note: {note}"))
    for warning in card.warnings:
        console.print(Text(f"Warning: {warning}", style="yellow"))


def _runs(letters: str, alphabet: str) -> list[tuple[str, str]]:
    """Return letters in runs of one colour; only the four nucleotides are coloured."""
    coloured = alphabet if len(alphabet) == len(_COLOURS) else ""
    kinds = ((f"b{coloured.index(letter)}" if letter in coloured else "bx", letter) for letter in letters)
    return [(kind, "".join(letter for _, letter in run)) for kind, run in groupby(kinds, key=lambda pair: pair[0])]

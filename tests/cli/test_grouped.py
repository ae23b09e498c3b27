"""The options of a command as the fields of one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from typer.testing import CliRunner

from amber.cli.failures import reported
from amber.cli.grouped import grouped


@dataclass(frozen=True)
class Baking:
    """What is baked."""

    flour: Annotated[Path, typer.Argument(metavar="FLOUR")]
    eggs: Annotated[int, typer.Option("-e", "--eggs", min=1, help="Fresh ones.")] = 3
    spices: Annotated[list[str] | None, typer.Option("--spice")] = None
    is_vegan: Annotated[bool, typer.Option("--vegan")] = False


def app(seen: list[Baking]) -> typer.Typer:
    made = typer.Typer()

    @made.command()
    @reported
    @grouped(Baking)
    def bake(options: Baking) -> None:
        """Bake a cake."""
        seen.append(options)

    return made


def test_fields_are_arguments_and_options() -> None:
    seen: list[Baking] = []
    run = CliRunner()
    assert run.invoke(app(seen), ["rye.txt", "-e", "2", "--spice", "a", "--spice", "b", "--vegan"]).exit_code == 0
    assert run.invoke(app(seen), ["rye.txt"]).exit_code == 0
    assert seen == [Baking(Path("rye.txt"), 2, ["a", "b"], True), Baking(Path("rye.txt"))]
    assert run.invoke(app(seen), []).exit_code == 2
    assert run.invoke(app(seen), ["rye.txt", "--eggs", "0"]).exit_code == 2
    shown = run.invoke(app(seen), ["--help"], env={"COLUMNS": "100"}).stdout
    assert "Bake a cake." in shown and "--eggs" in shown and "Fresh ones." in shown and "FLOUR" in shown
    assert len(seen) == 2

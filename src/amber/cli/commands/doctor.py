"""`amber doctor`: versions, backends, devices, threads, and what is wrong with them."""

from __future__ import annotations

import typer

from amber.cli.failures import RUN_FAILED, reported


@reported
def doctor() -> None:
    """Print what AMBER runs on, and what is wrong with it; exits with 1 where searches cannot run."""
    from rich.console import Console

    from amber.cli.diagnosis import diagnose

    console, waiting = Console(highlight=False, soft_wrap=True), Console(stderr=True)
    problems = []
    with waiting.status("Looking") as status:
        for finding in diagnose(status.update):
            console.print(f"{finding.topic:<15} {finding.said}", markup=False)
            if finding.problem:
                problems.append(finding)
                console.print(f"{'':<15} ! {finding.problem}", markup=False)
    console.print()
    if not problems:
        console.print("Nothing is wrong.")
        return
    severe = [each for each in problems if each.is_severe]
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}, marked with !"
    console.print(f"{count}. {'Searches cannot run until they are fixed.' if severe else 'Searches can run.'}")
    if severe:
        raise typer.Exit(RUN_FAILED)

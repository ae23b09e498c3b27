"""What docs/first_search.md says is so: its commands run, and its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amber.cli.main import app
from amber.presets import AUTO, PRESETS

PAGE = (Path(__file__).parents[2] / "docs" / "first_search.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_commands_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    makes_files, in_one_call = blocks("python")
    exec(compile(makes_files, "first_search.md", "exec"), {})
    for line in "".join(blocks("bash")).splitlines():
        words = line.split()
        assert words[0] == "amber"
        # One architecture is enough to see that it runs.
        shorter = ["--trials", "1"] if words[1] == "search" else []
        done = CliRunner().invoke(app, [*words[1:], *shorter])
        assert done.exit_code == 0, f"{line}\n{done.output}"
    exec(
        compile(in_one_call.replace("budget=20", "budget=1"), "first_search.md", "exec"),
        {},
    )
    assert (tmp_path / "runs" / "python" / "report.html").is_file()
    assert {"card.html", "report.html", "config.yaml"} <= {path.name for path in tmp_path.iterdir()}
    assert (tmp_path / "runs" / "bound_free" / "best.keras").is_file()


def test_every_preset_is_in_the_table() -> None:
    table = PAGE[PAGE.index("| preset |") :]
    assert {*PRESETS.names(), AUTO} <= set(re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE))

"""The quickstart of README.md is short and runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from tests.new_process import run_code

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def test_quickstart_has_at_most_fifteen_lines() -> None:
    (block,) = BLOCKS
    assert len([line for line in block.splitlines() if line.strip()]) <= 15


def test_quickstart_runs(tmp_path: Path) -> None:
    done = run_code(BLOCKS[0], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "network.svg").read_text("utf-8").lstrip().startswith("<")


def test_links_lead_to_files() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_every_command_is_in_the_table() -> None:
    from amber.cli.main import app

    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert names
    for name in names:
        assert re.search(rf"^\| `amber {name}[ `]", README, flags=re.MULTILINE), name

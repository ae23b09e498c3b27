"""Every tutorial runs as it stands, with fewer and shorter trainings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amber.cli.main import app

FOLDER = Path(__file__).parents[1] / "docs" / "tutorials"
# Enough to see that it runs; the numbers of a page are not tested.
SHORTER = {
    "60_000": "12_000",
    "epochs: 5,": "epochs: 1,",
    "epochs: 12,": "epochs: 1,",
    "epochs: 40,": "epochs: 1,",
    "start_steps: 50, warm_up_steps: 100, episodes: 5, sample: 20, top_k: 2, finalist_steps: 100": (
        "start_steps: 2, warm_up_steps: 2, steps_per_episode: 1, episodes: 1, sample: 2, top_k: 1, finalist_steps: 2"
    ),
}
FILE = re.compile(r"`(\w+\.yaml)`:\s*$")


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """Yields language, text, and the file that the sentence before the block names."""
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\w+)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        named = FILE.search(text[: match.start()])
        yield match[1], match[2], named[1] if named else ""


def shortened(text: str) -> str:
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    return text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["splice", "peaks", "weight_sharing", "several_inputs"])
def test_blocks_run_one_after_the_other(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen = set()
    for language, text, file in blocks(FOLDER / f"{name}.md"):
        seen.add(language)
        if language == "yaml":
            (tmp_path / file).write_text(shortened(text))
        elif language == "python":
            exec(compile(shortened(text), name, "exec"), {"__name__": "tutorial"})
        else:
            assert language == "bash"
            run_commands(text)
    assert {"bash", "python"} <= seen


def run_commands(text: str) -> None:
    for line in text.splitlines():
        words = line.split("#")[0].split()
        assert words[0] == "amber"
        if words[1] == "search":
            shorten_search(Path(words[2]))
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, f"{line}\n{done.output}"


def shorten_search(configuration: Path) -> None:
    """Leave one short training of a configuration that `amber init` or a page wrote."""
    import yaml

    written = yaml.safe_load(configuration.read_text())
    if written.get("search", {}).get("strategy") != "one_shot":
        written["search"] = {**written.get("search", {}), "trials": 1}
        written["training"] = {**written.get("training", {}), "epochs": 1}
        written["final"] = {**written.get("final", {}), "epochs": 1, "ensemble": 1, "patience": None}
    configuration.write_text(yaml.safe_dump(written))


def test_every_tutorial_is_run() -> None:
    run = {"splice", "peaks", "weight_sharing", "several_inputs"}
    assert {page.stem for page in FOLDER.glob("*.md")} == run

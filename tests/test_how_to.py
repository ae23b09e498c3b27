"""Every block of docs/how_to.md is a valid configuration, or code that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.new_process import run_code

from amber.experiment.configuration.document import parse_yaml
from amber.experiment.configuration.sections import Config
from amber.experiment.configuration.source_section import checked_source

PAGE = (Path(__file__).parents[1] / "docs" / "how_to.md").read_text(encoding="utf-8")
# A block of YAML or Python, by the heading above it.
BLOCKS = [
    (heading, language, block)
    for heading, text in re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", PAGE, flags=re.DOTALL | re.MULTILINE)
    for language, block in re.findall(r"^```(yaml|python)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
]


def with_names(language: str) -> list[tuple[str, str]]:
    return [(heading, block) for heading, kind, block in BLOCKS if kind == language]


@pytest.mark.parametrize(("heading", "block"), with_names("yaml"), ids=lambda text: text[:40])
def test_parts_of_configurations_are_valid(heading: str, block: str) -> None:
    from amber.search.rewards import REWARDS  # a reward is looked up where others may be registered

    assert "auroc" in REWARDS
    config = Config.model_validate(yaml.safe_load(block))
    document = parse_yaml(block, heading)
    checked_source(config.data, document, lambda model, values, *_: model.model_validate(values))


@pytest.mark.parametrize(("heading", "block"), with_names("python"), ids=lambda text: text[:40])
def test_code_runs(heading: str, block: str, tmp_path: Path) -> None:
    done = run_code(block, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_headings_have_blocks() -> None:
    assert len(with_names("yaml")) > 12 and len(with_names("python")) >= 3

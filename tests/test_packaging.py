"""The conda recipe and the Dockerfile say what pyproject.toml and the Makefile say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPE = (ROOT / "packaging" / "conda" / "meta.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_recipe_needs_what_the_project_needs() -> None:
    wanted = {re.sub(r"^matplotlib", "matplotlib-base", each) for each in PROJECT["dependencies"]}
    run = RECIPE[RECIPE.index("  run:") : RECIPE.index("test:")]
    listed = {line.replace(" ", "") for line in re.findall(r"^    - (.+)$", run, flags=re.MULTILINE)}
    assert wanted <= listed
    extra = {line for line in listed - wanted if not line.startswith(("python", "pytorch"))}
    assert not extra
    assert f"python{PROJECT['requires-python']}" in listed
    assert "pytorch" + PROJECT["optional-dependencies"]["torch"][0].removeprefix("torch") in listed


def test_the_image_runs_the_demo_with_the_pinned_torch() -> None:
    pinned = re.search(r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert pinned and f"torch=={pinned[1]}" in DOCKERFILE
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "DEMO := $(VENV)/.installed-demo" in makefile and "make .venv/.installed-demo" in DOCKERFILE
    assert DOCKERFILE.rstrip().endswith('CMD ["make", "demo"]')

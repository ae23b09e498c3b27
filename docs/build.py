"""Render the documentation site into site/, with Zensical and mkdocstrings (extra `docs`).

    python docs/build.py

copies the pages of docs/ to build/docs, adds a page of the API for each public module, and runs Zensical. What may be
changed here: what is public (`MODULES`). zensical.toml has the order of the pages and how they look.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAGED = ROOT / "build" / "docs"
MODULES = (
    "amber",
    "amber.architect",
    "amber.architect.controllers",
    "amber.backend",
    "amber.compat",
    "amber.data",
    "amber.data.sources",
    "amber.drawing",
    "amber.errors",
    "amber.evaluation",
    "amber.experiment",
    "amber.explain",
    "amber.graph.cost",
    "amber.modeler",
    "amber.modeler.child",
    "amber.modeler.dag",
    "amber.modeler.references",
    "amber.operations",
    "amber.presets",
    "amber.registry",
    "amber.report",
    "amber.search",
    "amber.search.one_shot",
    "amber.search.rewards",
    "amber.search.samplers",
    "amber.search.zero_shot",
    "amber.sklearn",
    "amber.starting",
    "amber.supernet",
)


def main() -> None:
    shutil.rmtree(STAGED, ignore_errors=True)
    shutil.copytree(ROOT / "docs", STAGED, ignore=shutil.ignore_patterns("*.py", "*.yaml", "__pycache__"))
    folder = STAGED / "reference" / "api"
    folder.mkdir()
    listed = ["# API", "", "| module | what it is |", "|---|---|"]
    for module in MODULES:
        (folder / f"{module}.md").write_text(f"# {module}\n\n::: {module}\n", encoding="utf-8")
        listed.append(f"| [`{module}`](api/{module}.md) | {first_line(module)} |")
    (STAGED / "reference" / "api.md").write_text("\n".join(listed) + "\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "zensical", "build", "--clean"], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    print(f"Wrote {ROOT / 'site' / 'index.html'}")


def first_line(module: str) -> str:
    """Return the first line of a module's docstring, read without importing it."""
    path = ROOT / "src" / Path(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").split("\n")[0].replace("|", "\\|")


if __name__ == "__main__":
    main()

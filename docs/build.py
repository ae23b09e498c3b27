"""Render the documentation site into site/, with Zensical and mkdocstrings (extra `docs`).

    python docs/build.py

copies the pages of docs/ to build/docs, adds a page of the API for each public module, and runs Zensical. What may be
changed here: what is public (`MODULES`). zensical.toml has the order of the pages and how they look.
"""

from __future__ import annotations

import ast
import importlib
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
    "amber.search.loggers",
    "amber.search.one_shot",
    "amber.search.rewards",
    "amber.search.samplers",
    "amber.search.zero_shot",
    "amber.sklearn",
    "amber.starting",
    "amber.supernet",
)
# Pages that show the search in one call, which is what a package does that is called; and the name that users write.
CALLS = {"amber": "amber.search", "amber.search": "amber.search"}


def main() -> None:
    shutil.rmtree(STAGED, ignore_errors=True)
    shutil.copytree(ROOT / "docs", STAGED, ignore=shutil.ignore_patterns("*.py", "*.yaml", "__pycache__"))
    folder = STAGED / "reference" / "api"
    folder.mkdir()
    listed = ["# API", "", "| module | what it is |", "|---|---|"]
    for module in MODULES:
        (folder / f"{module}.md").write_text(page_of(module), encoding="utf-8")
        listed.append(f"| [`{module}`](api/{module}.md) | {first_line(module)} |")
    (STAGED / "reference" / "api.md").write_text("\n".join(listed) + "\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "zensical", "build", "--clean"], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    print(f"Wrote {ROOT / 'site' / 'index.html'}")


def page_of(module: str) -> str:
    """Return the page of a module: what mkdocstrings finds in its source, and what it offers when asked by name."""
    parts = [f"# {module}", f"::: {module}"]
    for name, home in offered_by_name(module).items():
        options = {"heading": name, "toc_label": name, "separate_signature": "true"}
        parts.append(f"::: {home}\n    options:\n" + "\n".join(f"      {key}: {options[key]}" for key in options))
    return "\n\n".join(parts) + "\n"


def offered_by_name(module: str) -> dict[str, str]:
    """Return where the public things are that a module's source does not show, by the names that users write."""
    offered, shown = importlib.import_module(module), names_in_source(module)
    found = {CALLS[module]: importlib.import_module("amber.starting").search} if module in CALLS else {}
    for name in sorted(getattr(offered, "__all__", ()), key=str.casefold):
        if name not in shown:
            found[f"{module}.{name}"] = getattr(offered, name)
    return {name: f"{thing.__module__}.{thing.__qualname__}" for name, thing in found.items()}


def names_in_source(module: str) -> set[str]:
    """Return the names that the source of a module binds, imports for types included."""
    bound: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name) for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return bound


def first_line(module: str) -> str:
    """Return the first line of a module's docstring, read without importing it."""
    return (ast.get_docstring(tree_of(module)) or "").split("\n")[0].replace("|", "\\|")


def tree_of(module: str) -> ast.Module:
    """Return the source of a module, parsed."""
    path = ROOT / "src" / Path(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(source.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

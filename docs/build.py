"""Renders the documentation: the API of the public modules, and the Markdown pages of the repository.

    python docs/build.py [FOLDER]

writes FOLDER/index.html (`site` by default). Docstrings are rendered by pdoc. A link to a page that is not there is an
error. What may be changed here: what is public (`MODULES`), which pages there are, and how pages look.
"""

from __future__ import annotations

import argparse
import html
import importlib
import os
import re
import shutil
import sys
from pathlib import Path

import markdown2
import pdoc

ROOT = Path(__file__).resolve().parents[1]
MODULES = (
    "amber.architect",
    "amber.architect.controllers",
    "amber.modeler",
    "amber.modeler.dag",
    "amber.modeler.child",
    "amber.operations",
    "amber.graph.cost",
    "amber.drawing",
    "amber.supernet",
    "amber.search",
    "amber.search.rewards",
    "amber.search.samplers",
    "amber.search.one_shot",
    "amber.search.zero_shot",
    "amber.data",
    "amber.data.sources",
    "amber.evaluation",
    "amber.explain",
    "amber.modeler.references",
    "amber.report",
    "amber.backend",
    "amber.registry",
    "amber.errors",
)
API = "api"
STYLE = """
body { max-width: 52rem; margin: 2rem auto; padding: 0 1.2rem; color: #1f2933; background: #fff;
       font: 16px/1.55 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; margin-top: 1.8em; } h1 { margin-top: 0.6em; }
a { color: #0b5cad; } nav { font-size: 0.95rem; }
code { background: #f1f4f7; border-radius: 4px; padding: 0.1em 0.3em; font-size: 0.9em; }
pre { background: #f1f4f7; border-radius: 6px; padding: 0.8rem 1rem; overflow-x: auto; line-height: 1.4; }
pre code { background: none; padding: 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: 1rem 0; font-size: 0.95rem; }
th, td { border-bottom: 1px solid #d5dbe1; padding: 0.35rem 0.8rem 0.35rem 0; text-align: left; vertical-align: top; }
img { max-width: 100%; }
@media (prefers-color-scheme: dark) {
  body { color: #e4e9ee; background: #14181d; } a { color: #7cb8f5; }
  code, pre { background: #20262d; } th, td { border-color: #38414a; }
}
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body>{navigation}{body}</body></html>
"""
_LINK = re.compile(r'(?<=\s)(?:href|src)="([^"]+)"')


def build(folder: Path) -> None:
    """Writes the documentation into a folder, which must be new or hold an earlier one.

    Raises:
        SystemExit: a folder with other things in it, or links to what is not there.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / API).is_dir():
        sys.exit(f"The folder holds something else than documentation. Received: {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    modules = write_api(folder / API)
    titles = {page: write_page(page, folder) for page in markdown_pages()}
    listed = "".join(f'<li><a href="{page.with_suffix(".html")}">{title}</a></li>' for page, title in titles.items())
    reference = "".join(
        f'<li><a href="{API}/{api_page(name)}"><code>{name}</code></a> {html.escape(first)}</li>'
        for name, first in modules.items()
    )
    body = f"<h1>AMBER</h1><h2>Pages</h2><ul>{listed}</ul><h2>Reference of the API</h2><ul>{reference}</ul>"
    write_html(folder / "index.html", "AMBER", "", body)
    broken = [f"{page.relative_to(folder)}: {link}" for page in folder.rglob("*.html") for link in broken_links(page)]
    if broken:
        sys.exit("Links to what is not there. Received:\n" + "\n".join(broken))


def write_api(folder: Path) -> dict[str, str]:
    """Renders the public modules; returns the first line of each one's docstring by name."""
    pdoc.render.configure(docformat="google", footer_text="AMBER", show_source=False)
    documented = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            # Some packages load a name when it is first used, and pdoc looks at what is loaded.
            vars(module).setdefault(public, getattr(module, public))
        documented[name] = pdoc.doc.Module(module)
    folder.mkdir(parents=True)
    for name, module in documented.items():
        page = folder / api_page(name)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(pdoc.render.html_module(module, documented), encoding="utf-8")
    (folder / "search.js").write_text(pdoc.render.search_index(documented), encoding="utf-8")
    (folder / "index.html").write_text('<meta http-equiv="refresh" content="0; url=../index.html">', encoding="utf-8")
    return {name: module.docstring.strip().split("\n")[0] for name, module in documented.items()}


def api_page(module: str) -> str:
    """Returns where the page of a module is, as pdoc's links expect it."""
    return f"{module.replace('.', '/')}.html"


def markdown_pages() -> list[Path]:
    """Returns the pages relative to the repository: README first, then those of `docs` and the other ones above."""
    above = sorted(path for path in ROOT.glob("*.md") if path.stem != "README")
    return [path.relative_to(ROOT) for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *above)]


def write_page(page: Path, folder: Path) -> str:
    """Renders a Markdown page at its place, with the files it links to beside it; returns its title."""
    text = (ROOT / page).read_text(encoding="utf-8")
    body = str(markdown2.markdown(text, extras=["tables", "fenced-code-blocks", "header-ids", "cuddled-lists"]))
    body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    for link in set(_LINK.findall(body)):
        source = (ROOT / page.parent / link.split("#")[0]).resolve()
        if source.suffix == ".md":
            body = body.replace(f'"{link}"', f'"{link.replace(".md", ".html")}"')
        elif source.is_file() and source.is_relative_to(ROOT):
            target = folder / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    title = text.split("\n", 1)[0].lstrip("# ").replace("`", "")
    back = os.path.relpath("index.html", page.parent)
    write_html(folder / page.with_suffix(".html"), title, f'<nav><a href="{back}">AMBER</a></nav>', body)
    return html.escape(title)


def write_html(path: Path, title: str, navigation: str, body: str) -> None:
    """Writes one page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page = PAGE.format(title=html.escape(title), style=STYLE, navigation=navigation, body=body)
    path.write_text(page, encoding="utf-8")


def broken_links(page: Path) -> list[str]:
    """Returns the links of a page to local files that do not exist."""
    text = re.sub(r"<script.*?</script>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = (link.split("#")[0] for link in _LINK.findall(text))
    local = {link for link in links if link and not re.match(r"[a-z]+:", link)}
    return sorted(link for link in local if not (page.parent / link).exists())


def main() -> None:
    parser = argparse.ArgumentParser(description="Render the documentation as HTML.")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "site")
    build(parser.parse_args().folder)


if __name__ == "__main__":
    main()

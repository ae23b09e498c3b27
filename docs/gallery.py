"""Write the gallery of searched networks: docs/gallery.md and its drawings.

    python docs/gallery.py

takes the best network of each kind of search from benchmarks/results/search.json (`make bench-search`), by its score on
validation data. What may be changed here: which searches are shown (`SHOWN`), and what is said of a network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from amber.drawing import draw
from amber.experiment.chosen import choose
from amber.graph.words import describe_in_words

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "gallery.md"
PICTURES = ROOT / "docs" / "pictures" / "gallery"
RESULTS = ROOT / "benchmarks" / "results" / "search.json"
TASKS = {
    "splice": "Splice junctions",
    "motifs": "Simulated motifs",
}
SHOWN = {
    "tpe": "tree-structured Parzen estimators",
    "evolution": "regularised evolution",
    "controller": "a recurrent policy",
    "one-shot, inherited": "shared weights, of which the finalists are trained on",
}


def best_runs(task: str) -> dict[str, dict[str, Any]]:
    """Return, by search, the run whose best network has the lowest validation loss of all seeds."""
    runs = [run for run in json.loads(RESULTS.read_text(encoding="utf-8"))["runs"] if run["task"] == task]
    return {
        search: min((run for run in runs if run["search"] == search), key=lambda run: best_event(run)["score"])
        for search in SHOWN
    }


def best_event(run: dict[str, Any]) -> dict[str, Any]:
    """Return the trial of a run with the lowest validation loss."""
    found: dict[str, Any] = min(run["events"], key=lambda event: event["score"])
    return found


def section(task: str) -> list[str]:
    """Draw the networks of a task, and return its part of the page."""
    lines = [f"## {TASKS[task]}", ""]
    for search, how in SHOWN.items():
        run = best_runs(task)[search]
        event = best_event(run)
        chosen = choose(ROOT / "benchmarks" / "search" / f"{task}.yaml", ",".join(map(str, event["tokens"])))
        graph = chosen.builder.plan(chosen.tokens)
        picture = PICTURES / f"{task}_{search.split(',')[0].replace('-', '_')}.svg"
        words = describe_in_words(chosen.builder, chosen.tokens)
        draw(graph, picture, title=f"{task}, {search}", costs=graph.cost)
        lines += [
            f"### {'TPE' if search == 'tpe' else search[0].upper() + search[1:]}",
            "",
            f"`{words}`",
            "",
            f"Found by {how}. {graph.cost.parameters:,} parameters, {graph.cost.flops:,} FLOPs for an example; "
            f"validation loss {event['score']:.4f}, test accuracy {run['test']:.4f} (seed {run['seed']}).",
            "",
            f"![{words}]({picture.relative_to(ROOT / 'docs')})",
            "",
        ]
    return lines


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    lines = [
        "<!-- Written by docs/gallery.py; do not edit. -->",
        "",
        "# Gallery of searched networks",
        "",
        "The best network that each kind of search found in the same time on the same data, chosen by validation loss "
        "among three seeds; the test was opened once for each. `amber draw RUN -o network.svg` draws one of yours. "
        "[Searches compared](research/search_benchmark.md) has all numbers.",
        "",
        "Networks are drawn and counted as they are built now, where two classes end in one sigmoid unit. Those of the "
        "simulated motifs had a softmax over both, with 17 parameters more, when they were measured.",
        "",
    ]
    for task in TASKS:
        lines += section(task)
    PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

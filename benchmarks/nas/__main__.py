"""Runs the comparison: `python -m benchmarks.nas [--tables cifar100] [--seeds 30] [--only NAME ...] [--keep]`.

Choose settings with `--tables cifar100 cifar10 --no-page`; ImageNet16-120 is looked at only to report.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.nas.searching import LOOKS, SAMPLERS, search
from benchmarks.nas.tables import TABLES, read_table
from benchmarks.results import machine

_HEAD = """# Samplers on a table of trained networks

Written by `make bench-nas`; do not edit. The table is NAS-Bench-201: 15,625 architectures of six tokens with five
values each, every one trained two or three times. A trial observes the accuracy of one of these trainings, so scores
are noisy. Regret is how far, in points of mean validation accuracy, the best architecture among the first 25, 50 and
100 trials is below the best of all: mean and standard error over seeds. "Taken" is the regret of the architecture with
the highest observed accuracy, which a search without retraining would return. Settings were chosen on CIFAR-100 and
CIFAR-10 only; ImageNet16-120 is for reporting. Every sampler has its default settings. For the defaults of `surrogate`
14 settings of a prototype were tried, with 20 or 30 seeds each.
"""


def main() -> None:
    """Reads the arguments, searches and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nas")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--seeds", type=int, default=30, help="how many")
    parser.add_argument("--only", nargs="+", choices=SAMPLERS, default=list(SAMPLERS))
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/nas.json"))
    parser.add_argument("--page", type=Path, default=Path("docs/research/sampler_benchmark.md"))
    parser.add_argument("--no-page", action="store_true", help="print, and write the JSON file only")
    parser.add_argument("--keep", action="store_true", help="what the JSON file has, and measure the rest")
    arguments = parser.parse_args()
    record: dict[str, Any] = {"machine": machine(), "runs": []}
    if arguments.keep and arguments.json.exists():
        record["runs"] = json.loads(arguments.json.read_text())["runs"]
    console = Console(width=140)
    done = {(run["table"], run["sampler"], run["seed"]) for run in record["runs"]}
    for name in arguments.tables:
        table = read_table(name)
        for sampler in arguments.only:
            for seed in range(arguments.seeds):
                if (name, sampler, seed) not in done:
                    record["runs"].append({"table": name, **search(table, sampler, seed)})
            arguments.json.write_text(json.dumps(record, indent=1) + "\n")
            mine = [run for run in record["runs"] if (run["table"], run["sampler"]) == (name, sampler)]
            console.print(line(f"{name} {sampler}", mine))
    if not arguments.no_page:
        arguments.page.write_text(page(record))


def page(record: dict[str, Any]) -> str:
    """Return the page: one table for each data set."""
    parts = [_HEAD]
    for table, title in TABLES.items():
        runs = [run for run in record["runs"] if run["table"] == table]
        if runs:
            looks = " / ".join(map(str, LOOKS))
            parts.append(f"## {title}\n")
            parts.append(
                f"| sampler | seeds | regret after {looks} | taken | own ms a proposal |\n|---|---|---|---|---|"
            )
            samplers = sorted({run["sampler"] for run in runs}, key=list(SAMPLERS).index)
            parts += [line(sampler, [run for run in runs if run["sampler"] == sampler]) for sampler in samplers]
            parts.append("")
    return "\n".join(parts)


def line(title: str, runs: list[dict[str, Any]]) -> str:
    """Return a row of a table: means over seeds, with standard errors."""
    regrets = np.array([run["regret"] for run in runs])
    errors = regrets.std(axis=0, ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else np.full(len(LOOKS), np.nan)
    cells = [f"{mean:.2f} ± {error:.2f}" for mean, error in zip(regrets.mean(axis=0), errors, strict=True)]
    taken = [f"{mean:.2f}" for mean in np.mean([run["regret_observed"] for run in runs], axis=0)]
    own = f"{1000 * np.mean([run['seconds'] for run in runs]):.1f}"
    return f"| {title} | {len(runs)} | {' / '.join(cells)} | {' / '.join(taken)} | {own} |"


if __name__ == "__main__":
    main()

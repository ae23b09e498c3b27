"""`make mutants`: change random places one by one, run the tests that reach each, and count what is noticed.

A change is noticed where a test fails, or takes far longer than before. What is not noticed is listed: a missing test,
or a change that means nothing. Places are drawn by the seed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue

from benchmarks.mutants import reach
from benchmarks.mutants.places import Place, changed, places

PACKAGES = ("architect", "graph", "search", "training", "data", "evaluation")
# No more tests than these are run for one place, the quickest first.
MOST_TESTS, MOST_SECONDS = 40, 60.0
START_SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """What became of one change."""

    file: str
    line: int
    what: str
    outcome: str
    tests: int
    seconds: float


def main() -> int:
    """Return 1 where fewer than the wanted share of the changes are noticed."""
    options = _options()
    folder = Path(options.folder)
    if not (folder / "coverage").exists():
        reach.measure(folder, options.tests)
    reached, seconds = reach.read(folder)
    chosen = _chosen(reached, options.number, options.seed, options.packages)
    trees: Queue[Path] = Queue()
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(options.workers):
            trees.put(_copy(Path(temporary) / str(number)))
        with ThreadPoolExecutor(options.workers) as pool:
            outcomes = list(pool.map(lambda each: _tried(each, trees, reached, seconds), chosen))
    noticed = sum(each.outcome != "lives" for each in outcomes)
    for each in outcomes:
        if each.outcome == "lives":
            print(f"not noticed: {each.file}:{each.line}: {each.what} ({each.tests} tests)")
    print(f"{noticed} of {len(outcomes)} changes noticed ({noticed / len(outcomes):.1%}), seed {options.seed}")
    reach.write_summary(folder / "outcomes.json", [asdict(each) for each in outcomes])
    return int(noticed < options.least * len(outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=300, help="places")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--least", type=float, default=0.9, help="share that must be noticed")
    parser.add_argument("--folder", default=".mutants", help="what was measured, and the outcomes")
    parser.add_argument("--packages", nargs="*", default=list(PACKAGES))
    parser.add_argument("--tests", nargs="*", default=["tests"], help="tests that are measured, and run")
    return parser.parse_args()


def _chosen(reached: reach.Reach, number: int, seed: int, packages: list[str]) -> list[tuple[str, Place]]:
    """Draw places among lines that a test reaches; what none reaches is told by `make coverage`."""
    every = []
    for name in sorted(reached):
        if name.split("/")[2] not in packages:
            continue
        source = (reach.ROOT / name).read_text(encoding="utf-8")
        every += [(name, place) for place in places(source) if reached[name].get(place.line)]
    return random.Random(seed).sample(every, min(number, len(every)))


def _copy(folder: Path) -> Path:
    for name in ("src", "tests", "examples", "docs", "benchmarks"):
        shutil.copytree(reach.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in reach.ROOT.iterdir():
        if file.is_file():
            shutil.copy(file, folder / file.name)
    return folder


def _tried(chosen: tuple[str, Place], trees: Queue[Path], reached: reach.Reach, seconds: dict[str, float]) -> Outcome:
    name, place = chosen
    tests = sorted(reached[name][place.line], key=lambda test: seconds.get(test, MOST_SECONDS))[:MOST_TESTS]
    usual = sum(seconds.get(test, 1.0) for test in tests)
    source = (reach.ROOT / name).read_text(encoding="utf-8")
    tree = trees.get()
    started = time.monotonic()
    try:
        (tree / name).write_text(changed(source, place), encoding="utf-8")
        outcome = _run(tree, tests, START_SECONDS + 5 * usual)
    finally:
        (tree / name).write_text(source, encoding="utf-8")
        trees.put(tree)
    taken = time.monotonic() - started
    print(f"{outcome:8s} {name}:{place.line}: {place.what} ({len(tests)} tests, {taken:.0f} s)", flush=True)
    return Outcome(name, place.line, place.what, outcome, len(tests), round(taken, 1))


def _run(tree: Path, tests: list[str], limit: float) -> str:
    """Return `noticed`, `slow` where the tests take too long, or `lives`."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    process = subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return "lives" if process.wait(limit) == 0 else "noticed"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return "slow"


if __name__ == "__main__":
    sys.exit(main())

"""`make mutants`: change random places one by one, run the tests that reach each, and count what is noticed.

A change is noticed where a test fails, or takes far longer than before. What is not noticed is listed: a missing test,
or a change that means nothing. Places are drawn by the seed, as many of each package. Outcomes are kept as they come,
so that a run that was cut goes on where it ended.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue

from benchmarks.mutants import reach
from benchmarks.mutants.places import Place, places
from benchmarks.mutants.reach import Reach
from benchmarks.mutants.tree import Tree

PACKAGES = ("architect", "graph", "search", "training", "data", "evaluation")
# So many tests are run for one place; the first step ends most of it.
STEPS = (40, 160)
MOST_SECONDS = 60.0
# Computing that a run of tests may take beside its tests, which may take five times as long as they did.
START_SECONDS = 30.0


@dataclass(frozen=True)
class Outcome:
    """What became of one change.

    Attributes:
        outcome: `noticed`, `slow` (noticed too), `lives`, or `not reached` (no test that was measured does).
        test: the first that failed.
    """

    file: str
    line: int
    number: int
    what: str
    code: str
    outcome: str
    test: str
    tests: int
    seconds: float


def main() -> int:
    """Return 1 where fewer than the wanted share of the changes are noticed."""
    options = _options()
    folder = Path(options.folder)
    if not options.measured and not (folder / "coverage").exists():
        reach.measure(folder, options.tests)
    reached = reach.read([Path(each) for each in options.measured] or [folder])
    outcomes = _known(folder / "outcomes.jsonl")
    chosen = drawn(options.number, options.seed, options.packages)
    if options.again:
        waiting = [
            (file, place) for file, place in chosen if outcomes.get((file, place.number)) in ("lives", "not reached")
        ]
    else:
        waiting = [(file, place) for file, place in chosen if (file, place.number) not in outcomes]
    trees: Queue[Tree] = Queue()
    with tempfile.TemporaryDirectory() as temporary, (folder / "outcomes.jsonl").open("a", encoding="utf-8") as kept:
        for number in range(min(options.workers, len(waiting))):
            trees.put(Tree(Path(temporary) / str(number)))

        def tried(each: tuple[str, Place]) -> None:
            tree = trees.get()
            try:
                found = _outcome(tree, *each, reached, options.again)
            finally:
                trees.put(tree)
            outcomes[each[0], each[1].number] = found.outcome
            kept.write(json.dumps(asdict(found)) + "\n")
            kept.flush()
            print(f"{found.outcome:11s} {found.file}:{found.line}: {found.what} ({found.seconds:.0f} s)", flush=True)

        with ThreadPoolExecutor(options.workers) as pool:
            list(pool.map(tried, waiting))
        while not trees.empty():
            trees.get().close()
    return _summary([(file, outcomes[file, place.number]) for file, place in chosen], options.least)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=300, help="places, shared equally by the packages")
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--least", type=float, default=0.9, help="share that must be noticed")
    parser.add_argument("--folder", default=".mutants", help="what was measured, and the outcomes")
    parser.add_argument("--measured", nargs="*", default=[], help="folders with measurements, instead of --folder")
    parser.add_argument("--packages", nargs="*", default=list(PACKAGES))
    parser.add_argument("--tests", nargs="*", default=["tests"], help="tests that are measured, and run")
    parser.add_argument("--again", nargs="*", default=[], help="try what lives again, with all tests of these files")
    return parser.parse_args()


def drawn(number: int, seed: int, packages: list[str]) -> list[tuple[str, Place]]:
    """Draw as many places from each package; one package after the other within every round of six."""
    shares = []
    for package in packages:
        every = []
        for path in sorted((reach.ROOT / "src" / "amber" / package).rglob("*.py")):
            name = path.relative_to(reach.ROOT).as_posix()
            every += [(name, place) for place in places(path.read_text(encoding="utf-8"))]
        share = number // len(packages)
        shares.append(random.Random(f"{seed} {package}").sample(every, min(share, len(every))))
    return [share[turn] for turn in range(max(map(len, shares))) for share in shares if turn < len(share)]


def _known(path: Path) -> dict[tuple[str, int], str]:
    """Return the last outcome of each place that was tried."""
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(each["file"], each["number"]): each["outcome"] for each in lines}


def _outcome(tree: Tree, file: str, place: Place, reached: Reach, again: list[str]) -> Outcome:
    started = time.monotonic()
    tests = [] if again else reached.tests(file, place)
    with tree.change(file, place):
        result = _tried(tree, tests, reached) if tests else tree.run([], 10 * START_SECONDS, again) if again else {}
    while result.get("outcome") in ("noticed", "slow") and tree.fails_anyway(result["test"], 3 * START_SECONDS):
        unfit = {test for test, fails in tree.unfit.items() if fails}
        tests = [test for test in tests if test not in unfit]
        with tree.change(file, place):
            result = _tried(tree, tests, reached)
    lines = (tree.folder / file).read_text(encoding="utf-8").splitlines()
    code = lines[place.line - 1].strip() if place.line else ""
    outcome, test = result.get("outcome", "not reached"), result.get("test", "")
    seconds = round(time.monotonic() - started, 1)
    return Outcome(file, place.line, place.number, place.what, code, outcome, test, len(tests), seconds)


def _tried(tree: Tree, tests: list[str], reached: Reach) -> dict[str, str]:
    """Run tests in steps until one fails or their usual time is spent."""
    spent, begin = 0.0, 0
    result = {"outcome": "lives", "test": ""}
    for end in STEPS:
        step: list[str] = []
        for test in tests[begin:end]:
            spent += reached.seconds_of(test)
            if spent < MOST_SECONDS or not step:
                step.append(test)
        begin = end
        if step:
            usual = sum(map(reached.seconds_of, step))
            result = tree.run(step, START_SECONDS + 5 * usual)
            if result["outcome"] != "lives":
                return result
    return result


def _summary(results: list[tuple[str, str]], least: float) -> int:
    """Print a table by package; return 1 where too few were noticed."""
    print("package     tried noticed share")
    tried, noticed = Counter[str](), Counter[str]()
    for file, outcome in results:
        for name in (file.split("/")[2], "all"):
            tried[name] += 1
            noticed[name] += outcome in ("noticed", "slow")
    for name in tried:
        if name != "all":
            print(f"{name:11s} {tried[name]:5d} {noticed[name]:7d} {noticed[name] / tried[name]:.1%}")
    print(f"{'all':11s} {tried['all']:5d} {noticed['all']:7d} {noticed['all'] / tried['all']:.1%}")
    return int(noticed["all"] < least * tried["all"])


if __name__ == "__main__":
    sys.exit(main())

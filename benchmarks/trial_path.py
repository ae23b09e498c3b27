"""How many files and functions of AMBER one trial enters: `python -m benchmarks.trial_path`.

Counted with `sys.setprofile` on the splice example, from the end of one trial to the end of the next: the proposal, its
plan, building, two epochs of training, the score and the record. Comprehensions do not count as functions. What is
loaded or worked out once for a search was done by the trial before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import yaml

import amber
from amber.experiment import Experiment
from amber.search import RunDirectory, SearchCallback, Trial, run_search

_EXAMPLE = Path(__file__).parents[1] / "examples" / "splice.yaml"
_HOME = Path(amber.__file__).parent
_COMPREHENSIONS = {"<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<module>"}


class TrialPath(SearchCallback):
    """Notes the functions of AMBER that are entered between the ends of the last two trials."""

    def __init__(self) -> None:
        self._entered: set[CodeType] = set()

    def on_trial_end(self, trial: Trial) -> None:
        """Begin with the next trial."""
        sys.setprofile(None)
        if trial.number == 0:
            self._entered.clear()
            sys.setprofile(self._note)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            self._entered.add(frame.f_code)

    def by_file(self) -> Counter[str]:
        """Return how many functions were entered, by file."""
        ours = [code for code in self._entered if code.co_name not in _COMPREHENSIONS]
        paths = [Path(code.co_filename) for code in ours]
        return Counter(str(path.relative_to(_HOME)) for path in paths if path.is_relative_to(_HOME))

    def names(self, file: str) -> list[str]:
        """Return the functions of a file that were entered."""
        return sorted(code.co_qualname for code in self._entered if code.co_filename == str(_HOME / file))


def count_trial(epochs: int = 2) -> TrialPath:
    """Search two architectures of the splice example in a temporary folder, and return the path of the second."""
    sections = yaml.safe_load(_EXAMPLE.read_text("utf-8"))
    sections["training"]["epochs"] = epochs
    path = TrialPath()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        experiment = Experiment.from_dict(sections, run_directory=run)
        try:
            run_search(
                experiment.objective,
                trials=2,
                seed=0,
                sampler=experiment.configuration.config.search.sampler,
                store=RunDirectory.create(run),
                callbacks=[path],
            )
        finally:
            sys.setprofile(None)
    return path


def by_package(found: Counter[str]) -> dict[str, tuple[int, int]]:
    """Return how many files and functions each package has of those entered, most functions first."""
    files, functions = Counter[str](), Counter[str]()
    for file, count in found.items():
        package = Path(file).parts[0]
        files[package] += 1
        functions[package] += count
    return {package: (files[package], count) for package, count in functions.most_common()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the two numbers and the list by file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", action="store_true", help="list the functions of each file too")
    wanted = parser.parse_args(arguments)
    path = count_trial()
    found = path.by_file()
    print(f"One trial enters {len(found)} files and {found.total()} functions of AMBER.")
    for package, (files, functions) in by_package(found).items():
        print(f"{files:5d} files, {functions:3d} functions in {package}")
    for file, count in found.most_common():
        print(f"{count:5d}  {file}")
        for name in path.names(file) if wanted.functions else ():
            print(f"         {name}")


if __name__ == "__main__":
    main()

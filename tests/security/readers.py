"""Every reader of what strangers send, and what must hold for each input: it is read, or refused by name and line.

`python -m tests.security.readers KIND NUMBER SEED`, from the root of the repository, tries NUMBER inputs of a kind and
prints what was found; KIND is a key of `READERS`.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import random
import re
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.security import mutants
from tests.security.good_configurations import CONFIGURATIONS

from amber.errors import AmberError, DataError

SECONDS, MEBIBYTES = 2.0, 200
FORMATS = Path(__file__).parent.parent / "cli" / "formats"


@dataclass
class Found:
    """What became of many inputs."""

    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    faults: dict[str, str] = field(default_factory=dict)
    slowest: float = 0.0
    largest: float = 0.0


@dataclass(frozen=True)
class Reader:
    """One reader: makes inputs, reads one, and says whether a refusal must name a line."""

    inputs: Callable[[random.Random, Path], Iterator[Any]]
    read: Callable[[Any], object]
    line: bool = False


def tried(reader: Reader, number: int, seed: int, folder: Path) -> Found:
    """Reads `number` inputs; a fault is an error that is not named, has no line, is too long, or took too long."""
    found = Found()
    inputs = reader.inputs(random.Random(seed), folder)
    for _ in range(number):
        given = next(inputs)
        started, memory = time.process_time(), _memory()
        kind, fault = _outcome(reader, given)
        seconds, grown = time.process_time() - started, _memory() - memory
        found.outcomes[kind] += 1
        if kind != "read":
            found.slowest, found.largest = max(found.slowest, seconds), max(found.largest, grown)
            if fault is None and (seconds > SECONDS or grown > MEBIBYTES):
                fault = f"{seconds:.1f} s and {grown:.0f} MiB to refuse"
        if fault is not None:
            found.faults.setdefault(fault, str(given)[:2000])
    return found


def _memory() -> float:
    """Returns the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _outcome(reader: Reader, given: Any) -> tuple[str, str | None]:
    try:
        reader.read(given)
    except AmberError as error:
        said = str(error)
        if reader.line and not re.search(r"line \d+", said) and "at most" not in said:
            return "without a line", f"without a line: {said[:200]}"
        return "refused", f"a message of {len(said)} characters" if len(said) > 3000 else None
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return "not named", f"{type(error).__name__} at {where}: {str(error)[:200]}"
    return "read", None


def configurations(rng: random.Random, folder: Path) -> Iterator[str]:
    while True:
        good = rng.choice(CONFIGURATIONS)
        yield mutants.grown_text(good, rng) if rng.random() < 0.03 else mutants.mutated_text(good, rng)


def read_configuration(text: str) -> object:
    from amber.experiment.components import make_builder, scoring_arguments
    from amber.experiment.configuration.reading import config_from_text
    from amber.experiment.data import load_data
    from amber.experiment.task_spec import TaskSpec

    loaded = config_from_text(text, "c.yaml")
    if loaded.preset is not None:
        return loaded  # its space is written once the data are known
    if loaded.source is None:
        problem = TaskSpec({"input": (60, 4)}, {"output": ("EI", "IE", "N")})
    else:
        problem = TaskSpec.of(load_data(loaded))
    scoring_arguments(loaded, problem)
    return make_builder(loaded, problem, steps=10)


def spaces(rng: random.Random, folder: Path) -> Iterator[tuple[str, str]]:
    from amber.experiment.configuration.reading import config_from_text

    good = [config_from_text(text, "c.yaml").space for text in CONFIGURATIONS]
    while True:
        space = rng.choice(good)
        if rng.random() < 0.5:
            yield "json", mutants.mutated_json(space.to_dict(), rng)
        else:
            yield "yaml", mutants.mutated_text(space.to_yaml(), rng)


def read_space(given: tuple[str, str]) -> object:
    from amber.architect import ModelSpace, TokenLayout

    kind, text = given
    space = ModelSpace.from_json(text) if kind == "json" else ModelSpace.from_yaml(text)
    return TokenLayout(space), space.describe()


def tokens(rng: random.Random, folder: Path) -> Iterator[str]:
    words = [
        "0",
        "1",
        "2",
        "-1",
        "9" * 5000,
        "١",
        "²",
        "1e3",
        "0x1",
        "True",
        "None",
        "[0",
        "0]",
        "=1+1",
        "\x00",
        "\ud800",
        "",
    ]
    while True:
        given = [rng.choice(words) for _ in range(rng.randrange(8))]
        yield rng.choice([",", " ", ", ", "\t", "\n", ";", ""]).join(given) * rng.choice([1, 1, 1, 10_000])


def read_tokens(text: str) -> object:
    from amber.architect import TokenLayout
    from amber.experiment.chosen import parse_tokens

    return TokenLayout([2, 2, 3]).validate(parse_tokens(text))


def records(rng: random.Random, folder: Path) -> Iterator[Path]:
    good = json.loads((FORMATS / "best_1.json").read_text("utf-8"))
    path = folder / "best.json"
    while True:
        if rng.random() < 0.2:
            changed = {**good, "config": mutants.mutated_text(good["config"], rng)}
            path.write_text(json.dumps(changed), encoding="utf-8")
        else:
            path.write_text(mutants.mutated_json(good, rng), encoding="utf-8")
        yield path


def read_best(path: Path) -> object:
    from amber.experiment.chosen import choose

    return choose(path, None)


def graphs(rng: random.Random, folder: Path) -> Iterator[str]:
    from amber.architect import Operation
    from amber.graph.graph import ComputationGraph, ComputationNode

    nodes = [
        ComputationNode(Operation("input", shape=(6, 4)), "x"),
        ComputationNode(Operation("flatten"), "a", parents=["x"], group="L0"),
        ComputationNode(Operation("dense", units=3), "b", parents=["x", "a"], merge_op="concatenate"),
        ComputationNode(Operation("dense", units=1), "y", parents=["b"]),
    ]
    good = ComputationGraph(nodes, ["x"], ["y", "b"], {"b": 0.5}).to_dict()
    while True:
        yield mutants.mutated_json(good, rng)


def read_graph(text: str) -> object:
    from amber.graph.graph import ComputationGraph

    return ComputationGraph.from_json(text)


def supernets(rng: random.Random, folder: Path) -> Iterator[Path]:
    from tests.supernet.spaces import make_ann, make_cnn

    good = []
    for make in (make_ann, make_cnn):
        make().supernet.save(folder / "good.h5")
        good.append((folder / "good.h5").read_bytes())
    path = folder / "supernet.h5"
    while True:
        data = rng.choice(good)
        if rng.random() < 0.3:
            path.write_bytes(mutants.mutated_bytes(data, rng))
        else:
            path.write_bytes(data)
            mutants.mutate_hdf5(path, rng)
        yield path


def read_supernet(path: Path) -> object:
    from amber.supernet import load_supernet

    return load_supernet(path)


def tables(rng: random.Random, folder: Path) -> Iterator[tuple[Path, int]]:
    from tests.data.tables.test_mutated_tables import mutated

    path = folder / "table.csv"
    while True:
        path.write_bytes(mutated(rng))
        yield path, rng.randrange(2**31)


def read_table(given: tuple[Path, int]) -> object:
    from tests.data.tables.test_mutated_tables import load

    path, seed = given
    return load(path, random.Random(seed))


def sources(rng: random.Random, folder: Path) -> Iterator[Any]:
    from tests.data.sources.mutated import KINDS, Damaged

    tried = []
    for kind in KINDS:
        place = folder / kind.replace(" ", "_")
        place.mkdir(exist_ok=True)
        tried.append((Damaged.of(kind, place), place))
    for seed in itertools.count(rng.randrange(2**31)):
        damaged, place = tried[seed % len(tried)]
        damaged.write(seed)
        yield damaged, place


def read_source(given: Any) -> object:
    damaged, place = given
    message = damaged.read(place)
    if message:
        raise DataError(message)
    return damaged


READERS = {
    "configuration": Reader(configurations, read_configuration, line=True),
    "space": Reader(spaces, read_space),
    "tokens": Reader(tokens, read_tokens),
    "best": Reader(records, read_best),
    "graph": Reader(graphs, read_graph),
    "supernet": Reader(supernets, read_supernet),
    "table": Reader(tables, read_table),
    "source": Reader(sources, read_source),
}


def main() -> int:
    """Tries one reader, prints what became of its inputs, and returns how many kinds of faults were found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=READERS)
    parser.add_argument("number", type=int)
    parser.add_argument("seed", type=int)
    chosen = parser.parse_args()
    reader = READERS[chosen.kind]
    with tempfile.TemporaryDirectory() as name:
        tried(Reader(reader.inputs, reader.read), 5, 0, Path(name))  # what is imported counts for none of them
        found = tried(reader, chosen.number, chosen.seed, Path(name))
    print(
        f"{chosen.kind}, seed {chosen.seed}: {dict(found.outcomes)}; "
        f"the slowest refusal {found.slowest:.2f} s, the largest {found.largest:.0f} MiB"
    )
    for fault, given in found.faults.items():
        print("FAULT", fault, "\n     ", given[:1500].replace("\n", "\n      "))
    return len(found.faults)


if __name__ == "__main__":
    sys.exit(main())

"""Planted motifs: are they found in what a network learnt, named right, and is nothing else found?

Run as `python -m benchmarks.motifs [--motifs N] [--seeds N] [--output FILE]`; `make bench-motifs` does. An output file
is gone on with. One run plants one motif of JASPAR in half of the simulated sequences, trains DeepBind's network on
them, and looks for motifs as `amber explain` does. One thread.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from amber.data import Dataset, load_simulated
from amber.data.motifs.names import LARGEST_Q
from amber.data.simulated.motifs import Motif as PlantedMotif
from amber.data.simulated.simulation import MotifTask, Simulation
from amber.explain import deep_lift
from amber.explain.motifs import Motif, discover_motifs, jaspar, match_motifs

# Ten matrices of different families: short and long, gapped, palindromic, of yeast and of vertebrates.
PLANTED = (
    "MA0139.2",  # CTCF
    "MA0359.3",  # RAP1
    "MA0363.3",  # REB1
    "MA0265.3",  # ABF1
    "MA0083.3",  # SRF
    "MA0106.3",  # TP53
    "MA0466.4",  # CEBPB
    "MA0138.3",  # REST
    "MA0144.3",  # STAT3
    "MA0035.5",  # GATA1
)
_RECORDS, _LENGTH, _EXAMPLES, _SHUFFLES = 2000, 200, 1000, 5
_EPOCHS, _BATCH, _RATE = 30, 64, 0.002
_GOAL = 0.9


@dataclass(frozen=True)
class Outcome:
    """What one run found.

    Attributes:
        planted: identifier of the planted motif, and its name.
        seed: of data, weights and shuffles.
        auroc: of the network at the test.
        name: the best known motif that the first found one resembles.
        q: of the planted motif, for the first found one.
        rank: of the planted motif among the names of the first found one, from 1.
        found: number of motifs found.
        others: consensus of each that does not resemble the planted one.
        seconds: that the run took.
    """

    planted: str
    seed: int
    auroc: float
    name: str
    q: float
    rank: int
    found: int
    others: tuple[str, ...]
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the planted motif was found and its factor named first, and nothing else was found.

        A factor may have several matrices in the database.
        """
        named = self.name.split(" ")[0] == self.planted.split(" ")[0]
        return self.found > 0 and self.q < LARGEST_Q and named and not self.others


def planted_data(motif: Motif, seed: int) -> Dataset:
    """Return simulated sequences of which half hold a motif."""
    rows = tuple(tuple(float(each) for each in row / row.sum()) for row in motif.probabilities.astype(float))
    simulation = Simulation(
        records=_RECORDS,
        length=_LENGTH,
        motifs={"planted": PlantedMotif(rows)},
        tasks={"bound": MotifTask(("planted",))},
        seed=seed,
    )
    return load_simulated(simulation)


def run_once(motif: Motif, database: Sequence[Motif], seed: int) -> Outcome:
    """Train a network on sequences with a planted motif, and look for motifs in its contributions."""
    import keras
    from sklearn.metrics import roc_auc_score

    from amber.architect import Operation
    from amber.graph.build import build_model
    from amber.modeler.references import reference_network

    begun = time.perf_counter()
    data = planted_data(motif, seed)
    keras.utils.set_random_seed(seed)
    end = Operation("dense", units=1, activation="sigmoid")
    model = build_model(reference_network("deepbind", Operation("input", shape=(_LENGTH, 4)), end))
    model.compile(keras.optimizers.Adam(_RATE), "binary_crossentropy")
    stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    train, validation, test = data.train, data.validation, data.open_test()
    y = [_labels(part) for part in (train, validation, test)]
    model.fit(
        train.x, y[0], _BATCH, _EPOCHS, validation_data=(validation.x, y[1]), callbacks=[stop], verbose=0, shuffle=True
    )
    auroc = float(roc_auc_score(y[2], np.ravel(model.predict(test.x, verbose=0))))
    examples = np.concatenate([np.asarray(validation.x), np.asarray(train.x)])[:_EXAMPLES].astype("float32")
    table = deep_lift(model, examples, references="shuffles", shuffles=_SHUFFLES, hypothetical=True, seed=seed)
    found = discover_motifs(examples, np.asarray(table))
    return _outcome(motif, database, seed, auroc, found, time.perf_counter() - begun)


def _labels(part: object) -> np.ndarray:
    y = part.y  # type: ignore[attr-defined]
    return np.asarray(next(iter(y.values())) if isinstance(y, dict) else y, dtype="float32")


def _outcome(
    planted: Motif, database: Sequence[Motif], seed: int, auroc: float, found: Sequence[Motif], seconds: float
) -> Outcome:
    title = f"{planted.alternative} {planted.name}"
    if not found:
        return Outcome(title, seed, auroc, "", 1.0, 0, 0, (), seconds)
    matches = match_motifs(found, database, most=len(database))
    # A motif of too little information to be named has no matches.
    ranks = [next((rank for rank, each in enumerate(row, 1) if each.motif.name == planted.name), 0) for row in matches]
    q_values = [row[rank - 1].q_value if rank else 1.0 for row, rank in zip(matches, ranks, strict=True)]
    others = tuple(
        f"{motif.name} {motif.consensus} x{motif.sites}"
        for motif, q in zip(found, q_values, strict=True)
        if q >= LARGEST_Q
    )
    best = f"{matches[0][0].motif.alternative} {matches[0][0].motif.name}" if matches[0] else ""
    return Outcome(title, seed, auroc, best, q_values[0], ranks[0], len(found), others, seconds)


def table_of(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table in Markdown, and the share of those that are right."""
    lines = [
        "| planted | seed | AUROC | motifs found | first one named | q of the planted | anything else | right |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in outcomes:
        rank = "" if each.rank == 1 else f" (planted is number {each.rank})"
        lines.append(
            f"| {each.planted} | {each.seed} | {each.auroc:.3f} | {each.found} | {each.name or '-'}{rank} "
            f"| {each.q:.1g} | {'; '.join(each.others) or '-'} | {'yes' if each.is_right else 'no'} |"
        )
    right = sum(each.is_right for each in outcomes)
    lines += ["", f"Right: {right} of {len(outcomes)} ({100 * right / len(outcomes):.0f} %); goal {100 * _GOAL:.0f} %."]
    return "\n".join(lines)


def _read(path: Path | None) -> list[Outcome]:
    if path is None or not path.exists():
        return []
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Outcome(**{**record, "others": tuple(record["others"])}) for record in records]


def main() -> None:
    """Run what the arguments ask for, print the table and write the outcomes as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--motifs", type=int, default=len(PLANTED))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=None)
    given = parser.parse_args()
    database = jaspar()
    by_name = {motif.name: motif for motif in database}
    outcomes = _read(given.output)
    done = {(each.planted.split()[-1], each.seed) for each in outcomes}
    for seed in range(given.seeds):
        for name in PLANTED[: given.motifs]:
            if (name, seed) in done:
                continue
            outcome = run_once(by_name[name], database, seed)
            outcomes.append(outcome)
            print(json.dumps(asdict(outcome)), flush=True)
            if given.output is not None:
                given.output.write_text("".join(json.dumps(asdict(each)) + "\n" for each in outcomes), encoding="utf-8")
    print(table_of(outcomes))


if __name__ == "__main__":
    main()

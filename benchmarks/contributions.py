"""Do contributions of random networks sum to what they explain, and are they the same on every backend?

Run once for each backend, `KERAS_BACKEND=jax python -m benchmarks.contributions FOLDER [--count N]`, from the root of
the repository: the networks are those of the tests. What a network gave is kept in the folder, so that an interrupted
run is gone on with. The table covers all backends that the folder knows.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_SMALLEST = 1e-3
"""A difference of outputs below this is float32's rounding as much as the network's: misses are taken relative to at
least so much."""


def measure(seed: int) -> dict[str, np.ndarray]:
    """Return contributions of one network, and how far their sums are from the differences they explain.

    Args:
        seed: number of the network.
    """
    from tests.explain.random_networks import random_network

    from amber.explain import deep_lift, integrated_gradients

    model, examples, references = random_network(seed)
    given = [each[:, None] for each in references]
    lifted = deep_lift(model, examples, (0, 1), given)
    difference = _outputs(model, examples) - _outputs(model, references)
    found = {f"input_{number}": np.asarray(each) for number, each in enumerate(_listed(lifted))}
    found["deep_lift"] = _misses(_listed(lifted), difference)
    found["integrated_gradients"] = _misses(_listed(integrated_gradients(model, examples, (0, 1), given)), difference)
    return found


def _listed(arrays: object) -> list[np.ndarray]:
    return list(arrays) if isinstance(arrays, (list, tuple)) else [np.asarray(arrays)]


def _outputs(model: object, values: Sequence[np.ndarray]) -> np.ndarray:
    import keras

    found = keras.tree.flatten(model(list(values) if len(values) > 1 else values[0], training=False))[0]  # type: ignore[operator]
    return np.asarray(keras.ops.convert_to_numpy(found), dtype="float64")[:, 1]


def _misses(arrays: Sequence[np.ndarray], difference: np.ndarray) -> np.ndarray:
    summed = sum(each.reshape(len(each), -1).sum(axis=1, dtype="float64") for each in arrays)
    return np.asarray(np.abs(summed - difference) / np.maximum(np.abs(difference), _SMALLEST))


def table_of(folder: Path) -> str:
    """Return the largest misses and differences of all networks in a folder, as a table in Markdown."""
    lines = [
        "| backend | networks | DeepLIFT misses at most | integrated gradients | differs at most |",
        "|---|---|---|---|---|",
    ]
    backends = sorted((each for each in folder.iterdir() if each.is_dir()), key=lambda each: each.name != "torch")
    for backend in backends:
        files = sorted(backend.glob("*.npz"))
        read = {file.name: dict(np.load(file)) for file in files}
        misses = [
            max(float(each[key].max()) for each in read.values()) for key in ("deep_lift", "integrated_gradients")
        ]
        beside = [backends[0] / name for name in read if (backends[0] / name).exists() and backend != backends[0]]
        largest = max((_difference(read[file.name], dict(np.load(file))) for file in beside), default=None)
        words = "-" if largest is None else f"{largest:.1g} from {backends[0].name} ({len(beside)} networks)"
        lines.append(f"| {backend.name} | {len(files)} | {misses[0]:.1g} | {misses[1]:.1g} | {words} |")
    return "\n".join(lines)


def _difference(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    return max(float(np.abs(one[key] - other[key]).max()) for key in one if key.startswith("input_"))


def main() -> None:
    """Measure what the arguments ask for, and print the table."""
    import keras

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=200)
    given = parser.parse_args()
    folder = given.folder / keras.backend.backend()
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(given.count):
        file = folder / f"{seed:03}.npz"
        if not file.exists():
            np.savez(file, **measure(seed))
    print(table_of(given.folder))


if __name__ == "__main__":
    main()

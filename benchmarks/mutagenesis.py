"""In-silico mutagenesis beside tangermeme's, on the same networks, and how long 1,000 variants take.

Run as `python -m benchmarks.mutagenesis [NETWORK ...] [--sequences N] [--rounds N]`. It needs tangermeme, which AMBER
does not depend on: `pip install --no-deps tangermeme pyfaidx`. Both get the same network of torch and the same
sequences of 1,000 bases, in batches of 256 and in turns. CPU seconds of one thread, so that other work counts little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

_LENGTH, _BATCH, _VARIANTS = 1000, 256, 1000


def measure(name: str, sequences: int, rounds: int) -> str:
    """Return a row of the table: seconds of either, how far they differ, and seconds of 1,000 variants."""
    import keras
    import torch
    from tangermeme.saturation_mutagenesis import saturation_mutagenesis

    from amber.architect import Operation
    from amber.explain import mutagenesis
    from amber.graph.build import build_model
    from amber.modeler.references import reference_network

    torch.set_num_threads(1)
    keras.utils.set_random_seed(0)
    end = Operation("dense", units=1, activation="sigmoid")
    model = build_model(reference_network(name, Operation("input", shape=(_LENGTH, 4)), end))
    examples = np.eye(4, dtype="float32")[np.random.default_rng(0).integers(0, 4, (sequences, _LENGTH))]

    class ChannelsFirst(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = model

        def forward(self, batch: torch.Tensor) -> Any:
            return self.network(batch.transpose(1, 2), training=False)

    turned = torch.as_tensor(examples).transpose(1, 2).contiguous()
    other = ChannelsFirst().eval()

    def ours() -> Any:
        return mutagenesis(model, examples, batch_size=_BATCH)

    def theirs() -> Any:
        with torch.no_grad():
            return saturation_mutagenesis(other, turned, batch_size=_BATCH, target=0, raw_outputs=True)

    model.predict(examples[:1], verbose=0)
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    found: dict[str, Any] = {}
    for _ in range(rounds):
        for key, run in (("ours", ours), ("theirs", theirs)):
            found[key], spent = _timed(run)
            seconds[key].append(spent)
    before, after = (np.asarray(each) for each in found["theirs"][:2])
    difference = np.swapaxes(after[..., 0] - before.reshape(-1, 1, 1), 1, 2) - found["ours"]
    alleles = np.repeat(examples[:1], 2 * _VARIANTS, axis=0)
    _, variants = _timed(lambda: model.predict(alleles, batch_size=_BATCH, verbose=0))
    words = [", ".join(f"{each:.2f}" for each in seconds[key]) for key in ("ours", "theirs")]
    return f"| {name} | {words[0]} | {words[1]} | {np.abs(difference).max():.1g} | {variants:.1f} |"


def _timed(run: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.process_time()
    return run(), time.process_time() - begun


def main() -> None:
    """Print a table of the networks that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["deepbind", "basset", "deepsea"])
    parser.add_argument("--sequences", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    print("| network | AMBER | tangermeme | differ at most | windows of 1,000 variants |\n|---|---|---|---|---|")
    for name in given.networks:
        print(measure(name, given.sequences, given.rounds), flush=True)


if __name__ == "__main__":
    main()

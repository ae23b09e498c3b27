"""Builds and fits many different children in this process and writes how resident memory grew; see `memory`.

Run as `python -m benchmarks.memory_child KIND CHILDREN WARM_UP`. The growth is that from the `WARM_UP`th child on,
because the first children load kernels and code that all later ones share.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.modeler import KerasResidualCnnBuilder

_WIDTHS = (16, 32, 64, 128)


def resident_bytes() -> int:
    """Returns the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096


def small_builder() -> KerasResidualCnnBuilder:
    """Returns a builder of small residual networks, of which there are thousands of different ones."""
    kinds: list[dict[str, Any]] = [
        *({"Layer_type": "conv1d", "kernel_size": size, "activation": "relu"} for size in (2, 3, 4, 5, 6, 7)),
        {"Layer_type": "maxpool1d", "pool_size": 3},
        {"Layer_type": "avgpool1d", "pool_size": 3},
    ]
    layers = [[{**kind, "filters": filters} for kind in kinds] for filters in (16, 16, 32)]
    return KerasResidualCnnBuilder(
        Operation("input", shape=(60, 4)),
        Operation("dense", units=3, activation="softmax"),
        fc_units=64,
        flatten_mode="Flatten",
        model_space=ModelSpace.from_dict(layers),
        model_compile_dict={"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    )


class DenseChildren:
    """Small feed-forward networks of five layers; as in a search space, there are few widths and many networks."""

    def __init__(self) -> None:
        self.layout = TokenLayout([len(_WIDTHS)] * 5, with_skips=False)

    def plan(self, tokens: Any) -> ComputationGraph:
        """Returns the network of five tokens."""
        nodes = [ComputationNode(Operation("input", shape=(20,)), "input")]
        for layer, token in enumerate(tokens):
            operation = Operation("dense", units=_WIDTHS[token], activation="relu")
            nodes.append(ComputationNode(operation, f"layer_{layer}", parents=[nodes[-1].name]))
        nodes.append(
            ComputationNode(Operation("dense", units=3, activation="softmax"), "out", parents=[nodes[-1].name])
        )
        return ComputationGraph(nodes, ["input"], ["out"])

    def __call__(self, tokens: Any) -> Any:
        """Returns the compiled model of five tokens."""
        model = self.plan(tokens).build()
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


def main(kind: str, children: int, warm_up: int) -> None:
    """Writes one JSON object to standard output."""
    builder: Any = small_builder() if kind == "residual" else DenseChildren()
    generator = np.random.default_rng(0)
    x = generator.normal(size=(32, 60, 4) if kind == "residual" else (32, 20)).astype("float32")
    y = generator.integers(0, 3, 32)
    kept: list[Any] = []
    seen: set[str] = set()
    start, parameters = 0, 0
    while len(kept) < children:
        tokens = builder.layout.sample(generator)
        name = builder.plan(tokens).fingerprint()
        if name in seen:
            continue
        seen.add(name)
        model = builder(tokens)
        kept.append(model.fit(x, y, batch_size=32, verbose=0))
        parameters += model.count_params()
        del model
        gc.collect()
        if len(kept) == warm_up:
            start = resident_bytes()
    growth = (resident_bytes() - start) / (children - warm_up) / 2**20
    result = {"children": children, "warm_up": warm_up, "mib_per_child": growth, "parameters": parameters // children}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

"""Assign the numbers that Keras reports to outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras


class FinalOutputNames(keras.callbacks.Callback):
    """Also reports the metrics of the final output under their plain names, to the callbacks after this one.

    Args:
        outputs: names of the outputs, the final one first.
    """

    def __init__(self, outputs: Sequence[str]) -> None:
        super().__init__()
        self._outputs = tuple(outputs)

    def on_epoch_end(self, epoch: int, logs: dict[str, object] | None = None) -> None:
        """Add the plain names to what is reported."""
        if logs is None:
            return
        for prefix in ("", "val_"):
            reported = {name.removeprefix(prefix): value for name, value in logs.items() if name.startswith(prefix)}
            for name, value in final_values(reported, self._outputs).items():
                # `loss` stays the total that is trained.
                logs.setdefault(prefix + name, value)


def final_values(reported: Mapping[str, object], outputs: Sequence[str]) -> dict[str, object]:
    """Return the numbers of the final output under their plain names, the loss first."""
    parts = [(*_owner(name, outputs), value) for name, value in reported.items()]
    found = {plain: value for owner, plain, value in parts if owner == outputs[0]}
    return {**({"loss": found["loss"]} if "loss" in found else {}), **found}


def values_in_order(reported: Mapping[str, object], outputs: Sequence[str]) -> list[Any]:
    """Return all numbers: the total loss, the loss of each output, the metrics of each output, then the rest."""
    parts = [(*_owner(name, outputs), value) for name, value in reported.items()]
    total = [value for owner, plain, value in parts if not owner and plain == "loss"]
    losses = [value for name in outputs for owner, plain, value in parts if (owner, plain) == (name, "loss")]
    metrics = [value for name in outputs for owner, plain, value in parts if owner == name and plain != "loss"]
    rest = [value for owner, plain, value in parts if not owner and plain != "loss"]
    return [*total, *losses, *metrics, *rest]


def _owner(reported: str, outputs: Sequence[str]) -> tuple[str, str]:
    """Split a name `output_metric` into output and plain name; without an output where it concerns the whole model."""
    owners = [name for name in outputs if reported.startswith(f"{name}_")]
    if not owners:
        return "", reported
    # One output's name may begin with another's.
    owner = max(owners, key=len)
    return owner, reported[len(owner) + 1 :]

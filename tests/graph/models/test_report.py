"""Which output each number that Keras reports belongs to, also where one name begins with another."""

from __future__ import annotations

import itertools

import pytest

from amber.graph.models.report import FinalOutputNames, final_values, values_in_order

OUTPUTS = ("y", "y_near", "z")
REPORTED = {
    "loss": 6.0,
    "y_loss": 1.0,
    "y_near_loss": 2.0,
    "z_loss": 3.0,
    "y_mae": 4.0,
    "y_near_mae": 5.0,
    "z_mae": 7.0,
    "y_auc": 8.0,
    "lr": 9.0,
    "yes": 10.0,
}


@pytest.mark.parametrize("turn", range(len(REPORTED)))
def test_numbers_in_the_order_of_outputs_however_they_are_reported(turn: int) -> None:
    items = list(REPORTED.items())
    turned = dict(items[turn:] + items[:turn])
    found = values_in_order(turned, OUTPUTS)
    assert found[:4] == [6.0, 1.0, 2.0, 3.0]
    assert set(found[4:6]) == {4.0, 8.0} and found[6:8] == [5.0, 7.0] and set(found[8:]) == {9.0, 10.0}


@pytest.mark.parametrize("outputs", itertools.permutations(OUTPUTS))
def test_the_first_output_is_the_final_one(outputs: tuple[str, ...]) -> None:
    wanted = {"y": {"loss": 1.0, "mae": 4.0, "auc": 8.0}, "y_near": {"loss": 2.0, "mae": 5.0}}
    found = final_values(dict(reversed(REPORTED.items())), outputs)
    assert found == wanted.get(outputs[0], {"loss": 3.0, "mae": 7.0}) and next(iter(found)) == "loss"
    assert final_values({"lr": 1.0, "x_mae": 2.0}, outputs) == {}


def test_plain_names_are_added_and_the_total_loss_stays() -> None:
    logs: dict[str, object] = {**REPORTED, **{f"val_{name}": -value for name, value in REPORTED.items()}}
    before = dict(logs)
    callback = FinalOutputNames(OUTPUTS)
    callback.on_epoch_end(0, logs)
    added = {name: value for name, value in logs.items() if name not in before}
    assert added == {"mae": 4.0, "auc": 8.0, "val_mae": -4.0, "val_auc": -8.0}
    assert {name: logs[name] for name in before} == before
    callback.on_epoch_end(0, None)

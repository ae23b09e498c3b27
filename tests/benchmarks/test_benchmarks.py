"""The measurements measure what they say: the hand-written networks are the same networks, ratios are ratios."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import ALL, MEASUREMENTS
from benchmarks.results import Row, machine, show, write
from benchmarks.timing import alternate, ratio
from rich.console import Console
from tests.new_process import run_code

from benchmarks import networks, torch_networks, training


@pytest.mark.slow
@pytest.mark.parametrize("architecture", range(4))
def test_hand_written_residual_network_is_the_same(architecture: int) -> None:
    builder = networks.residual_builder()
    model = builder(builder.layout.sample(architecture))
    x, y = networks.residual_data(16)
    model.train_on_batch(x, y)
    network = torch_networks.like("residual CNN", architecture)
    torch_networks.copy_weights(model, network)
    torch_networks.check_equal(network, model, [x], 16)
    trained = sum(weight.value.numel() for weight in model.trainable_weights)
    assert sum(parameter.numel() for parameter in network.parameters()) == trained
    bounded = sum(weight.constraint is not None for weight in model.trainable_weights)
    assert len(network.bounded) == bounded > 0


def test_hand_written_network_that_differs_is_noticed() -> None:
    model = networks.dag_model()
    x, _ = networks.dag_data(16)
    with pytest.raises(ValueError, match="not the same"):
        torch_networks.check_equal(torch_networks.Dag(), model, x, 16)


def test_hand_written_networks_learn() -> None:
    model = networks.dag_model()
    x, y = networks.dag_data(512)
    network = torch_networks.Dag()
    torch_networks.copy_weights(model, network)
    step = torch_networks.train_function(network)
    loader = torch_networks.make_loader([torch_networks.torch.as_tensor(part) for part in x], y_tensor(y), 64)
    losses = [torch_networks.train(step, loader) for _ in range(4)]
    assert losses[-1] < 0.8 * losses[0]
    assert len(loader) == 8


def y_tensor(y: object) -> torch_networks.Tensor:
    return torch_networks.torch.as_tensor(y)


def test_every_ratio_of_a_case_is_measured_in_the_same_run() -> None:
    rows = training.measure(training.dag_case(steps=2, repeats=2))
    ratios = [row for row in rows if row.unit == "x"]
    assert [row.goal for row in ratios] == [0.9, None, 0.9, None, None]
    assert all(len(row.details["seconds"]) == len(row.details["reference_seconds"]) == 2 for row in ratios)
    assert all(row.value > 0 for row in rows)


def test_alternation_and_ratio() -> None:
    order: list[str] = []
    times = alternate({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=2, warm_up=1)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert [len(values) for values in times.values()] == [2, 2]
    assert ratio({"fast": [1.0, 2.0, 1.0], "slow": [2.0, 4.0, 6.0]}, "fast", "slow") == 2.0


def test_rows_are_judged_shown_and_written(tmp_path: Path) -> None:
    rows = [
        Row("speed", "torch", 0.95, "x", 0.9),
        Row("memory", "jax", 0.5, "MiB", 0.2, at_least=False),
        Row("time", "", 12345.0, "s"),
    ]
    assert [row.verdict for row in rows] == ["reached", "missed", ""]
    text = io.StringIO()
    show(rows, Console(file=text, width=120))
    assert "12,345" in text.getvalue() and "missed" in text.getvalue()
    write(rows, tmp_path / "new" / "rows.json", machine())
    written = json.loads((tmp_path / "new" / "rows.json").read_text("utf-8"))
    assert [row["verdict"] for row in written["rows"]] == ["reached", "missed", ""]
    assert written["machine"]["packages"]["keras"] and written["machine"]["cores"] >= 1


def test_measurements_are_functions_of_known_backends() -> None:
    for module, function, backends in MEASUREMENTS.values():
        assert set(backends) <= set(ALL)
        assert callable(getattr(sys.modules.get(module) or __import__(module, fromlist=[function]), function))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["residual", "dense"])
def test_memory_of_children_is_measured(kind: str) -> None:
    code = "import runpy; runpy.run_module('benchmarks.memory_child', run_name='__main__')"
    done = run_code(code, kind, 4, 2, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["children"] == 4 and result["parameters"] > 1000

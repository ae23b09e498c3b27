"""The measurements of a card, in small on a CPU: what is compared is equal, and nothing found is lost."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest
import torch
from benchmarks.gpu import __main__ as command, sharing, training
from benchmarks.gpu.measuring import TINY, Clock, Found, Measurement, Skipped, measure, read
from benchmarks.results import Row
from tests.new_process import run_code

from benchmarks import networks, torch_networks

WIDTH = 0.02


def test_hand_written_deepsea_is_the_same() -> None:
    model, network = networks.labels_model(WIDTH), torch_networks.DeepSea(WIDTH)
    x, y = networks.labels_data(8)
    model.train_on_batch(x, y)
    torch_networks.copy_weights(model, network)
    torch_networks.check_equal(network, model, [x], 8)
    trained = sum(weight.value.numel() for weight in model.trainable_weights)
    assert sum(parameter.numel() for parameter in network.parameters()) == trained
    with torch.no_grad():
        loss = network.loss(network(torch.as_tensor(x)), torch.as_tensor(y))
    assert float(loss) == pytest.approx(model.evaluate(x, y, verbose=0), abs=1e-5)


def test_full_width_is_deepsea() -> None:
    with torch.device("meta"):
        network = torch_networks.DeepSea()
    assert sum(parameter.numel() for parameter in network.parameters()) == 52_843_119


def test_networks_are_compared_in_the_same_rounds_and_graphs_need_a_card() -> None:
    found = _run(training.dag(TINY, Clock(time.time() + 600))[:4])
    rows, skipped = _divided(found)
    for size in TINY.batches:
        title = f"6-layer DAG, batch {size}"
        beside = {row.what: row for row in rows if row.what.startswith(title) and row.unit == "x"}
        assert set(beside) == {
            f"{title}: train function beside hand-written",
            f"{title}: fit, arrays beside hand-written, loader",
        }
        assert all(len(row.details["seconds"]) == len(row.details["reference_seconds"]) for row in beside.values())
        if not torch.cuda.is_available():
            assert Skipped(f"{title}: CUDA graphs", "no CUDA device") in skipped
    assert all(row.value > 0 for row in rows)


def test_another_step_is_set_beside_both() -> None:
    network = training.Network("DAG", networks.dag_model, torch_networks.Dag, networks.dag_data)
    measured = training.Training(network, TINY, Clock(time.time() + 600))
    twin = torch_networks.Dag().to(measured.device)
    batches = measured._batches(*networks.dag_data(8), 4)
    before = [parameter.clone() for parameter in twin.parameters()]
    rows = measured._beside("replayed", torch_networks.train_function(twin), batches, 4)
    found = {row.what: row for row in rows}
    compared = {"DAG, batch 4: replayed beside hand-written", "DAG, batch 4: train function beside replayed"}
    assert set(found) == {"DAG, batch 4: replayed", *compared}
    assert found["DAG, batch 4: replayed"].unit == "samples/s" and all(row.goal is None for row in rows)
    assert not any(torch.equal(new, old) for new, old in zip(twin.parameters(), before, strict=True))


def test_what_would_compile_too_long_is_left_out() -> None:
    (compiled, *_) = training.dag(TINY, Clock(time.time() + 3))[4:]
    (found,) = compiled.run()
    assert isinstance(found, Skipped) and found.what == "6-layer DAG, batch 4: torch.compile" == compiled.what
    assert found.why.endswith("compiling is taken to need 15 s")


def test_many_at_once_are_set_beside_one() -> None:
    rows, skipped = _divided(_run(sharing.many(TINY, Clock(time.time() + 600))))
    speed = {row.what: row for row in rows}
    gain = speed["4 at once: training beside one at a time"]
    assert not skipped and gain.goal == speed["4 at once: evaluation beside one at a time"].goal == 20
    assert gain.value == pytest.approx(speed["4 at once: trained"].value / speed["1 at once: trained"].value)


def test_a_failure_and_an_end_lose_nothing(tmp_path: Path) -> None:
    row, record = Row("first", "torch", 1.0, "x"), tmp_path / "record"

    def fails() -> Found:
        raise RuntimeError("\n no memory left \n more")

    measure([Measurement("one", lambda: [row]), Measurement("two", fails), Measurement("three", lambda: [row])], record)
    assert read(record, "over") == ([row, row], [Skipped("two", "RuntimeError: no memory left")])
    # As it is where the process is ended: one under way, one not begun, a line torn.
    lines = record.read_text("utf-8").splitlines()
    record.write_text("\n".join([*lines[:5], lines[-1][:7]]), "utf-8")
    expected = [Skipped("two", "over while it ran"), Skipped("three", "over")]
    assert read(record, "over") == ([row], expected)
    assert read(tmp_path / "none", "over") == ([], [])


def test_a_part_is_ended_at_its_limit() -> None:
    started = time.perf_counter()
    rows, skipped = command.run_part("feeding", 0.3, on_cpu=True)
    assert (rows, skipped) == ([], [Skipped("feeding", "the 0 s of feeding were over")])
    assert time.perf_counter() - started < 60


def test_a_part_that_cannot_begin_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    rows, skipped = command.run_part("feeding", 60, on_cpu=True)
    assert (rows, skipped) == ([], [Skipped("feeding", "feeding ended with code 1: it said nothing")])


def test_all_parts_take_less_than_eight_minutes() -> None:
    assert sum(limit for _, _, limit in command.PARTS.values()) <= 470
    for module, function, _ in command.PARTS.values():
        assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_without_a_card_it_ends_at_once_with_code_2(tmp_path: Path) -> None:
    code = "import runpy; runpy.run_module('benchmarks.gpu', run_name='__main__')"
    root = Path(__file__).parents[2]
    done = run_code(code, "--json", tmp_path / "gpu.json", cwd=root, env={"CUDA_VISIBLE_DEVICES": ""})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bench-gpu: torch sees no CUDA device. `--on-cpu` shows in small that everything runs.\n"
    assert not (tmp_path / "gpu.json").exists()


@pytest.mark.slow
def test_a_run_on_a_cpu_writes_rows_and_what_was_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, parts = tmp_path / "gpu.json", ["many-at-once", "feeding", "search"]
    words = ["gpu", "--on-cpu", "--factor", "10", "--json", str(path), "--only", *parts]
    monkeypatch.setattr(sys, "argv", words)
    assert command.main() == 0
    written = json.loads(path.read_text("utf-8"))
    assert written["skipped"] == []
    assert written["machine"]["card"]["torch"] == torch.__version__ and written["machine"]["on_cpu"] is True
    found = {row["what"] for row in written["rows"]}
    assert {"search, 1 at once on the card", "search, 2 at once on the card, beside 1"} <= found
    assert sum(what.endswith("from disk beside memory") for what in found) == 2
    assert "measuring search" in capsys.readouterr().out


def _run(measurements: list[Measurement]) -> Found:
    return [found for each in measurements for found in each.run()]


def _divided(found: Found) -> tuple[list[Row], list[Skipped]]:
    return [each for each in found if isinstance(each, Row)], [each for each in found if isinstance(each, Skipped)]

"""What strangers send, given to the command: exit code 2 and one message, with no traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import TINY, invoke
from tests.security.good_configurations import MULTI

FORMATS = Path(__file__).parent.parent / "cli" / "formats"
RECORD = json.loads((FORMATS / "best_1.json").read_text("utf-8"))


def check_refused(done: Any, *words: str) -> None:
    assert done.exit_code == 2, (done.exit_code, done.stderr)
    assert "Traceback" not in done.stderr and "Unexpected" not in done.stderr, done.stderr
    assert done.stderr.count("Error: ") == 1 and len(done.stderr) < 2000, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


# (what takes the place of a line, what it is, words of the message)
CONFIGURATIONS: dict[str, tuple[str, str, list[str]]] = {
    "a name with a blank": ("name: tiny", "name: my search", ["line 1, key name", "letters from A to Z", "my-search"]),
    "a name of dots": ("name: tiny", "name: ../../x", ["key name", "for example x"]),
    "a name without letters": ("name: tiny", "name: '  '", ["key name", "for example my-search"]),
    "a name that is a number": ("name: tiny", "name: 12", ["key name", "expected text", "quote it, '12'"]),
    "a name that is true": ("name: tiny", "name: on", ["key name", "YAML reads on as true or false: quote it, 'on'"]),
    "a name that is nothing": ("name: tiny", "name: ~", ["key name", "nothing", "quote it"]),
    "a metric without val_": ("sampler: random", "metric: accuracy", ["key search.metric", "val_accuracy"]),
    "a deep attribute": ("filters: 4, kernel_size: 3", f"filters: {'[' * 70}", ["line 4", "64 lists"]),
    "a length beyond 64 bits": ("seed: 3", "data: {source: {simulated: {length: 9223372036854775808}}}", ["64 bits"]),
    "a length beyond memory": (
        "seed: 3",
        "data: {source: {simulated: {length: 9223372036854775807}}}",
        ["line 2, key data.source.simulated.records", "at most 500,000,000"],
    ),
    "a misspelt section of an output": (
        "seed: 3",
        "data: {outputs: {a: {colum: x}}}",
        ["key data.outputs.a.colum", "Did you mean 'column'?"],
    ),
    "a misspelt key of a scheduler": (
        "sampler: random",
        "executor: {dsk: x}",
        ["key search.executor.dsk", "Did you mean 'dask'?"],
    ),
    "layers without end": ("repeat: 1", "repeat: 1001", ["key model_space[1].repeat", "1 to 1000"]),
    "an unknown merge of a branch": ("  trials: 2", "  trials: [2]", ["key search.trials", "integer"]),
}


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_configuration(kind: str, tmp_path: Path) -> None:
    old, new, words = CONFIGURATIONS[kind]
    assert old in TINY
    path = tmp_path / "c.yaml"
    path.write_text(TINY.replace(old, new, 1), encoding="utf-8")
    check_refused(invoke("sample", path), f"{path}, line ", *words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a: TGACTCA", "a: TGACXCA", ["key data.source.simulated.motifs.a", "letters ACGTU"]),
        ("spacing: [2, 5]", "spacing: [5, 2]", ["key data.source.simulated.tasks.t"]),
        ("motifs: [a, b]", "motifs: [a, c]", ["key data.source.simulated.tasks.t", "among a, b"]),
        ("length: 30", "length: 3", ["key data.source.simulated.length", "at least"]),
        ("dropout_rate: 0.1", "dropout_rate: 1", ["key builder.dropout_rate", "less than 1"]),
        ("kernel_size: 3", "kernel_size: 3, padding: 0", ["model_space[0].candidates[0]", "padding"]),
        ("pool_size: 2", "pool_size: two", ["model_space[0].candidates[1]", "maxpool1d"]),
    ],
)
def test_configuration_of_simulated_data(old: str, new: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    assert old in MULTI
    path.write_text(MULTI.replace(old, new, 1), encoding="utf-8")
    check_refused(invoke("sample", path), f"{path}, line ", *words)


RECORDS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no record": (lambda found: [], "JSON object"),
    "config": (lambda found: found.update(config=["name: x"]), "key 'config': expected text"),
    "a configuration that is none": (lambda found: found.update(config="[" * 10_000), "line 1"),
    "inputs": (lambda found: found.update(inputs=[60, 4]), "key 'inputs'"),
    "an input of no size": (lambda found: found.update(inputs={"input": [0, 4]}), "key 'inputs'"),
    "an input beyond memory": (lambda found: found.update(inputs={"input": [2**62, 4]}), "key 'inputs'"),
    "outputs": (lambda found: found.update(outputs={"output": 3}), "key 'outputs'"),
    "a class that is not text": (lambda found: found.update(outputs={"output": ["a", 1]}), "key 'outputs'"),
    "a class that a terminal obeys": (
        lambda found: found.update(outputs={"output": ["a", "\x1b]0;title\x07"]}),
        "key 'outputs'",
    ),
    "an output that a terminal obeys": (lambda found: found.update(outputs={"\x1b[31m": ["a", "b"]}), "key 'outputs'"),
    "columns of a name that is none": (lambda found: found.update(columns={"input": [1]}), "key 'columns"),
    "tokens": (lambda found: found.update(tokens=[-1]), "key 'tokens'"),
    "tokens beyond the space": (lambda found: found.update(tokens=[99] * len(found["tokens"])), "must be an integer"),
    "a seed": (lambda found: found.update(seed="3"), "key 'seed'"),
    "a scale": (lambda found: found.update(scaling={"input": {"mean": [1], "scale": [0]}}), "key 'scaling'"),
    "scales": (lambda found: found.update(output_scaling=[1]), "key 'output_scaling'"),
    "a space": (lambda found: found.update(space=[[{"Layer_type": 3}]]), "key 'space'"),
    "another version": (lambda found: found.update(format_version=99), "format_version"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_best_json(kind: str, tmp_path: Path) -> None:
    record = json.loads(json.dumps(RECORD))
    changed = RECORDS[kind][0](record)
    path = tmp_path / "best.json"
    path.write_text(json.dumps(record if changed is None else changed), encoding="utf-8")
    check_refused(invoke("describe", path), str(path), RECORDS[kind][1])


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": NaN}', f"1{'0' * 400}", "", "{}", '{"a": 1, "a": 2}', "\x00"])
def test_best_json_that_is_not_json(text: str, tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    path.write_text(text, encoding="utf-8")
    check_refused(invoke("describe", path), str(path))


@pytest.mark.parametrize("tokens", ["-1,0,0", "-1", "0,-1,0", "9" * 5000, "٣,0,0", "0,0", "0.5,0,0", "=1+1", ""])
@pytest.mark.parametrize("command", ["describe", "draw"])
def test_tokens(command: str, tokens: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(TINY, encoding="utf-8")
    check_refused(invoke(command, path, tokens), "oken")


def test_an_option_that_does_not_exist_is_one_still(tmp_path: Path) -> None:
    done = invoke("describe", tmp_path / "c.yaml", "--josn")
    assert done.exit_code == 2 and "Received: --josn; did you mean --json?" in done.stderr


def test_places_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    os.mkfifo(tmp_path / "pipe.yaml")
    with (tmp_path / "sparse.json").open("wb") as file:
        file.truncate(20 * 2**30)
    for name in ("pipe.json", "sparse.json", "none.json", "run", "pipe.yaml", "none.yaml"):
        check_refused(invoke("describe", tmp_path / name, "0,0,0"), str(tmp_path / name))
    (tmp_path / "run" / "best.json").mkdir()
    check_refused(invoke("describe", tmp_path / "run"), "a folder")
    check_refused(invoke("sample", tmp_path), "a folder")


def test_names_are_whole_on_a_narrow_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    done = invoke("describe", FORMATS / "best_1.json")
    assert done.exit_code == 0, done.stderr
    whole = json.loads(invoke("describe", FORMATS / "best_1.json", "--json").stdout)
    for node in whole["nodes"]:
        assert node["name"] in done.stdout
        assert all(done.stdout.count(parent) > 1 for parent in node["parents"])


@pytest.mark.slow
def test_a_real_process_says_one_thing_and_ends(tmp_path: Path) -> None:
    """Each kind once, as a person runs it."""
    grows = "a0: &a0 {x: 1}\n" + "".join(f"a{k}: &a{k} {{<<: [{','.join([f'*a{k - 1}'] * 9)}]}}\n" for k in range(1, 9))
    (tmp_path / "grows.yaml").write_text(grows, encoding="utf-8")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.json")
    shutil.copy(FORMATS / "best_1.json", tmp_path / "good.json")
    command = [sys.executable, "-c", "from amber.cli.main import main; main()"]
    tried = (
        ("sample", "grows.yaml"),
        ("describe", "deep.json"),
        ("draw", "pipe.json"),
        ("describe", "good.json", "-1,0"),
    )
    for name, *arguments in tried:
        done = subprocess.run(
            [*command, name, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 2, (arguments, done)
        *before, said = done.stderr.strip().splitlines()
        assert said.startswith("Error: ") and before in ([], ["Loading packages ..."]), done.stderr
        assert done.stdout == ""

"""Files of a stranger cannot execute code: each attack is real, and shown to work where nothing stands against it."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.conftest import TINY, invoke
from tests.new_process import run_code

from amber.architect import Operation
from amber.errors import AmberError
from amber.operations import make_layer
from amber.search import RunDirectory
from amber.search.journal import trial_line

# Every command that reads a run.
READERS = ("report", "export", "describe", "draw", "build", "evaluate")
OUTPUTS = {"report": "out.html", "export": "out.csv", "draw": "out.svg", "build": "out.keras"}


def read_everything(run: Path) -> list[Any]:
    """Runs every command that reads a run; none may end in an error that was not foreseen."""
    results = []
    for command in READERS:
        output = ["-o", run.parent / OUTPUTS[command]] if command in OUTPUTS else []
        done = invoke(command, run, *output)
        assert done.exit_code in (0, 1, 2), (command, done.output, done.stderr)
        assert "Unexpected" not in done.stderr, (command, done.stderr)
        results.append(done)
    return results


def change_first_trial(run: Path, **changes: Any) -> None:
    """Changes the first trial in the journal, with the checksum of the change, and puts it last."""
    first, *others = RunDirectory.open(run).trials()
    lines = [trial_line(trial) for trial in (*others, dataclasses.replace(first, **changes))]
    (run / "trials.jsonl").write_text("".join(lines), encoding="utf-8")


class Exploit:
    """An object whose unpickling writes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.canary), "w"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["trials.jsonl", "search.json", "config.yaml", "best.json", "test.json", "best.keras"])
def test_pickle_in_place_of_a_file(run: Path, canary: Path, name: str) -> None:
    data = pickle.dumps(Exploit(canary))
    pickle.loads(data).close()
    assert canary.exists()
    canary.unlink()
    (run / name).write_bytes(data)
    results = read_everything(run)
    assert not canary.exists()
    # search.json is read by a resumed search only; the journal's only line counts as cut short by a crash.
    if name not in ("search.json", "trials.jsonl"):
        assert any(done.exit_code for done in results)
    try:
        RunDirectory.resume(run).begin({}, resume=True, allow_changes=True)
    except AmberError:
        pass
    assert not canary.exists()


TAGS = (
    '!!python/object/apply:os.system ["touch {canary}"]',
    '!!python/object/apply:subprocess.check_call [["touch", "{canary}"]]',
    '!!python/object/new:tuple [[!!python/object/apply:os.system ["touch {canary}"]]]',
    "!!python/name:os.system",
    "!!python/module:os",
)


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("where", ["search", "config.yaml", "best.json"])
def test_yaml_with_python_tags(run: Path, canary: Path, tmp_path: Path, tag: str, where: str) -> None:
    attack = tag.format(canary=canary)
    if "{canary}" in tag:
        yaml.unsafe_load(attack)
        assert canary.exists()
        canary.unlink()
    text = TINY.replace("name: tiny", f"name: {attack}")
    if where == "search":
        (tmp_path / "evil.yaml").write_text(text, encoding="utf-8")
        done = invoke("search", tmp_path / "evil.yaml", "-d", tmp_path / "out")
        assert done.exit_code == 2 and "evil.yaml, line 1" in done.stderr
    elif where == "config.yaml":
        (run / "config.yaml").write_text(text, encoding="utf-8")
        done = invoke("report", run, "-o", tmp_path / "out.html")
        assert done.exit_code == 2 and "config.yaml, line 1" in done.stderr
    else:
        record = json.loads((run / "best.json").read_text("utf-8"))
        (run / "best.json").write_text(json.dumps({**record, "config": text}), encoding="utf-8")
        done = invoke("describe", run)
        assert done.exit_code == 2 and "line 1" in done.stderr
    assert not canary.exists()


def lambda_model(path: Path, canary: Path) -> None:
    """Saves a model whose Lambda layer writes a file when it is called."""
    import keras

    function = eval(f"lambda x: (open({str(canary)!r}, 'w').close(), x)[1]")
    inputs = keras.Input((60, 4))
    outputs = keras.layers.Dense(3)(keras.layers.Flatten()(keras.layers.Lambda(function, output_shape=(60, 4))(inputs)))
    model = keras.Model(inputs, outputs)
    model.save(path)
    canary.unlink(missing_ok=True)


@pytest.mark.slow
def test_model_with_code_in_a_lambda_layer(run: Path, canary: Path) -> None:
    lambda_model(run / "best.keras", canary)
    unsafe = (
        "import keras, numpy, sys\n"
        "keras.models.load_model(sys.argv[1], safe_mode=False)(numpy.zeros((1, 60, 4), 'float32'))"
    )
    run_code(unsafe, run / "best.keras")
    assert canary.exists()  # the attack works where nothing stands against it
    canary.unlink()
    done = invoke("evaluate", run)
    assert done.exit_code == 2 and "best.keras" in done.stderr
    assert not canary.exists()


CALLS = (
    ("subprocess", "check_call", {"args": ["touch", "{canary}"]}),
    ("os", "system", {"command": "touch {canary}"}),
    ("builtins", "exec", {"source": "open('{canary}', 'w').close()"}),
    ("pathlib", "Path", {}),
)


def filled(value: Any, canary: Path) -> Any:
    return json.loads(json.dumps(value).replace("{canary}", str(canary)))


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name", "config"), CALLS)
def test_model_that_names_functions_of_python(run: Path, canary: Path, module: str, name: str, config: Any) -> None:
    described = {"module": module, "class_name": name, "config": filled(config, canary), "registered_name": name}
    with zipfile.ZipFile(run / "best.keras") as old:
        parts = {each: old.read(each) for each in old.namelist()}
    whole = json.loads(parts["config.json"])
    whole["config"]["layers"][1] = {**whole["config"]["layers"][1], **described}
    for changed in (described, whole):
        with zipfile.ZipFile(run / "best.keras", "w") as archive:
            for each, data in parts.items():
                archive.writestr(each, json.dumps(changed) if each == "config.json" else data)
        done = invoke("evaluate", run)
        assert done.exit_code == 2 and "best.keras" in done.stderr, done.stderr
        assert not canary.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name", "config"), CALLS)
@pytest.mark.parametrize("attribute", ["kernel_initializer", "kernel_regularizer", "activation"])
def test_operation_that_names_functions_of_python(
    run: Path, canary: Path, tmp_path: Path, module: str, name: str, config: Any, attribute: str
) -> None:
    described = {"module": module, "class_name": name, "config": filled(config, canary), "registered_name": name}
    text = TINY.replace("activation: relu", f"{attribute}: {json.dumps(described)}")
    path = tmp_path / "evil.yaml"
    path.write_text(text, encoding="utf-8")
    done = invoke("build", path, "0,0,0", "-o", tmp_path / "out.keras")
    # The residual CNN reads no initialiser or regulariser.
    assert (done.exit_code != 0) == (attribute == "activation"), done.output
    with pytest.raises((ValueError, TypeError, AmberError)):
        make_layer(Operation("dense", units=2, **{attribute: described}))
    assert not canary.exists()


@pytest.mark.parametrize("layer", ["lambda", "Lambda", "os.system", "__import__('os')", "TorchModuleWrapper"])
def test_operation_that_is_code(run: Path, canary: Path, tmp_path: Path, layer: str) -> None:
    function = f"lambda x: open('{canary}', 'w')"
    text = TINY.replace("{Layer_type: conv1d, filters: 4, kernel_size: 3, activation: relu}", json.dumps(
        {"Layer_type": layer, "function": function, "module": function, "filters": 4}
    ))  # fmt: skip
    path = tmp_path / "evil.yaml"
    path.write_text(text, encoding="utf-8")
    done = invoke("build", path, "0,0,0", "-o", tmp_path / "out.keras")
    assert done.exit_code != 0, done.output
    assert not canary.exists()


@pytest.mark.slow
def test_strings_that_look_like_code_stay_strings(run: Path, canary: Path) -> None:
    code = f"__import__('pathlib').Path('{canary}').touch()"
    for braces in ("{0.__class__}", "{{ %s }}", "${%s}", "`touch %s`"):
        attack = braces.replace("%s", code)
        record = json.loads((run / "best.json").read_text("utf-8"))
        record |= {"name": attack, "versions": {attack: attack}, "fingerprint": attack}
        (run / "best.json").write_text(json.dumps(record), encoding="utf-8")
        change_first_trial(run, status="failed", score=None, error=attack)
        assert read_everything(run)[0].exit_code == 0
    assert not canary.exists()
    assert "__import__(&#39;pathlib&#39;)" in (run.parent / "out.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("key", "value"),
    [("score", "1"), ("score", []), ("parameters", {}), ("seconds", None), ("error", 1), ("metrics", {"a": "b"})],
)
def test_trial_of_wrong_types_is_refused(run: Path, key: str, value: Any) -> None:
    lines = (run / "trials.jsonl").read_text("utf-8").splitlines()
    changed = {**json.loads(lines[0]), key: value}
    (run / "trials.jsonl").write_text("\n".join([json.dumps(changed), *lines[1:]]) + "\n", encoding="utf-8")
    done = invoke("report", run, "-o", run.parent / "out.html")
    assert done.exit_code == 2 and "trials.jsonl, line 1" in done.stderr


def test_formula_in_csv_stays_text(run: Path) -> None:
    change_first_trial(run, status="failed", score=None, error="=cmd|'/c calc'!A1", metrics={"=1+1": 0.5})
    assert invoke("export", run, "-o", run.parent / "out.csv").exit_code == 0
    import csv

    rows = list(csv.reader(io.StringIO((run.parent / "out.csv").read_text("utf-8"))))
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)
    assert "'=cmd|'/c calc'!A1" in rows[-1]


def test_formula_in_predictions_stays_text(run: Path, tmp_path: Path) -> None:
    import csv

    (tmp_path / "in.csv").write_text("=seq\n" + "ACGT" * 15 + "\n", encoding="utf-8")
    classes = '=HYPERLINK("x"),+1+1,@SUM(1)'
    done = invoke("predict", run, tmp_path / "in.csv", "--sequence", "=seq", "--classes", classes)
    assert done.exit_code == 0, done.stderr
    heading, row = csv.reader(io.StringIO(done.stdout))
    assert heading[:4] == ["'=seq", '\'=HYPERLINK("x")', "'+1+1", "'@SUM(1)"]
    assert all(0 <= float(value) <= 1 for value in row[1:4]) and row[4] in heading[1:4]


def test_plugin_runs_only_where_the_command_line_names_it(tmp_path: Path, canary: Path) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(f"open({str(canary)!r}, 'w').close()\n", encoding="utf-8")
    path = tmp_path / "tiny.yaml"
    for line in (f"plugin: {plugin}", f"plugins: [{plugin}]"):
        path.write_text(f"{TINY}{line}\n", encoding="utf-8")
        done = invoke("sample", path)
        assert done.exit_code == 2 and "unknown key" in done.stderr
    assert not canary.exists()
    path.write_text(TINY, encoding="utf-8")
    done = invoke("--plugin", plugin, "sample", path)
    assert done.exit_code == 0 and canary.exists(), done.stderr


def test_plugin_registers_what_a_configuration_then_names(tmp_path: Path) -> None:
    plugin = tmp_path / "lab.py"
    plugin.write_text(
        "from amber.experiment.builders import BUILDERS, ResidualCnnOptions, register_builder\n"
        "register_builder('lab_cnn', ResidualCnnOptions, BUILDERS.get('residual_cnn').make)\n",
        encoding="utf-8",
    )
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace("residual_cnn", "lab_cnn"), encoding="utf-8")
    command = "from amber.cli.main import main; main()"
    refused = run_code(command, "sample", path)
    assert refused.returncode == 2 and "lab_cnn" in refused.stderr
    done = run_code(command, "--plugin", plugin, "sample", path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["no_such_module_of_mine", "no/such/file.py"])
def test_plugin_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    done = invoke("--plugin", name, "sample", path)
    assert done.exit_code == 2 and name in done.stderr

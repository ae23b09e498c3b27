"""An experiment from Python: resolved without training or writing, refused with the place, run as the command runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import pytest
import yaml
from tests.cli.conftest import DRAWS

import amber
from amber import Experiment
from amber.architect import BranchedModelSpace, ModelSpace
from amber.data import MotifTask, Simulation, TargetSpec, load_blocks, load_dataset, load_simulated
from amber.errors import AmberError, ConfigError, DataError, StorageError
from amber.experiment import ExperimentResult, RunOptions, load_config, resolve, run
from amber.search import RunDirectory

WriteConfig = Callable[..., Path]


def without_times(run_directory: Path) -> list[dict[str, Any]]:
    """What a search found, but for how long it took."""
    return [
        {key: value for key, value in trial.to_dict().items() if key not in ("seconds", "started", "ended")}
        for trial in RunDirectory.open(run_directory).trials()
    ]


@pytest.mark.slow
def test_runs_as_the_command_does_and_begins_its_directory_once(
    finished_run: Path, write_config: WriteConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = Experiment.from_yaml(write_config(), run_directory=tmp_path / "run")
    begun: list[str] = []
    begin = RunDirectory.begin

    def noted(directory: RunDirectory, *arguments: Any, **options: Any) -> Any:
        begun.append(str(directory.path))
        return begin(directory, *arguments, **options)

    monkeypatch.setattr(RunDirectory, "begin", noted)
    monkeypatch.setattr("amber.experiment.final.scoring._DRAWS", DRAWS)
    found = amber.run(experiment)
    assert isinstance(found, ExperimentResult) and found.search is not None and not found.interrupted
    assert begun == [str(tmp_path / "run")]
    assert without_times(found.run_directory) == without_times(finished_run)
    tests = [json.loads((each / "test.json").read_text()) for each in (found.run_directory, finished_run)]
    assert tests[0] == tests[1]
    assert sorted(each.name for each in found.run_directory.iterdir()) == sorted(
        each.name for each in finished_run.iterdir()
    )
    assert found.best_model.is_file()


def test_resolve_trains_nothing_and_writes_nothing(
    write_config: WriteConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: pytest.fail("resolve trained"))
    monkeypatch.chdir(tmp_path)
    config = write_config()
    before = sorted(tmp_path.rglob("*"))
    experiment = resolve(load_config(config), RunOptions(seed=5, trials=4, storage=f"sqlite:///{tmp_path}/no.db"))
    assert experiment.configuration.config.seed == 5 and experiment.configuration.config.search.trials == 4
    assert experiment.run_directory == Path("runs/tiny")
    assert sorted(each for each in tmp_path.rglob("*") if each.name != "no.db") == before
    assert not (tmp_path / "no.db").exists() or not (tmp_path / "no.db").stat().st_size
    heads = [line.split()[0] for line in experiment.summary]
    assert heads[:3] == ["Task", "Data", "Runs"] and "Space" in heads and experiment.dataset.test_opened == 0


def changed(text: str, before: str, after: str) -> str:
    assert before in text
    return text.replace(before, after)


REFUSED = {
    "unknown key": ("trials: 2", "trails: 2", ("search", "trails")),
    "metric": ("trials: 2", "trials: 2\n  metric: val_nothing", ("search", "metric")),
    "label": ("name: tiny", "name: tiny\ndata:\n  label: nothing", ("data", "label")),
    "file": ("name: tiny", "name: tiny\ndata:\n  source: nothing.csv", ("data", "source")),
    "kind of label": ("name: tiny", "name: tiny\ndata: {task: regression}", ("data",)),
    "loss": ("batch_size: 256", "batch_size: 256\n  loss: hinge", ("training", "loss")),
    "name of a metric": ("batch_size: 256", "batch_size: 256\n  metrics: [r2]", ("training", "metrics", 0)),
    "optimizer": ("batch_size: 256", "batch_size: 256\n  optimizer: adams", ("training", "optimizer")),
    "workers": ("trials: 2", "trials: 2\n  workers: 3", ("search", "workers")),
    "pruner": ("trials: 2", "trials: 2\n  pruner: median\n  pruner_options: {x: 1}", ("search", "pruner_options", "x")),
    "pruner of a reward": ("trials: 2", "trials: 2\n  pruner: median\n  reward: auroc", ("search", "pruner")),
    "value of an option": (
        "sampler: random",
        "sampler: tpe\n  sampler_options: {startup_trials: many}",
        ("search", "sampler_options", "startup_trials"),
    ),
    "supernet": (
        "type: residual_cnn\n  fc_units: 8\n  flatten_mode: GAP",
        "type: sequential\n  flatten: true",
        ("search", "strategy"),
    ),
    "space": ("filters: 4, kernel_size: 4}", "filters: 5, kernel_size: 4}", ("model_space", 1, "candidates")),
    "run directory": ("name: tiny", "name: tiny\nrun_directory: FILE", ("run_directory",)),
    "address": ("trials: 2", "trials: 2\n  storage: 'what://x'", ("search", "storage")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_every_refusal_comes_at_resolve_with_its_place(
    case: str, tiny: str, write_config: WriteConfig, tmp_path: Path
) -> None:
    before, after, field = REFUSED[case]
    (tmp_path / "file").write_text("")
    text = changed(tiny, before, after.replace("FILE", str(tmp_path / "file")))
    if case == "supernet":
        text = changed(text, "sampler: random\n  trials: 2", "strategy: one_shot")
    config = write_config(text)
    options = {} if case == "run directory" else {"run_directory": tmp_path / "run"}
    with pytest.raises(AmberError) as refusal:
        Experiment.from_yaml(config, **options)
    key = next(str(part) for part in reversed(field) if isinstance(part, str))
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if f"{key}:" in line]
    assert refusal.value.field == field
    assert refusal.value.file == str(config)
    assert refusal.value.line in lines or (case == "space" and refusal.value.line == 7)
    assert not (tmp_path / "run").exists()


def test_changed_setting_of_a_resumed_search_is_refused_at_resolve(
    finished_run: Path, tiny: str, write_config: WriteConfig
) -> None:
    before = {path.name: path.read_bytes() for path in finished_run.iterdir() if path.is_file()}
    config = write_config(changed(tiny, "  epochs: 1\n  batch_size: 256", "  epochs: 3\n  batch_size: 256"))
    with pytest.raises(ConfigError, match="began with 1") as refusal:
        Experiment.from_yaml(config, run_directory=finished_run, resume=True)
    assert refusal.value.field == ("training", "epochs") and refusal.value.file == str(config)
    with pytest.raises(StorageError, match="--resume") as refused:
        Experiment.from_yaml(config, run_directory=finished_run)
    assert refused.value.field == ("run_directory",)
    experiment = Experiment.from_yaml(config, run_directory=finished_run, resume=True, allow_changes=True)
    assert experiment.configuration.config.training.epochs == 3
    assert {path.name: path.read_bytes() for path in finished_run.iterdir() if path.is_file()} == before


def test_dictionary_means_what_its_file_means(tiny: str, write_config: WriteConfig, tmp_path: Path) -> None:
    sections = yaml.safe_load(tiny)
    sections["model_space"] = ModelSpace.from_dict(
        [*sections["model_space"][:1], sections["model_space"][1]["candidates"]]
    )
    of_dict = Experiment.from_dict(sections, run_directory=tmp_path / "run")
    of_file = Experiment.from_yaml(write_config(), run_directory=tmp_path / "run")
    assert of_dict.settings["training"] == of_file.settings["training"]
    assert of_dict.settings["data_fingerprint"] == of_file.settings["data_fingerprint"]
    assert of_dict.configuration.space.to_dict() == of_file.configuration.space.to_dict()
    assert of_dict.configuration.builder_options == of_file.configuration.builder_options


def test_mistake_in_a_dictionary_names_its_key_and_no_line(tiny: str, tmp_path: Path) -> None:
    sections = yaml.safe_load(tiny)
    sections["search"]["trials"] = 0
    with pytest.raises(ConfigError, match=r"^configuration, key search.trials: expected") as refusal:
        Experiment.from_dict(sections, run_directory=tmp_path / "run")
    assert (refusal.value.field, refusal.value.file, refusal.value.line) == (("search", "trials"), "", None)
    with pytest.raises(ConfigError, match="as a file could hold it") as refusal:
        Experiment.from_dict({**sections, "builder": {"type": len}}, run_directory=tmp_path / "run")
    assert refusal.value.field == ("builder", "type")


def test_relative_data_of_a_dictionary_count_from_its_folder(tiny: str, tmp_path: Path) -> None:
    sections = {**yaml.safe_load(tiny), "data": {"source": "mine.csv"}}
    with pytest.raises(ConfigError, match="there is no") as refusal:
        Experiment.from_dict(sections, folder=tmp_path, run_directory=tmp_path / "run")
    assert str(tmp_path / "mine.csv") in str(refusal.value)


@pytest.mark.slow
def test_objects_are_run_and_their_run_is_read_again(
    amber: Callable[..., Any], tiny: str, finished_run: Path, tmp_path: Path
) -> None:
    sections = yaml.safe_load(tiny)
    layers = [sections["model_space"][0], sections["model_space"][1]["candidates"]]
    data = load_dataset("splice")
    experiment = Experiment.from_objects(
        replace(data, path=None, name="mine"),
        ModelSpace.from_dict(layers),
        run_directory=tmp_path / "run",
        sections={name: sections[name] for name in ("seed", "builder", "training", "search", "final")},
    )
    found = run(experiment)
    assert [(each["tokens"], each["score"]) for each in without_times(found.run_directory)] == [
        (each["tokens"], each["score"]) for each in without_times(finished_run)
    ]
    described = amber("describe", found.run_directory)
    assert described.exit_code == 0, described.stderr
    with pytest.raises(DataError, match="looked at once"):
        experiment.dataset.open_test()


def test_several_inputs_and_outputs_may_be_objects(tmp_path: Path) -> None:
    dense = ModelSpace.from_dict([[{"Layer_type": "dense", "units": units} for units in (4, 8)]])
    blocks = load_blocks("mfeat", {"a": "fou_*", "b": "zer_*"}, {"digit": TargetSpec("digit")}, split="random", seed=0)
    of_blocks = Experiment.from_objects(blocks, dense, run_directory=tmp_path / "run")
    assert of_blocks.configuration.builder_type == "dag" and list(of_blocks.task.inputs) == ["a", "b"]
    branched = BranchedModelSpace([[dense, dense], dense])
    of_branches = Experiment.from_objects(blocks, branched, run_directory=tmp_path / "run")
    assert of_branches.configuration.builder_type == "branch"
    with pytest.raises(ConfigError, match="expected one input") as refusal:
        one = {"builder": {"type": "sequential"}}
        Experiment.from_objects(blocks, dense, run_directory=tmp_path / "run", sections=one)
    assert refusal.value.field == ("builder", "type") and "gpus" not in str(refusal.value)
    tasks = {"one": MotifTask(["m"]), "two": MotifTask(["n"])}
    simulation = Simulation(records=200, length=30, motifs={"m": "ACGTAC", "n": "TTGGCC"}, tasks=tasks)
    of_tasks = Experiment.from_objects(
        load_simulated(simulation, outputs={name: name for name in tasks}),
        ModelSpace.from_dict([[{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}], [{"Layer_type": "flatten"}]]),
        run_directory=tmp_path / "run",
        sections={"data": {"outputs": {"one": {"weight": 2.0}}}},
    )
    assert of_tasks.configuration.builder_type == "multi_io"
    assert of_tasks.builder.model_compile_dict["loss_weights"] == {"one": 2.0, "two": 1.0}


@pytest.mark.parametrize(
    ("sections", "field"),
    [({"data": {"label": "x"}}, ("data", "label")), ({"model_space": []}, ("model_space",)), ({"seed": -1}, ("seed",))],
)
def test_sections_beside_objects_are_checked(sections: dict[str, Any], field: tuple[str, ...], tmp_path: Path) -> None:
    space = ModelSpace.from_dict([[{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3}]])
    with pytest.raises(ConfigError) as refusal:
        Experiment.from_objects(load_dataset("splice"), space, run_directory=tmp_path / "run", sections=sections)
    assert refusal.value.field == field


@pytest.mark.parametrize("options", [{"resume": True, "overwrite": True}, {"allow_changes": True}])
def test_options_that_exclude_each_other_are_refused(options: dict[str, bool]) -> None:
    with pytest.raises(ConfigError, match="Received: "):
        RunOptions(**options)

"""The network in the middle of every preset learns a motif that was planted into 400 bp."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from amber.architect import BranchedModelSpace, ModelSpace
from amber.data import MotifTask, Simulation, load_simulated
from amber.experiment.builders import BUILDERS, BuilderRequest
from amber.experiment.task_spec import TaskSpec
from amber.modeler import ModelBuilder
from amber.presets import PRESETS, DataFacts, preset_space
from amber.training.settings import FitSettings
from amber.training.train import train_model

LENGTH, EPOCHS = 400, 6


def middle_builder(name: str, inputs: dict[str, tuple[int, ...]], examples: int) -> ModelBuilder:
    found = preset_space(name, DataFacts(inputs, examples))
    space: Any
    if isinstance(found.model_space, dict):
        branches = [ModelSpace.from_dict(each) for each in found.model_space["branches"].values()]
        space = BranchedModelSpace([branches, ModelSpace.from_dict(found.model_space["stem"])], "concatenate")
    else:
        space = ModelSpace.from_dict(found.model_space)
    entry = BUILDERS.get(found.builder["type"])
    task = TaskSpec(inputs, {"output": ("negative", "positive")})
    compiled = {"optimizer": keras.optimizers.Adam(0.003), "loss": "sparse_categorical_crossentropy"}
    return entry.make(BuilderRequest(space, entry.options.model_validate(found.builder), task, compiled))


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS.names())
def test_the_middle_network_learns_a_planted_motif(name: str) -> None:
    simulation = Simulation(
        records=10_000, length=LENGTH, motifs={"site": "TGACGTCATC"}, tasks={"bound": MotifTask(["site"])}, seed=3
    )
    dataset = load_simulated(simulation)
    inputs: dict[str, tuple[int, ...]] = {"input": (LENGTH, 4)}
    given = {"train": dataset.train.x, "validation": dataset.validation.x}
    if name == "feature_groups":
        inputs["age"] = (1,)
        rng = np.random.default_rng(0)
        given = {part: {"input": x, "age": rng.normal(size=(len(x), 1))} for part, x in given.items()}
    builder = middle_builder(name, inputs, len(dataset.train))
    tokens = [size // 2 for size in builder.layout.sizes]
    settings = FitSettings(metric="val_loss", direction="minimize", epochs=EPOCHS, batch_size=64, patience=3)
    train, validation = (given["train"], dataset.train.y), (given["validation"], dataset.validation.y)
    trained = train_model(lambda: builder(tokens), train, validation, settings, seed=1)
    predicted = trained.model.predict(given["validation"], verbose=0)[:, 1]
    area = roc_auc_score(dataset.validation.y, predicted)
    assert area > 0.8, f"{name}: AUROC {area:.3f}, {trained.model.count_params():,} parameters"

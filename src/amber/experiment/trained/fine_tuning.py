"""Train the network of a run or a bundle on new data: all its layers, or the last ones, with new outputs if need be."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, Self, TypeAlias, TypeVar

import numpy as np

from amber.data import Dataset, Scaling, Split
from amber.data.batches.streamed import StreamedProfile
from amber.data.dataset import TestVault
from amber.data.targets.target import MISSING_NUMBER, Binary, Labels, Numbers, Outcome
from amber.display import one_line
from amber.errors import ConfigError
from amber.experiment.configuration.of_objects import configuration_of_objects
from amber.experiment.configuration.reading import Configuration, load_config
from amber.experiment.data import load_data, text_with_data_file
from amber.experiment.final.scores import FinalScores, score_final
from amber.experiment.final.training import FinalModel
from amber.experiment.task_settings import for_task
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.bundle_contents import Bundle, BundleContents, Predicting
from amber.experiment.trained.files import check_bundle_folder, origin_name
from amber.experiment.trained.known_data import check_columns, check_inputs
from amber.experiment.trained.preprocessing import Preprocessing
from amber.types import Array, Inputs, Tokens
from amber.wording import shown

if TYPE_CHECKING:
    import keras

Layers = Literal["all", "last"]
NewData: TypeAlias = "Dataset | str | os.PathLike[str]"
"""A data set, or the path of a configuration that names one."""

LAYERS: tuple[Layers, ...] = ("all", "last")
# Weights that are trained already change little: a tenth of the rate that new ones begin with.
_RATES: Mapping[Layers, float] = {"all": 1e-4, "last": 1e-3}


class Trained(Predicting, Protocol):
    """A network with its preprocessing, as `amber.load` gives it."""

    @property
    def path(self) -> Path:
        """What it was loaded from."""

    def with_network(self, network: keras.Model, preprocessing: Preprocessing) -> Self:
        """Return another network of the same origin."""


TrainedT = TypeVar("TrainedT", bound=Trained)


@dataclass(frozen=True)
class FineTuned(Generic[TrainedT]):
    """A network that was trained further.

    Attributes:
        model: it, with its preprocessing.
        dataset: what it was trained on.
        configuration: of that.
        scores: on the test part, beside a linear model.
        kept: outputs whose last layer was kept; all others are new.
        epochs: of training.
        layers: that were trained.
    """

    model: TrainedT
    dataset: Dataset
    configuration: Configuration
    scores: FinalScores
    kept: tuple[str, ...]
    epochs: int
    layers: Layers
    __repr__ = one_line

    def write(self, folder: Path) -> Bundle:
        """Write a bundle, as `amber export` does.

        Args:
            folder: created where it is missing; one that holds anything but a bundle is refused.

        Raises:
            ConfigError: a folder with other files in it.
            StorageError: it cannot be written.
        """
        from amber.search.best import software_versions

        check_bundle_folder(folder)
        network, origin = self.model.network, origin_name(self.model.path)
        record = {
            "description": f"that of {origin}, trained further",
            "parameters": int(network.count_params()),
            "versions": software_versions(),
            "looks": 1,
        }
        contents = BundleContents(
            model=self.model,
            save=network.save,
            name=self.configuration.config.name,
            record=record,
            scores=self.scores.record,
            config=text_with_data_file(self.configuration, self.dataset),
            dataset=self.dataset,
            fine_tuned=f"from {origin}: {_which(self.layers)}; epochs: {self.epochs:,}{_new(self.dataset, self.kept)}",
        )
        return contents.write(folder)


@dataclass(frozen=True)
class Prepared:
    """What a network is trained further with, checked against its preprocessing.

    Attributes:
        configuration: with the settings of this training.
        dataset: scaled as the network knows numbers.
        preprocessing: of the network that there will be.
        kept: outputs whose last layer is kept.
        layers: that are trained.
    """

    configuration: Configuration
    dataset: Dataset
    preprocessing: Preprocessing
    kept: tuple[str, ...]
    layers: Layers


def fine_tune(
    model: TrainedT,
    data: NewData,
    *,
    layers: Layers = "all",
    learning_rate: float | None = None,
    say: Callable[[str], None] | None = None,
    **final: Any,
) -> FineTuned[TrainedT]:
    """Train a network further on new data; the given one stays as it is.

    Outputs of the same name with the same classes or labels, and numbers, keep their last layer; others get a new one.
    Numbers among the inputs are scaled as the network knows them.

    Args:
        model: of a run or a bundle.
        data: a data set, or the path of a configuration; of this, `data`, `training` and `final` count.
        layers: `all` are trained, or the `last` ones only.
        learning_rate: of the optimizer; None: that of the configuration, else 1e-4 for all layers, 1e-3 for the last.
        say: takes lines for the user.
        **final: settings of the section `final` that take precedence: `epochs`, `patience`, `batch_size`.

    Returns:
        The network with its scores on the test part of the new data, which is opened for that.

    Raises:
        ConfigError: a setting that does not fit, or a mistake in the configuration.
        DataError: data that the network cannot read.
    """
    return trained_on(model, prepare(model.preprocessing, model.path, data, layers, learning_rate, **final), say)


def prepare(
    known: Preprocessing, path: Path, data: NewData, layers: Layers, learning_rate: float | None = None, **final: Any
) -> Prepared:
    """Read new data and check that a network can read them, without loading it; for the arguments see `fine_tune`.

    Args:
        known: preprocessing of the network.
        path: of the network, for messages.
        data: a data set, or the path of a configuration.
        layers: that are trained.
        learning_rate: of the optimizer.
        **final: settings that take precedence.

    Raises:
        ConfigError: a setting that does not fit, or a mistake in the configuration.
        DataError: data that the network cannot read.
    """
    if layers not in LAYERS:
        raise ConfigError(f"`layers` must be one of {', '.join(LAYERS)}. Received: {shown(layers)}")
    loaded = _with_settings(_configuration(data), layers, learning_rate, final)
    dataset = _with_known_heads(load_data(loaded), known.task)
    loaded = for_task(loaded, TaskSpec.of(dataset))
    with nullcontext() if isinstance(data, Dataset) else loaded.placing(("data",)):
        check_inputs(known, dataset, str(path))
        check_columns(known, dataset, str(path))
    kept = _kept(known, dataset)
    dataset = _scaled_as_before(dataset, known, kept)
    preprocessing = replace(
        known,
        task=TaskSpec(known.task.inputs, TaskSpec.of(dataset).outputs),
        output_scaling={each.name: each.scaling for each in dataset.targets if each.scaling is not None},
    )
    return Prepared(loaded, dataset, preprocessing, kept, layers)


def trained_on(model: TrainedT, prepared: Prepared, say: Callable[[str], None] | None = None) -> FineTuned[TrainedT]:
    """Return a network trained further on what was prepared for it, with its scores.

    Args:
        model: whose preprocessing was prepared for.
        prepared: data and settings.
        say: takes lines for the user.
    """
    loaded, dataset, kept = prepared.configuration, prepared.dataset, prepared.kept
    (say or _ignore)(_said(dataset, kept, prepared.layers))
    network, history = _trained(model, loaded, dataset, kept, prepared.layers)
    epochs = len(history["loss"])
    final_model = FinalModel(network, (network,), (epochs,), histories=(history,))
    scores = score_final(loaded, dataset, final_model, str(model.path))
    tuned = model.with_network(network, prepared.preprocessing)
    return FineTuned(tuned, dataset, loaded, scores, kept, epochs, prepared.layers)


def _configuration(data: NewData) -> Configuration:
    if isinstance(data, Dataset):
        return configuration_of_objects(data, "auto", {})
    if not isinstance(data, (str, os.PathLike)):
        raise ConfigError(
            "`data` must be a Dataset, such as `amber.data.from_arrays.dataset_from_arrays(x, y)`, or the path of a "
            f"configuration. Received: {shown(data)}"
        )
    return load_config(data)


def _with_settings(
    loaded: Configuration, layers: Layers, learning_rate: float | None, final: Mapping[str, Any]
) -> Configuration:
    """Return a configuration with the settings of this training; raise ConfigError for one out of range."""
    config = loaded.config
    unknown = sorted(set(final) - {"epochs", "patience", "batch_size"})
    if unknown:
        raise ConfigError(f"Expected the settings epochs, patience, batch_size. Received: {', '.join(unknown)}")
    if learning_rate is not None and not learning_rate > 0:
        raise ConfigError(f"`learning_rate` must be above 0. Received: {shown(learning_rate)}")
    for name, value in final.items():
        if value is not None and (type(value) is not int or value < 1):
            raise ConfigError(f"`{name}` must be a positive integer. Received: {shown(value)}")
    if "learning_rate" in config.training.model_fields_set and learning_rate is None:
        learning_rate = config.training.learning_rate
    given = {name: value for name, value in final.items() if value is not None or name == "patience"}
    training = config.training.model_copy(update={"learning_rate": learning_rate or _RATES[layers]})
    # One network is trained, on the training part: the validation part says when to stop.
    alone = {"candidates": 1, "ensemble": 1, "linear_term": False, "data": "train"}
    updated = {"training": training, "final": config.final.model_copy(update={**given, **alone})}
    return replace(loaded, config=config.model_copy(update=updated))


def _with_known_heads(dataset: Dataset, task: TaskSpec) -> Dataset:
    """Return the data with a softmax over two classes, or a sigmoid, as the network has for the same ones."""
    known = {name: each for name, each in task.outputs.items() if isinstance(each, tuple)}
    targets = [
        replace(each, softmax=not isinstance(known[each.name], Binary))
        if each.name in known and each.classes == tuple(known[each.name])
        else each
        for each in dataset.targets
    ]
    return replace(dataset, targets=tuple(targets))


def _kept(preprocessing: Preprocessing, dataset: Dataset) -> tuple[str, ...]:
    """Return the outputs that mean what they meant."""
    before, now = preprocessing.task.outputs, TaskSpec.of(dataset).outputs
    return tuple(name for name, outcome in now.items() if name in before and _same(before[name], outcome))


def _same(one: Outcome, other: Outcome) -> bool:
    return _known_wholly(one) == _known_wholly(other)


def _known_wholly(outcome: Outcome) -> Outcome:
    """Return an outcome of which no value is missing: that does not change what an output means."""
    return replace(outcome, missing=False) if isinstance(outcome, (Labels, Numbers)) else outcome


def _scaled_as_before(dataset: Dataset, preprocessing: Preprocessing, kept: Sequence[str]) -> Dataset:
    """Return the data with the scaling that the network was trained with: of inputs, and of outputs that are kept."""
    known = {name: each for name, each in preprocessing.output_scaling.items() if name in kept}
    inputs = {name: (dataset.scaling[name], preprocessing.scaling[name]) for name in dataset.scaling}
    outputs = {
        each.name: (each.scaling, known[each.name])
        for each in dataset.targets
        if each.scaling is not None and each.name in known
    }
    if not inputs and not outputs:
        return dataset
    alone = dataset.targets[0].name

    def part(split: Split) -> Split:
        return replace(split, x=_rescaled(split.x, inputs), y=_rescaled(split.y, outputs, alone))

    return replace(
        dataset,
        train=part(dataset.train),
        validation=part(dataset.validation),
        test=TestVault(part(dataset.open_test()), dataset.name),
        scaling={name: after for name, (_, after) in inputs.items()},
        targets=tuple(replace(each, scaling=known.get(each.name, each.scaling)) for each in dataset.targets),
    )


def _rescaled(values: Inputs, scalings: Mapping[str, tuple[Scaling, Scaling]], alone: str = "") -> Inputs:
    def changed(array: Array, name: str) -> Array:
        if name not in scalings:
            return array
        if isinstance(array, StreamedProfile):
            return replace(array, values=changed(array.values, name))
        before, after = scalings[name]
        return np.where(array > MISSING_NUMBER / 2, after.apply(before.invert(array)), np.float32(MISSING_NUMBER))

    if isinstance(values, Mapping):
        return {name: changed(array, name) for name, array in values.items()}
    return changed(values, alone or next(iter(scalings), ""))


def _trained(
    model: Trained, loaded: Configuration, dataset: Dataset, kept: Sequence[str], layers: Layers
) -> tuple[keras.Model, dict[str, list[float]]]:
    from amber.experiment.components import compile_arguments
    from amber.modeler.heads import Head, train_last_layers_only, with_heads
    from amber.modeler.model_files import load_model_file
    from amber.training.train import retrain

    task = TaskSpec.of(dataset)
    positions = {name: number for number, name in enumerate(model.preprocessing.task.outputs)}
    heads: dict[str, Head] = {
        str(each.Layer_attributes["name"]): (
            positions[str(each.Layer_attributes["name"])] if each.Layer_attributes["name"] in kept else each
        )
        for each in task.output_operations()
    }

    def build(_: Tokens) -> keras.Model:
        with tempfile.TemporaryDirectory() as folder:
            model.network.save(Path(folder) / "copy.keras")
            copy = load_model_file(Path(folder) / "copy.keras")
        network = with_heads(copy, heads)
        train_last_layers_only(network, layers == "last")
        network.compile(**compile_arguments(loaded, problem=task))
        return network

    final = loaded.config.final
    network, history = retrain(
        build,
        (),
        (dataset.train.x, dataset.train.y),
        (dataset.validation.x, dataset.validation.y),
        epochs=final.epochs,
        seed=loaded.config.seed,
        batch_size=final.batch_size or loaded.config.training.batch_size,
        patience=final.patience,
        fit_kwargs=dataset.fit_arguments(dataset.train),
    )
    train_last_layers_only(network, False)
    return network, history


def _said(dataset: Dataset, kept: Sequence[str], layers: Layers) -> str:
    outputs = _new(dataset, kept) or "; its outputs are kept"
    return f"Training {_which(layers)} on {len(dataset.train):,} examples of {dataset.name}{outputs}"


def _which(layers: Layers) -> str:
    return "the last layers" if layers == "last" else "all layers"


def _new(dataset: Dataset, kept: Sequence[str]) -> str:
    new = [target.name for target in dataset.targets if target.name not in kept]
    return f"; new outputs: {', '.join(new)}" if new else ""


def _ignore(_: str) -> None:
    """Ignore what is reported."""

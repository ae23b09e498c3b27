"""A trained network for use: it takes sequences as text, and answers in classes, labels and units of the data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from amber.checks import boolean, checked_path, positive_integer
from amber.data.targets.target import by_class
from amber.errors import ConfigError, DataError
from amber.experiment.final.scoring import predictions
from amber.experiment.trained.files import KnownNetwork, genome_of, network_file
from amber.experiment.trained.preprocessing import Given, Preprocessing, names_of
from amber.experiment.trained.units import Unit
from amber.types import Array
from amber.wording import shortened, shown

if TYPE_CHECKING:
    import keras

    from amber.experiment.trained.fine_tuning import FineTuned, Layers, NewData
    from amber.experiment.variant_scoring import ScoredVariants

Predicted: TypeAlias = "Array | dict[str, Array]"
METHODS = ("deep_lift", "integrated_gradients", "gradient_times_input", "saliency", "mutagenesis")


@dataclass(frozen=True)
class TrainedModel:
    """The network of a run or a bundle, with its preprocessing.

    Attributes:
        path: what it was loaded from.
        network: the Keras model.
        preprocessing: how data become its inputs, and what its outputs mean.
    """

    path: Path
    network: keras.Model
    preprocessing: Preprocessing

    def __repr__(self) -> str:
        """Return the path, what is read and what is predicted, in one line."""
        inputs = ", ".join(f"{name} {shape}" for name, shape in self.preprocessing.task.inputs.items())
        named = self.outputs.items()
        outputs = "; ".join(name if kinds is None else f"{name} ({', '.join(kinds)})" for name, kinds in named)
        return f"TrainedModel('{self.path}': reads {shortened(inputs)}; predicts {shortened(outputs)})"

    @property
    def outputs(self) -> dict[str, tuple[str, ...] | None]:
        """Output -> its classes or labels, in the order of the predictions; None for a number."""
        outcomes = self.preprocessing.task.outputs
        return {name: None if each is None else names_of(each) for name, each in outcomes.items()}

    def predict(self, inputs: Given, *, both_strands: bool = False, batch_size: int = 256) -> Predicted:
        """Return the predictions for examples.

        Args:
            inputs: sequences as text, such as `["ACGT..."]`, or an array; several inputs by name.
            both_strands: return the mean of both strands of all inputs that are sequences.
            batch_size: examples per batch.

        Returns:
            Probabilities of shape `(n, classes or labels)`, or numbers in the units of the data, `(n,)`; with several
            outputs a dictionary of these.

        Raises:
            ConfigError: a batch size that is not a positive integer.
            DataError: inputs that are not the network's, or letters or lengths that do not fit.
        """
        boolean(both_strands, "both_strands")
        batch_size = positive_integer(batch_size, "batch_size")
        arrays = self.preprocessing.inputs(inputs)
        found = self._predicted(arrays, batch_size)
        if both_strands:
            other = self._predicted(self.preprocessing.other_strand(arrays), batch_size)
            found = self.preprocessing.mean_of_strands(found, other)
        named: dict[str, Array] = {}
        for (name, outcome), values in zip(self.preprocessing.task.outputs.items(), found, strict=True):
            scaling = self.preprocessing.output_scaling.get(name)
            in_units = by_class(outcome, values) if scaling is None else scaling.invert(values)
            named[name] = in_units[:, 0] if outcome is None else in_units
        return next(iter(named.values())) if len(named) == 1 else named

    def explain(
        self, inputs: Given, output: str | None = None, *, method: str = "deep_lift", **settings: Any
    ) -> Predicted:
        """Return what each base and number contributes to an output.

        Args:
            inputs: as for `predict`.
            output: the class, label or output, as `preprocessing.units()` calls it; by default the first.
            method: a function of `amber.explain`: `deep_lift` (default, against dinucleotide shuffles),
                `integrated_gradients`, `gradient_times_input`, `saliency` or `mutagenesis`.
            **settings: of that function, such as `references`, `hypothetical`, `both_strands`.

        Returns:
            An array of the shape of the inputs; with several inputs a dictionary of these.

        Raises:
            ConfigError: an unknown output, method or setting.
            DataError: inputs that do not fit.
        """
        if method not in METHODS:
            raise ConfigError(f"`method` must be one of {', '.join(METHODS)}. Received: {shown(method)}")
        from amber import explain

        arrays = self.preprocessing.inputs(inputs)
        examples = arrays if len(arrays) > 1 else next(iter(arrays.values()))
        if method in ("deep_lift", "integrated_gradients") and self.preprocessing.sequences:
            settings.setdefault("references", "shuffles")
        found = getattr(explain, method)(self.network, examples, output=self.place_of(self.unit(output)), **settings)
        return dict(found) if isinstance(found, Mapping) else np.asarray(found)

    def variants(
        self, calls: str | os.PathLike[str], genome: str | os.PathLike[str] | None = None, *, both_strands: bool = False
    ) -> ScoredVariants:
        """Predict windows with either allele for each variant of a VCF file; see `amber.explain.variants`.

        Args:
            calls: VCF or BCF file.
            genome: FASTA file of the genome that the variants were called on; None: that of the run.
            both_strands: predict each window as the mean of its two strands.

        Raises:
            ConfigError: no genome is given, and the run has none or it is not there any more.
            DataError: files that cannot be read, or a network that reads other than one input of DNA.
        """
        from amber.experiment.variant_scoring import check_input, read_calls, scored

        boolean(both_strands, "both_strands")
        file, given = checked_path(calls, "calls"), None if genome is None else checked_path(genome, "genome")
        check_input(self.preprocessing, self.path)
        fasta = genome_of(KnownNetwork(self.path).configuration, given, file, "`genome`")
        return scored(self.network, self.preprocessing, *read_calls(file, fasta), both_strands)

    def fine_tune(
        self,
        data: NewData,
        *,
        layers: Layers = "all",
        learning_rate: float | None = None,
        **final: Any,
    ) -> FineTuned[TrainedModel]:
        """Return this network trained further on new data, with its scores; this one stays as it is.

        Args:
            data: an `amber.data.Dataset`, or the path of a configuration.
            layers: `all` are trained, or the `last` ones only. Outputs that the data name otherwise, or that have other
                classes, get a new last layer.
            learning_rate: None: 1e-4 for all layers, 1e-3 for the last, or that of the configuration.
            **final: `epochs`, `patience`, `batch_size`.

        Raises:
            ConfigError: a setting that does not fit.
            DataError: data that the network cannot read.
        """
        from amber.experiment.trained.fine_tuning import fine_tune

        return fine_tune(self, data, layers=layers, learning_rate=learning_rate, **final)

    def with_network(self, network: keras.Model, preprocessing: Preprocessing) -> TrainedModel:
        """Return another network of the same origin."""
        return TrainedModel(self.path, network, preprocessing)

    def _predicted(self, arrays: Mapping[str, Array], batch_size: int) -> list[Array]:
        x = dict(arrays) if len(arrays) > 1 else next(iter(arrays.values()))
        return predictions(self.network, x, str(self.path), batch_size)

    def unit(self, output: str | None = None, argument: str = "`output`") -> Unit:
        """Return the class, label or output of this name; None: the first.

        Args:
            output: the name.
            argument: what messages call it.

        Raises:
            ConfigError: there is none of this name; lists those there are.
        """
        return self.preprocessing.unit(output, argument)

    def place_of(self, unit: Unit) -> tuple[int, int]:
        """Return the output and the unit in it, by position, as the functions of `amber.explain` take them."""
        first = 0
        for position, tensor in enumerate(self.network.outputs):
            size = int(tensor.shape[-1])
            if unit.column < first + size:
                return position, unit.column - first
            first += size
        raise DataError(f"{self.path}: the network has {first} outputs. Received: a description of more")


def load(path: str | os.PathLike[str]) -> TrainedModel:
    """Load the network of a run or a bundle, to predict, explain and score variants.

    Args:
        path: run directory, its `best.json` or `best.keras`, or a folder that `amber export` wrote.

    Raises:
        ConfigError: no such file; a damaged one; or a model file of which nothing else is known (load it with
            Keras).

    Example:
        ```
        model = amber.load("runs/yeast")
        model.predict(["ACGT..."])
        ```
    """
    source = checked_path(path, "path")
    file = network_file(source)
    preprocessing = KnownNetwork(source).required_preprocessing("; keras.saving.load_model loads it")
    from amber.modeler.model_files import load_model_file

    return TrainedModel(source, load_model_file(file), preprocessing)

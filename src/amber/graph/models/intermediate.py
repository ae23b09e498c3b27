"""A Keras model with intermediate outputs, which learn the labels of the final one.

What may be changed here: how data, losses and metrics that are given once reach every output. `per_output` spreads
them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

from amber.backend.bound_arguments import bind
from amber.backend.keras_internals.graphs import input_structure, output_structure
from amber.backend.models import ChildModel
from amber.checks import finite_number_at_least
from amber.errors import ConfigError
from amber.graph.models.batches import with_tuples
from amber.graph.models.named_inputs import MultiInputModel, NamedInputs
from amber.graph.models.per_output import (
    arrange_targets,
    spread_loss_weights,
    spread_losses,
    spread_metrics,
    spread_targets,
)
from amber.graph.models.report import FinalOutputNames, final_values, values_in_order
from amber.graph.node import ComputationNode
from amber.types import Tensor, TensorTree

AUX_LOSS_WEIGHT = 0.1

BlockLossMapping = dict[tuple[str, str], int | None]


def _page(
    self: object,
    nodes: Iterable[ComputationNode] | None = None,
    block_loss_mapping: Mapping[tuple[str, str], int | None] | None = None,
    *args: object,
    aux_loss_weight: float | Mapping[str, float] = AUX_LOSS_WEIGHT,
    **kwargs: object,
) -> None:
    """Return the arguments of DenseAddOutputChild in the order of the first AMBER."""


class GeneralChild(ChildModel):
    """Base of the children that are more than a plain functional model: a functional Keras model."""


@keras.saving.register_keras_serializable(package="amber")
class DenseAddOutputChild(NamedInputs, GeneralChild):
    """A functional Keras model of one final output and any number of intermediate ones.

    Labels, losses and metrics given once hold for every output (deep supervision, Lee et al. 2015). The loss of the
    final output has weight 1, those of the others 0.1, unless said otherwise here or in `compile(loss_weights=...)`.
    In `fit` the metrics of the final output are also reported under their plain names (`val_accuracy` beside
    `val_output_accuracy`), so that networks with and without intermediate outputs can be compared.

    Args:
        nodes: the computation nodes between inputs and outputs.
        block_loss_mapping: for the names of two inputs, the position in `evaluate(..., final_only=False)` of the loss
            where they first meet, or None for the final loss.
        *args: inputs, outputs and name, as of `keras.Model`: tensors, the final output first. As for `keras.Model`,
            inputs and outputs may also stand first, before the nodes.
        aux_loss_weight: weight of the losses of the intermediate outputs: one for all, or by name of output.
        **kwargs: the same as `args` by name, `inputs`, `outputs`, `name`, and the other arguments of `keras.Model`.

    Raises:
        ConfigError: a weight that is not a finite number of at least 0, or of an unknown output.
    """

    saved_as = None

    def __init__(self, *args: Any, **kwargs: object) -> None:
        first = ("inputs", "outputs", "name") if args and _are_tensors(args[0]) else ("nodes", "block_loss_mapping")
        order = (
            *first,
            *(name for name in ("nodes", "block_loss_mapping", "inputs", "outputs", "name") if name not in first),
        )
        given = dict(zip(order, args, strict=False))
        if len(args) > len(order) or given.keys() & kwargs.keys():
            raise TypeError(
                f"{type(self).__name__} takes {', '.join(order)} once each. Received: {len(args)} arguments"
            )
        given |= kwargs
        nodes, mapping = given.pop("nodes", None), given.pop("block_loss_mapping", None)
        aux_loss_weight = given.pop("aux_loss_weight", AUX_LOSS_WEIGHT)
        super().__init__(**given)
        weights = _check_weights(aux_loss_weight, self.output_names[1:])
        self._described = _Described(tuple(nodes or ()), dict(mapping or {}), weights)

    __init__.__signature__ = inspect.signature(_page)  # type: ignore[attr-defined]

    @property
    def nodes(self) -> list[ComputationNode]:
        """The computation nodes between inputs and outputs, in order."""
        return list(self._described.nodes)

    @property
    def block_loss_mapping(self) -> BlockLossMapping:
        """For the names of two inputs, where the loss of their first meeting stands; None: the final loss."""
        return dict(self._described.block_losses)

    @property
    def aux_loss_weights(self) -> dict[str, float]:
        """The weight of the loss of each intermediate output."""
        return dict(self._described.weights)

    @property
    def aux_loss_weight(self) -> float:
        """The weight of the losses of the intermediate outputs, the largest where they differ; 0 without any."""
        return max(self._described.weights.values(), default=0.0)

    def compile(
        self,
        optimizer: keras.optimizers.Optimizer = "rmsprop",
        loss: object = None,
        loss_weights: object = None,
        metrics: object = None,
        weighted_metrics: object = None,
        **options: object,
    ) -> None:
        """As `keras.Model.compile`; what is given once holds for every output.

        Args:
            optimizer: as in Keras.
            loss: one for all outputs, or a list or dictionary of them.
            loss_weights: a list or dictionary, instead of 1 and `aux_loss_weight`.
            metrics: a list for every output, a list of lists, or a dictionary by name of output.
            weighted_metrics: the same.
            **options: as in Keras.

        Raises:
            ConfigError: a list of another length, or a name that is not an output.
        """
        if len(self.output_names) > 1:
            names = self.output_names
            loss_weights = spread_loss_weights(loss_weights, names, self._described.weights) if loss else loss_weights
            loss = spread_losses(loss, names)
            metrics = spread_metrics(metrics, names, "metrics")
            weighted_metrics = spread_metrics(weighted_metrics, names, "weighted_metrics")
        super().compile(
            optimizer=optimizer,
            loss=loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            **options,
        )

    def fit(self, *arguments: object, **named: object) -> Any:
        """As `keras.Model.fit`; labels given once, or for some outputs by name, reach every output."""
        options = self._arranged(bind(keras.Model.fit, self, arguments, named))
        validation = options.get("validation_data")
        if isinstance(validation, (tuple, list)):
            given = self._arranged(dict(zip(("x", "y", "sample_weight"), validation, strict=False)))
            options["validation_data"] = tuple(given.values())
        elif validation is not None:
            options["validation_data"] = with_tuples(validation)
        callbacks = options.get("callbacks")
        if len(self.output_names) > 1 and not isinstance(callbacks, keras.callbacks.CallbackList):
            given = keras.tree.flatten(callbacks) if callbacks else []
            options["callbacks"] = [FinalOutputNames(self.output_names), *given]
        return super().fit(**options)

    def evaluate(self, x: Any = None, y: Any = None, final_only: Any = True, *args: Any, **kwargs: object) -> Any:
        """As `keras.Model.evaluate`.

        Args:
            x: as in Keras.
            y: as in Keras.
            final_only: True or False; anything else in its place is Keras's next argument, `batch_size`. True: the loss
                and metrics of the final output alone, under their plain names. False: the total loss, the loss of each
                output, then the metrics of each output.
            *args: the other arguments of `keras.Model.evaluate`, in its order.
            **kwargs: the same by name.

        Returns:
            A list of numbers, or with `return_dict=True` a dictionary. With one output, what Keras gives.
        """
        final_only, args = _apart(final_only, args)
        # Within `fit` Keras passes a cached data set of the model itself, and wants all there is.
        if "_use_cached_eval_dataset" in kwargs:
            return super().evaluate(x, y, *args, **kwargs)
        options = self._arranged(bind(keras.Model.evaluate, self, (x, y, *args), kwargs))
        if len(self.output_names) == 1:
            return super().evaluate(**options)
        as_dictionary = options.pop("return_dict", False)
        found = super().evaluate(**options, return_dict=True)
        # Keras sorts what it reports by name; the list is in the order of the metrics given.
        found = {name: found[name] for name in self.get_metrics_result() if name in found} | found
        if final_only:
            found = final_values(found, self.output_names)
            return found if as_dictionary else list(found.values())
        return found if as_dictionary else values_in_order(found, self.output_names)

    def predict(self, x: Any, final_only: Any = True, *args: Any, **kwargs: object) -> Any:
        """As `keras.Model.predict`.

        Args:
            x: as in Keras.
            final_only: True or False; anything else in its place is Keras's next argument, `batch_size`. True: the
                final output alone. False: a list of all of them.
            *args: the other arguments of `keras.Model.predict`, in its order.
            **kwargs: the same by name.
        """
        final_only, args = _apart(final_only, args)
        found: Any = super().predict(x, *args, **kwargs)
        return found[0] if final_only and len(self.output_names) > 1 else found

    def final_model(self) -> keras.Model:
        """Return the network of the final output alone, over the same layers and weights, not compiled.

        It is saved as Keras's own Functional, and so loads where AMBER is not installed.
        """
        make = MultiInputModel if len(self.inputs) > 1 else ChildModel
        return make(input_structure(self), self.outputs[0], name=self.name)

    # The two below see what reaches a step: batches of any kind of data. JAX passes its state first.
    def train_step(self, *arguments: object) -> Any:
        """As `keras.Model.train_step`."""
        return super().train_step(*arguments[:-1], self._spread(arguments[-1]))

    def test_step(self, *arguments: object) -> Any:
        """As `keras.Model.test_step`."""
        return super().test_step(*arguments[:-1], self._spread(arguments[-1]))

    # Keras calls the two below without a step when it prepares losses and metrics for the first batch.
    def compute_loss(
        self,
        x: TensorTree = None,
        y: TensorTree = None,
        y_pred: TensorTree = None,
        sample_weight: TensorTree = None,
        training: bool = True,
    ) -> Tensor:
        """As `keras.Model.compute_loss`."""
        y, sample_weight = spread_targets(y, sample_weight, self.output_names)
        return super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)

    def compute_metrics(
        self, x: TensorTree, y: TensorTree, y_pred: TensorTree, sample_weight: TensorTree = None
    ) -> Mapping[str, Tensor]:
        """As `keras.Model.compute_metrics`."""
        y, sample_weight = spread_targets(y, sample_weight, self.output_names)
        return super().compute_metrics(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)

    def compile_from_config(self, config: dict[str, object]) -> None:
        """Compile a loaded model as the saved one was."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def get_config(self) -> dict[str, object]:
        """Return the network, its nodes, the block losses and the weights of the losses."""
        network = keras.Model(input_structure(self), output_structure(self), name=self.name)
        network.trainable = self.trainable
        return {
            "network": network.get_config(),
            "nodes": [node.to_dict() for node in self.nodes],
            "block_loss_mapping": [[*pair, place] for pair, place in self.block_loss_mapping.items()],
            "aux_loss_weight": self.aux_loss_weights,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: object = None) -> DenseAddOutputChild:
        """Make the model that `get_config` described."""
        network = keras.Model.from_config(config["network"], custom_objects=custom_objects)
        return cls(
            input_structure(network),
            output_structure(network),
            name=network.name,
            nodes=[ComputationNode.from_dict(node) for node in config["nodes"]],
            block_loss_mapping={(first, second): place for first, second, place in config["block_loss_mapping"]},
            aux_loss_weight=config["aux_loss_weight"],
        )

    def _spread(self, data: Any) -> Any:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        return (x, *spread_targets(y, sample_weight, self.output_names))

    def _arranged(self, options: dict[str, Any]) -> dict[str, Any]:
        arrange_targets(options, self.output_names)
        options["x"] = with_tuples(options.get("x"))
        return options


def _are_tensors(given: object) -> bool:
    return any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(given))


def _apart(final_only: Any, args: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    """Separate `final_only` from the arguments of Keras, one of which may stand in its place."""
    is_switch = isinstance(final_only, (bool, np.bool_))
    return (bool(final_only), args) if is_switch else (True, (final_only, *args))


class _Described:
    """How the model was made, hidden from Keras, which would track and wrap it."""

    def __init__(
        self, nodes: tuple[ComputationNode, ...], block_losses: BlockLossMapping, weights: dict[str, float]
    ) -> None:
        self.nodes = nodes
        self.block_losses = block_losses
        self.weights = weights


def _check_weights(given: float | Mapping[str, float], names: list[str]) -> dict[str, float]:
    by_name = dict(given) if isinstance(given, Mapping) else dict.fromkeys(names, given)
    for name, weight in by_name.items():
        if name not in names:
            raise ConfigError(
                f"aux_loss_weight is for the intermediate outputs ({', '.join(names) or 'none'}). Received: {name!r}"
            )
        finite_number_at_least(weight, "aux_loss_weight", 0)
    return {name: float(by_name.get(name, AUX_LOSS_WEIGHT)) for name in names}

"""The first AMBER's child models: its names, orders and defaults of arguments; what they do is Keras's."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import keras

from amber.backend.weight_files import is_named_otherwise
from amber.compat.ignored import ignore_session
from amber.compat.linked import LinkedNode, linked
from amber.compat.supernets.reported import as_reported
from amber.compat.supernets.steps import Steps, fresh_seed, without_list
from amber.compat.unused import keywords_of, warn_of_unused
from amber.errors import ConfigError
from amber.graph.models.per_output import metrics_of_outputs
from amber.graph.node import ComputationNode
from amber.supernet.child import SupernetModel, is_array_data
from amber.types import TensorTree


def _order_of_fit(
    self: object,
    x: TensorTree = None,
    y: TensorTree = None,
    batch_size: int | None = None,
    nsteps: int | None = None,
    epochs: int = 1,
    verbose: int | str = 1,
    callbacks: Sequence[keras.callbacks.Callback] | None = None,
    validation_data: tuple[TensorTree, ...] | None = None,
    **options: object,
) -> object:
    """The order of `fit`'s arguments; see FormerCalls.fit."""


def _with_that_order(method: Any) -> Any:
    """Let `help` and `inspect.signature` say what a method of `*arguments` takes."""
    method.__signature__ = inspect.signature(_order_of_fit)
    return method


class FormerCalls(SupernetModel):
    """A child whose arguments, given by position, are in the order of the first AMBER.

    Where that differs from Keras's order, the further arguments of Keras are given by name.
    """

    use_pipe = False
    """Whether data come from a pipeline of TensorFlow 1; `fit` takes pipelines and arrays alike."""

    @property
    def nodes(self) -> list[LinkedNode]:
        """The computation nodes of what a fixed child computes, inputs first, where the builder gives them."""
        return linked(getattr(self._untracked, "nodes", ()))

    def set_nodes(self, nodes: Iterable[ComputationNode]) -> None:
        """Say which computation nodes stand for the child."""
        self._untracked.nodes = tuple(nodes)  # type: ignore[attr-defined]

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "rmsprop",
        loss: object = None,
        metrics: object = None,
        loss_weights: object = None,
        **options: object,
    ) -> None:
        """Compile like `keras.Model.compile`; metrics come before loss weights, the rest is given by name."""
        metrics = metrics_of_outputs(metrics, self.output_names)
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, loss_weights=loss_weights, **options)

    @_with_that_order
    def fit(self, *arguments: Any, **named: Any) -> Any:
        """Train like `keras.Model.fit`; where a call does not say, as `child_train_op_kwargs` of the builder did.

        Args:
            *arguments: in this order: x, y, batch_size, nsteps, epochs, verbose, callbacks, validation_data.
            **named: the same by name, and every other argument of `keras.Model.fit`. `nsteps` is the number of batches
                of an epoch, of shuffled passes over arrays that go on from epoch to epoch.

        Returns:
            A Keras History that can also be read as a dictionary: `found["loss"]`, `"val_loss" in found`.

        Raises:
            ConfigError: fewer than one epoch.
        """
        given = dict(inspect.signature(_order_of_fit).bind(self, *arguments, **named).arguments)
        del given["self"]
        given.update(given.pop("options", {}))
        epochs = given.get("epochs", 1)
        if isinstance(epochs, bool) or epochs < 1:
            raise ConfigError(
                "epochs must be a positive integer. By position, the arguments of fit are x, y, batch_size, nsteps, "
                f"epochs, verbose, callbacks, validation_data; others are given by name. Received: epochs={epochs!r}"
            )
        if given.get("nsteps") and is_array_data(given.get("x")) and not given.get("validation_split"):
            given = self._in_steps(given)
        steps = given.pop("nsteps", None)
        return super().fit(**{"steps_per_epoch": steps, **given})

    def fit_generator(
        self,
        generator: object,
        steps_per_epoch: int | None = None,
        epochs: int = 1,
        verbose: object = 1,
        callbacks: object = None,
        validation_data: object = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        shuffle: bool = True,
    ) -> Any:
        """Do what `fit` does with a generator; the last four arguments are accepted and have no effect.

        A generator may also yield lists of arrays, `(x_list, y_list)`.
        """
        batches, options = generator, {}
        if isinstance(generator, Iterator):
            batches, options = (tuple(map(without_list, batch)) for batch in generator), {"shuffle": False}
        return self.fit(
            batches,
            **options,
            steps_per_epoch=steps_per_epoch,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_data=validation_data,
        )

    def _in_steps(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of `fit` with the data in so many batches for each epoch."""
        self._check_data(given["x"])
        arrays = tuple(given.pop(name) for name in ("x", "y", "sample_weight") if given.get(name) is not None)
        size = given.pop("batch_size", None) or self._batch_size_for(arrays[0]).get("batch_size") or 32
        steps = Steps(arrays, size, given.pop("nsteps"), fresh_seed())
        others = {name: value for name, value in given.items() if name not in ("y", "sample_weight", "shuffle")}
        return {**others, "x": steps}

    @_with_that_order
    def fit_ph(self, *arguments: Any, **named: Any) -> Any:
        """Do what `fit` does, with the same arguments."""
        return self.fit(*arguments, **named)

    @_with_that_order
    def fit_pipe(self, *arguments: Any, **named: Any) -> Any:
        """Do what `fit` does, with the same arguments."""
        return self.fit(*arguments, **named)

    def compile_from_config(self, config: dict[str, object]) -> None:
        """Compile a loaded model as the saved one was."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def train_on_batch(self, x: Any = None, y: Any = None, *arguments: Any, **options: Any) -> Any:
        """Train one step like `keras.Model.train_on_batch`; x and y may be lists of arrays.

        The numbers returned can also be asked for by name, `found["loss"]`.
        """
        as_dictionary = options.pop("return_dict", False)
        found = super().train_on_batch(without_list(x), without_list(y), *arguments, return_dict=True, **options)
        return found if as_dictionary else as_reported(found, self.get_metrics_result())

    def evaluate(self, x: Any = None, y: Any = None, batch_size: Any = None, verbose: Any = 0, **options: Any) -> Any:
        """Evaluate like `keras.Model.evaluate`, on all examples.

        Returns:
            The loss, or a list of the loss and metrics; by name, too: `found["loss"]`, `found["val_loss"]`.
        """
        # Within `fit` Keras asks for a dictionary.
        if options.pop("return_dict", False):
            return super().evaluate(x, y, batch_size, verbose=verbose, return_dict=True, **options)
        found = super().evaluate(x, y, batch_size, verbose=verbose, return_dict=True, **options)
        return as_reported(found, self._judge().get_metrics_result())

    def evaluate_ph(
        self, x: TensorTree = None, y: TensorTree = None, batch_size: int | None = None, verbose: int | str = 0
    ) -> float | list[float] | dict[str, float]:
        """Do what `evaluate` does."""
        return self.evaluate(x, y, batch_size, verbose)

    def evaluate_pipe(
        self, x: TensorTree = None, y: TensorTree = None, batch_size: int | None = None, verbose: int | str = 0
    ) -> float | list[float] | dict[str, float]:
        """Do what `evaluate` does."""
        return self.evaluate(x, y, batch_size, verbose)

    def predict(self, x: Any, batch_size: Any = None, verbose: Any = 0, **options: Any) -> Any:
        """Predict like `keras.Model.predict`, for all examples in their order."""
        return super().predict(x, batch_size, verbose=verbose, **options)

    def predict_ph(self, x: TensorTree, batch_size: int | None = None, verbose: int | str = 0) -> TensorTree:
        """Do what `predict` does."""
        return self.predict(x, batch_size, verbose)

    def predict_pipe(self, x: TensorTree, batch_size: int | None = None, verbose: int | str = 0) -> TensorTree:
        """Do what `predict` does."""
        return self.predict(x, batch_size, verbose)

    def save(self, filepath: Any, overwrite: bool = True, **options: Any) -> None:
        """Save like `keras.Model.save`; to a name that ends in `.h5`, the weights alone, with a warning."""
        if not is_named_otherwise(filepath):
            super().save(filepath, overwrite=overwrite, **options)
            return
        warnings.warn(
            f"{filepath}: the weights of the whole supernet are saved, without an architecture. End its name in "
            ".keras to save the architecture with them, or save one network with supernet.extract(arc).",
            stacklevel=2,
        )
        self.save_weights(filepath, overwrite)


@keras.saving.register_keras_serializable(package="amber")
class EnasAnnModel(FormerCalls):
    """A child of a feed-forward supernet; takes the (N, F) matrix, a list or a dictionary of blocks.

    Args:
        inputs: None, or one entry per input block: the supernet knows its inputs, so only their number is
            compared.
        outputs: the same for outputs.
        arc_seq: tokens of a fixed child; None for one that draws from the controller of `dag`.
        dag: the EnasAnnDAG that holds the shared weights.
        session: ignored with a warning; Keras 3 has no sessions.
        dropouts: rates of the inputs and of each layer, L + 1 in all; 0 by default. Active in training only.
        name: name of the model.

    Raises:
        ConfigError: another number of inputs, outputs or rates, or neither tokens nor a controller.
        ArchitectureError: tokens outside the grammar.

    The model is not compiled: call `compile`, as of any Keras model.
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        arc_seq: Any = None,
        dag: Any = None,
        session: Any = None,
        dropouts: Sequence[float] | None = None,
        name: str = "EnasModel",
    ) -> None:
        ignore_session(session)
        check_dag(dag, type(self))
        check_count("inputs", inputs, len(dag.supernet.input_tensors()))
        check_count("outputs", outputs, len(dag.supernet.output_names))
        super().__init__(
            dag.supernet,
            arc_seq,
            sampler=dag.sampler() if arc_seq is None else None,
            dropouts=dropouts,
            fit_defaults=dag.fit_defaults,
            batch_size=dag.batch_size,
            name=name,
        )


@keras.saving.register_keras_serializable(package="amber")
class EnasCnnModel(FormerCalls):
    """A child of a convolutional supernet.

    Args:
        inputs: None, or one entry: the supernet knows its input, so only the number is compared.
        outputs: the same for the output.
        labels: accepted; the shape of labels follows from the output.
        arc_seq: tokens of a fixed child; None for one that draws from the controller of `dag`.
        dag: the EnasConv1dDAG that holds the shared weights.
        session: ignored with a warning; Keras 3 has no sessions.
        dropouts: rates of each layer, of the flattened features and of the dense layer, L + 2 in all; 1 -
            keep_prob of the supernet by default. Active in training only.
        use_pipe: accepted; one `fit` takes arrays and pipelines alike.
        name: name of the model.
        sample_dag_feed_dict: accepted; there are no feeds.
        **kwargs: without effect; one warning names them.

    Raises:
        ConfigError: another number of inputs, outputs or rates, or neither tokens nor a controller.
        ArchitectureError: tokens outside the grammar.

    The model is not compiled: call `compile`, as of any Keras model.
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        labels: Any = None,
        arc_seq: Any = None,
        dag: Any = None,
        session: Any = None,
        dropouts: Sequence[float] | None = None,
        use_pipe: Any = None,
        name: str = "EnasModel",
        sample_dag_feed_dict: Any = None,
        **kwargs: Any,
    ) -> None:
        ignore_session(session)
        warn_of_unused("EnasCnnModel", kwargs, keywords_of(EnasCnnModel.__init__))
        check_dag(dag, type(self))
        check_count("inputs", inputs, 1)
        check_count("outputs", outputs, 1)
        given = dag.tokens(arc_seq)
        super().__init__(
            dag.supernet,
            given,
            sampler=dag.sampler() if given is None else None,
            dropouts=dropouts,
            fit_defaults=dag.fit_defaults,
            batch_size=dag.batch_size,
            name=name,
        )


def check_dag(dag: object, child: type) -> None:
    """Refuse anything but the maker of this kind of child.

    Raises:
        ConfigError: it is something else.
    """
    if getattr(dag, "child_class", None) is not child:
        raise ConfigError(f"dag must be the supernet that {child.__name__} belongs to. Received: {dag!r}")


def check_count(what: str, given: Any, expected: int) -> None:
    """Compare how many inputs or outputs are given, where they are.

    Raises:
        ConfigError: another number.
    """
    if given is None:
        return
    count = len(given) if isinstance(given, (list, tuple)) else 1
    if count != expected:
        raise ConfigError(f"The supernet has {expected} {what}; give as many, or None. Received: {count}")

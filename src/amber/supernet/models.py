"""The child models under the names and arguments of the first AMBER."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from amber.errors import ConfigError
from amber.modeler.builders.unused import keywords_of, warn_of_unused
from amber.supernet.base import Supernet, ignore_session
from amber.supernet.child import SupernetModel
from amber.supernet.former_calls import FormerCalls


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

    @classmethod
    def _on(cls, supernet: Supernet, arc_seq: Any, **options: Any) -> SupernetModel:
        model = cls.__new__(cls)
        SupernetModel.__init__(model, supernet, arc_seq, **options)
        return model


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

    @classmethod
    def _on(cls, supernet: Supernet, arc_seq: Any, **options: Any) -> SupernetModel:
        model = cls.__new__(cls)
        SupernetModel.__init__(model, supernet, arc_seq, **options)
        return model


def check_dag(dag: Any, child: type) -> None:
    """Refuses anything but the maker of this kind of child.

    Raises:
        ConfigError: it is something else.
    """
    if getattr(dag, "child_class", None) is not child:
        raise ConfigError(f"dag must be the supernet that {child.__name__} belongs to. Received: {dag!r}")


def check_count(what: str, given: Any, expected: int) -> None:
    """Compares how many inputs or outputs are given, where they are.

    Raises:
        ConfigError: another number.
    """
    if given is None:
        return
    count = len(given) if isinstance(given, (list, tuple)) else 1
    if count != expected:
        raise ConfigError(f"The supernet has {expected} {what}; give as many, or None. Received: {count}")

"""The first AMBER's `EnasAnnDAG` and `EnasConv1dDAG`: factories of children that make their supernet themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from amber.architect import Operation
from amber.compat.ignored import ignore_session
from amber.compat.supernets.feature_models import as_feature_blocks
from amber.compat.supernets.models import EnasAnnModel, EnasCnnModel
from amber.compat.supernets.weight_sharing import operations_of
from amber.compat.unused import keywords_of, warn_of_unused
from amber.errors import ConfigError, DataError, ModelSpaceError
from amber.modeler.builders.dag.names import DAGS
from amber.supernet.ann import AnnSupernet
from amber.supernet.conv import ConvSupernet
from amber.supernet.factory import SupernetFactory
from amber.supernet.settings import AnnSettings, ConvSettings


class FormerFactory(SupernetFactory):
    """A factory whose children may know the computation nodes of what they compute."""

    def child(self, arc_seq: Any = None, node_builder: Any = None, **options: Any) -> Any:
        """Return a child that is not compiled; see `__call__`."""
        model = super().child(arc_seq, **options)
        if node_builder is not None and model.is_fixed:
            model.set_nodes(self.supernet.plan(model.arc_seq, self.supernet.dropout_rates()).prune().nodes)
        return model

    def __call__(self, arc_seq: Any = None, node_builder: Any = None, **options: Any) -> Any:
        """Return a compiled child.

        Args:
            arc_seq: tokens; None for a child with a new architecture for each batch.
            node_builder: anything but None gives a fixed child `nodes`: the computation nodes of what it computes.
            **options: `sampler` and `seed` instead of the controller's, `dropouts`, `name`.

        Raises:
            ArchitectureError: tokens outside the grammar.
            ConfigError: no tokens and no sampler.
        """
        return self.compiled(self.child(arc_seq, node_builder, **options))


class EnasAnnDAG(FormerFactory):
    """A feed-forward supernet and its children.

    Args:
        model_space: layers with identical dense candidates of one activation.
        input_node: input operations, or one.
        output_node: output operations, or one.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child.
        session: ignored with a warning; Keras 3 has no sessions.
        l1_reg, l2_reg: penalty of the selected weights; see AnnSettings.
        with_skip_connection, with_input_blocks, with_output_blocks: which connections are searched.
        controller: what draws architectures for `dag()`.
        feature_model: a Keras model or FeatureBlocks that makes the input blocks of raw data.
        feature_model_trainable: whether a plain Keras model is trained too.
        child_train_op_kwargs: defaults of the children's `fit`.
        name: name of the supernet; any number of supernets may share one.

    Raises:
        ModelSpaceError, ConfigError: before anything is trained, and named.
    """

    child_class = EnasAnnModel

    def __init__(
        self,
        model_space: Any,
        input_node: Any,
        output_node: Any,
        model_compile_dict: Mapping[str, Any] | None = None,
        session: Any = None,
        l1_reg: float = 0.0,
        l2_reg: float = 0.0,
        with_skip_connection: bool = True,
        with_input_blocks: bool = True,
        with_output_blocks: bool = False,
        controller: Any = None,
        feature_model: Any = None,
        feature_model_trainable: bool | None = None,
        child_train_op_kwargs: Mapping[str, Any] | None = None,
        name: str = "EnasDAG",
    ) -> None:
        ignore_session(session)
        inputs = operations_of(input_node, "input_node")
        supernet = AnnSupernet(
            model_space,
            inputs,
            operations_of(output_node, "output_node"),
            AnnSettings(with_skip_connection, l1_reg, l2_reg, with_input_blocks, with_output_blocks),
            as_feature_blocks(feature_model, inputs, feature_model_trainable),
            name=name,
        )
        super().__init__(supernet, model_compile_dict, controller, child_train_op_kwargs)


class EnasConv1dDAG(FormerFactory):
    """A convolutional supernet and its children.

    Args:
        model_space: candidates of type conv1d, maxpool1d, avgpool1d or identity, each with `filters`.
        input_node: the input operation.
        output_node: the output operation.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child; it is never changed.
        session: ignored with a warning; Keras 3 has no sessions.
        with_skip_connection: whether each layer adds chosen earlier layers.
        batch_size: rows of a batch where a call of a child does not say.
        keep_prob, l1_reg, l2_reg, reduction_factor, stem_config, data_format, add_conv1_under_pool: see
            ConvSettings.
        controller: what draws architectures for `dag()`; may come later by `set_controller`.
        child_train_op_kwargs: defaults of the children's `fit`.
        train_fixed_arc: make the weights of `fixed_arc` only, for the final training of one architecture.
        fixed_arc: its tokens.
        name: name of the supernet; any number of supernets may share one.
        **kwargs: of other DAGs, without effect; one warning names them.

    Raises:
        ModelSpaceError, ConfigError: before anything is trained, and named.
    """

    child_class = EnasCnnModel

    def __init__(
        self,
        model_space: Any,
        input_node: Any,
        output_node: Any,
        model_compile_dict: Mapping[str, Any] | None = None,
        session: Any = None,
        with_skip_connection: bool = True,
        batch_size: int | None = 128,
        keep_prob: float = 0.9,
        l1_reg: float = 0.0,
        l2_reg: float = 0.0,
        reduction_factor: int = 4,
        controller: Any = None,
        child_train_op_kwargs: Mapping[str, Any] | None = None,
        stem_config: Mapping[str, Any] | None = None,
        data_format: str = "NWC",
        train_fixed_arc: bool = False,
        fixed_arc: Any = None,
        name: str = "EnasDAG",
        add_conv1_under_pool: bool = True,
        **kwargs: object,
    ) -> None:
        ignore_session(session)
        warn_of_unused("EnasConv1dDAG", kwargs, keywords_of(EnasConv1dDAG.__init__))
        if train_fixed_arc and fixed_arc is None:
            raise ConfigError("train_fixed_arc needs the tokens of the architecture. Received: fixed_arc=None")
        if train_fixed_arc and controller is not None:
            raise ConfigError(f"train_fixed_arc leaves nothing to a controller. Received: controller={controller!r}")
        supernet = ConvSupernet(
            model_space,
            _the_one(input_node, "input_node"),
            _the_one(output_node, "output_node"),
            ConvSettings(
                with_skip_connection,
                l1_reg,
                l2_reg,
                keep_prob,
                reduction_factor,
                stem_config or {},
                data_format,
                add_conv1_under_pool,
            ),
            fixed_arc if train_fixed_arc else None,
            name=name,
        )
        self._fixed_arc = supernet.fixed_arc
        super().__init__(supernet, model_compile_dict, controller, child_train_op_kwargs, batch_size)

    def set_controller(self, controller: object) -> None:
        """Say what draws architectures; ConfigError if there is something already, or only one architecture."""
        if self._fixed_arc is not None:
            raise ConfigError(f"train_fixed_arc leaves nothing to a controller. Received: {controller!r}")
        super().set_controller(controller)

    def tokens(self, arc_seq: object) -> Any:
        """Return the tokens of a child: those given, or those of the only architecture there is."""
        return self._fixed_arc if arc_seq is None else arc_seq

    def child(self, arc_seq: Any = None, node_builder: Any = None, *, sampler: Any = None, **options: Any) -> Any:
        """Return a child that is not compiled; see `__call__`."""
        if arc_seq is not None and sampler is not None:
            raise ConfigError("Give either tokens or a sampler. Received: both")
        tokens = self.tokens(arc_seq)
        return super().child(tokens, node_builder, sampler=sampler if tokens is None else None, **options)


class EnasConv1DwDataDescription(EnasConv1dDAG):
    """A convolutional supernet for one data set of a zero-shot search.

    Args:
        data_description: what describes the data set, a vector or a matrix of one row. The controller is given
            it for every architecture it draws: `controller.get_action(data_description)`.
        *arguments, **options: those of EnasConv1dDAG.

    Raises:
        DataError: a description of several rows.
    """

    def __init__(self, data_description: Any, *arguments: Any, **options: Any) -> None:
        description = np.atleast_2d(np.asarray(data_description, dtype="float32"))
        if description.ndim != 2 or description.shape[0] != 1:
            raise DataError(
                f"data_description must be a vector or a matrix of one row. Received: shape {description.shape}"
            )
        self._description = self._data_description = description
        super().__init__(*arguments, **options)

    @property
    def data_description(self) -> np.ndarray:
        """What the controller is given, shape (1, d)."""
        return self._description


EnasConv1DwDataDescrption = EnasConv1DwDataDescription


def _the_one(given: object, what: str) -> Operation:
    operations = operations_of(given, what)
    if len(operations) != 1:
        raise ModelSpaceError(f"A convolutional supernet has one {what}. Received: {len(operations)}")
    return operations[0]


DAGS.register("EnasAnnDAG", EnasAnnDAG)
DAGS.register("EnasConv1dDAG", EnasConv1dDAG)
DAGS.register("EnasConv1DwDataDescription", EnasConv1DwDataDescription, aliases=("EnasConv1DwDataDescrption",))

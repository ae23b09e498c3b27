"""Factories of children: a supernet, what its children are compiled with, and what draws the architectures.

Calling one gives a compiled child.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from amber.architect import Operation
from amber.backend.step_wrappers import compiles
from amber.errors import ConfigError, ModelSpaceError
from amber.graph.models.compiling import clone_compile_arguments
from amber.graph.node import ComputationNode
from amber.supernet.base import Supernet
from amber.supernet.child import SupernetModel
from amber.supernet.multi_path import ArchitectureBatch, MultiPathModel
from amber.supernet.samplers import as_sampler

_Model = TypeVar("_Model", bound=SupernetModel)


class SupernetFactory:
    """Makes the children of one supernet.

    Args:
        supernet: the shared weights.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child. None: not compiled.
        controller: what draws architectures for `dag()`; see `samplers.as_sampler`.
        child_train_op_kwargs: defaults of the children's `fit`.
        batch_size: rows of a batch where a call of a child does not say; None: Keras's 32.

    Attributes:
        supernet: the shared weights.
        controller: what was given, or None.
    """

    child_class: type[SupernetModel] = SupernetModel

    def __init__(
        self,
        supernet: Supernet,
        model_compile_dict: Mapping[str, Any] | None = None,
        controller: Any = None,
        child_train_op_kwargs: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
    ) -> None:
        self.supernet = supernet
        self.batch_size = batch_size
        self.model_compile_dict = model_compile_dict
        self.fit_defaults = dict(child_train_op_kwargs or {})
        self.controller: Any = None
        self._scorer: tuple[SupernetModel, dict[str, Any]] | None = None
        if controller is not None:
            self.set_controller(controller)

    def set_controller(self, controller: Any) -> None:
        """Say what draws architectures for the sampled child.

        Raises:
            ConfigError: there is one already, or it gives no tokens.
        """
        if self.controller is not None:
            raise ConfigError(
                "This supernet has a controller already; make another builder for another one. "
                f"Received: {controller!r}"
            )
        self.sampler(controller)
        self.controller = controller

    @property
    def data_description(self) -> np.ndarray | None:
        """What a controller is given when it draws; None for most."""
        return None

    def sampler(self, source: Any = None, seed: int | None = None) -> Any:
        """Return a function that gives the tokens of the next batch, of a source or of the controller.

        Raises:
            ConfigError: neither is there.
        """
        chosen = self.controller if source is None else source
        if chosen is None:
            raise ConfigError(
                "Without tokens a child draws a new architecture for each batch, and needs a sampler: give a "
                "controller to the builder, or sampler='uniform' or a callable to the call. Received: none"
            )
        return as_sampler(chosen, self.supernet.layout, seed, self.data_description)

    def tokens(self, arc_seq: Any) -> Any:
        """Return the tokens of a child: those given, or those of the only architecture there is."""
        return arc_seq

    @property
    def scorer(self) -> SupernetModel:
        """The model that scores any architecture; on backends that compile it compiles once for the same arguments."""
        arguments = dict(self.model_compile_dict or {})
        if self._scorer is None or self._scorer[1] != arguments:
            name = f"{self.supernet.name}_scorer"
            scorer = self.compiled(SupernetModel(self.supernet, batch_size=self.batch_size, name=name))
            self._scorer = scorer, arguments
        return self._scorer[0]

    def compiled(self, model: _Model) -> _Model:
        """Compile a child with its own clones of the arguments and return it."""
        if self.model_compile_dict is not None:
            model.compile_as_builder(clone_compile_arguments(self.model_compile_dict))
        return model

    def child(
        self,
        arc_seq: Any = None,
        node_builder: Any = None,
        *,
        sampler: Any = None,
        seed: int | None = None,
        **options: Any,
    ) -> Any:
        """Return a child that is not compiled; see `__call__`."""
        if arc_seq is not None and sampler is not None:
            raise ConfigError("Give either tokens or a sampler. Received: both")
        tokens = self.tokens(arc_seq)
        model = self.child_class.__new__(self.child_class)
        SupernetModel.__init__(
            model,
            self.supernet,
            tokens,
            sampler=self.sampler(sampler, seed) if tokens is None else None,
            fit_defaults=self.fit_defaults,
            batch_size=self.batch_size,
            scorer=self.scorer if self._scores_by_data and tokens is not None else None,
            **options,
        )
        if node_builder is not None and tokens is not None:
            model.set_nodes(self.supernet.plan(tokens, self.supernet.dropout_rates()).prune().nodes)
        return model

    @property
    def _scores_by_data(self) -> bool:
        """Whether fixed children are scored by the one model that takes tokens as data."""
        return compiles()

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


class AnnSupernetFactory(SupernetFactory):
    """Makes the children of a feed-forward supernet; its arguments are those of SupernetFactory."""

    def multi_path(
        self, at_once: int, sampler: Any = None, seed: int | None = None, **options: object
    ) -> MultiPathModel:
        """Return a compiled model that trains the shared weights as several new architectures on every batch.

        Args:
            at_once: how many.
            sampler: what draws them, instead of the controller; see `samplers.as_sampler`.
            seed: of a sampler given by name.
            **options: `dropouts`, `name`.

        Raises:
            ConfigError: no sampler, or `at_once` is not a positive integer.
        """
        drawn = ArchitectureBatch(self.sampler(sampler, seed), at_once)
        options = {"fit_defaults": self.fit_defaults, "batch_size": self.batch_size, **options}
        return self.compiled(MultiPathModel(self.supernet, sampler=drawn, **options))


class ConvSupernetFactory(SupernetFactory):
    """Makes the children of a convolutional supernet; its arguments are those of SupernetFactory.

    The children of a supernet with a `fixed_arc` are this one architecture.
    """

    def set_controller(self, controller: Any) -> None:
        """Say what draws architectures; ConfigError if there is something already, or only one architecture."""
        if self._fixed_arc is not None:
            raise ConfigError(f"train_fixed_arc leaves nothing to a controller. Received: {controller!r}")
        super().set_controller(controller)

    def tokens(self, arc_seq: Any) -> Any:
        """Return the tokens of a child: those given, or those of the only architecture there is."""
        return self._fixed_arc if arc_seq is None else arc_seq

    @property
    def _fixed_arc(self) -> Any:
        return getattr(self.supernet, "fixed_arc", None)

    @property
    def _scores_by_data(self) -> bool:
        # On torch, too: Keras goes through a new model once before it is evaluated, which takes as long as scoring.
        return self._fixed_arc is None


def operations_of(given: object, what: str) -> list[Operation]:
    """Return operations given as one, or a list of them; computation nodes will do too.

    Raises:
        ModelSpaceError: something else.
    """
    listed = list(given) if isinstance(given, (list, tuple)) else [given]
    found = []
    for each in listed:
        if isinstance(each, ComputationNode):
            each = each.operation.replace(name=each.node_name)
        elif isinstance(each, Mapping):
            each = Operation.from_dict(each)
        if not isinstance(each, Operation):
            raise ModelSpaceError(f"{what} must be an Operation or a list of them. Received: {each!r}")
        found.append(each)
    return found

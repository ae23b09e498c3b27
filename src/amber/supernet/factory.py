"""Factories of children: a supernet, the compile arguments of its children, and the sampler of architectures.

Calling one gives a compiled child.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from amber.display import PlainRepr
from amber.errors import ConfigError
from amber.graph.models.compiling import clone_compile_arguments
from amber.supernet.base import Supernet
from amber.supernet.child import SupernetModel
from amber.supernet.multi_path import MultiPathModel
from amber.supernet.samplers import as_sampler

_Model = TypeVar("_Model", bound=SupernetModel)


class SupernetFactory(PlainRepr):
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
    # What a controller is given when it draws.
    _data_description: np.ndarray | None = None

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

    def set_controller(self, controller: object) -> None:
        """Set what draws architectures for the sampled child.

        Raises:
            ConfigError: there is one already, or it gives no tokens.
        """
        if self.controller is not None:
            raise ConfigError(
                "This supernet has a controller already; make a new builder for another controller. "
                f"Received: {controller!r}"
            )
        self.sampler(controller)
        self.controller = controller

    def sampler(self, source: Any = None, seed: int | None = None) -> Any:
        """Return a function that gives the tokens of the next batch, from a source or from the controller.

        Raises:
            ConfigError: neither is there.
        """
        chosen = self.controller if source is None else source
        if chosen is None:
            raise ConfigError(
                "Without tokens a child draws a new architecture for each batch, and needs a sampler: give a "
                "controller to the builder, or sampler='uniform' or a callable to the call. Received: none"
            )
        return as_sampler(chosen, self.supernet.layout, seed, self._data_description)

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
        """Compile a child with its own copies of the arguments, and return it."""
        if self.model_compile_dict is not None:
            model.compile_as_builder(clone_compile_arguments(self.model_compile_dict))
        return model

    def child(self, arc_seq: Any = None, *, sampler: Any = None, seed: int | None = None, **options: Any) -> Any:
        """Return a child that is not compiled; see `__call__`."""
        if arc_seq is not None and sampler is not None:
            raise ConfigError("Give either tokens or a sampler. Received: both")
        model = self.child_class.__new__(self.child_class)
        SupernetModel.__init__(
            model,
            self.supernet,
            arc_seq,
            sampler=self.sampler(sampler, seed) if arc_seq is None else None,
            fit_defaults=self.fit_defaults,
            batch_size=self.batch_size,
            scorer=self.scorer if self.supernet.scores_by_data and arc_seq is not None else None,
            **options,
        )
        return model

    def __call__(self, arc_seq: Any = None, **options: Any) -> Any:
        """Return a compiled child.

        Args:
            arc_seq: tokens; None for a child with a new architecture for each batch.
            **options: `sampler` and `seed` instead of the controller's, `dropouts`, `name`.

        Raises:
            ArchitectureError: tokens outside the grammar.
            ConfigError: no tokens and no sampler.
        """
        return self.compiled(self.child(arc_seq, **options))

    def multi_path(
        self, at_once: int, sampler: object = None, seed: int | None = None, **options: object
    ) -> MultiPathModel:
        """Return a compiled model that trains feed-forward weights as several new architectures on every batch.

        Args:
            at_once: how many.
            sampler: what draws them, instead of the controller; see `samplers.as_sampler`.
            seed: of a sampler given by name.
            **options: `dropouts`, `name`.

        Raises:
            ConfigError: no sampler, a convolutional supernet, or `at_once` is not a positive integer.
        """
        options = {"fit_defaults": self.fit_defaults, "batch_size": self.batch_size, **options}
        return self.compiled(
            MultiPathModel(self.supernet, sampler=self.sampler(sampler, seed), count=at_once, **options)
        )

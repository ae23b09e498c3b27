"""Child models: a Keras model that borrows its weights from a supernet.

`fit`, `evaluate`, `predict` and the rest are Keras's own. A fixed child is one architecture. A sampled child has
a new one for every batch. On backends that compile, fixed children are scored by one model that takes the tokens
as data, so that scoring many compiles once; only training a fixed child compiles for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from amber.backend.bound_arguments import bind
from amber.backend.keras_internals.models import CACHED_EVALUATION, compiled_loss
from amber.backend.models import SharedModel
from amber.backend.step_wrappers import compiles, draw_before
from amber.backend.weight_slices import SlicedMLP
from amber.errors import ConfigError, DataError
from amber.supernet.base import Sampler, Supernet
from amber.types import Array, TensorTree, Tokens

if TYPE_CHECKING:
    from amber.backend.step_wrappers import StepFunction


@keras.saving.register_keras_serializable(package="amber")
class SupernetModel(SharedModel):
    """A child of a supernet.

    Args:
        supernet: holds the shared weights. Saving or loading the child's weights saves or loads all of them.
        arc_seq: tokens of a fixed child; None for one whose architecture changes.
        sampler: gives the tokens of the next batch, for training the shared weights; on TensorFlow it may be asked
            for up to 16 batches in advance within an epoch, where no callback watches batches. A child with neither
            tokens nor a sampler is told its architecture with `set_architecture`.
        dropouts: rates of its dropout layers in order, instead of the supernet's.
        fit_defaults: arguments of `fit` where a call does not give them.
        batch_size: rows of a batch of arrays where a call does not say; None: Keras's 32.
        scorer: on backends that compile, the model that scores for fixed children.
        name: name of the model.

    Raises:
        ArchitectureError: tokens outside the grammar.
        ConfigError: both tokens and a sampler.
    """

    train_function: Any
    test_function: Any
    predict_function: Any

    def __init__(
        self,
        supernet: Supernet,
        arc_seq: Any = None,
        *,
        sampler: Sampler | None = None,
        dropouts: Any = None,
        fit_defaults: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        scorer: SupernetModel | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if arc_seq is not None and sampler is not None:
            raise ConfigError("A child has either tokens or a sampler. Received: both")
        self.supernet = supernet
        self.output_names = list(supernet.output_names)
        self._untracked = UntrackedState(sampler, scorer, dict(fit_defaults or {}), batch_size)
        given = supernet.dropout_rates() if dropouts is None else dropouts
        self._rates = supernet.check_dropouts(given)
        self._dropouts = [keras.layers.Dropout(rate) if rate else None for rate in self._rates]
        self._fixed: tuple[int, ...] | None = None if arc_seq is None else supernet.layout.validate(arc_seq)
        self._arc_variable: Any = None
        if self._fixed is not None:
            self._untracked.arc = self._fixed
            self._untracked.chosen = {id(variable) for variable in self._selected_variables()}
        else:
            if compiles():
                shape = (len(supernet.layout),)
                self._arc_variable = self.add_weight(
                    name="architecture",
                    shape=(*self._at_once(), *shape),
                    dtype="int32",
                    initializer="zeros",
                    trainable=False,
                )
            if sampler is None:
                self.set_architecture([0] * len(supernet.layout))
            else:
                self._draw()
        self.built = True

    @property
    def arc_seq(self) -> tuple[int, ...]:
        """The tokens of the architecture; for a sampled child, of the latest one."""
        return self._untracked.arc

    @property
    def is_fixed(self) -> bool:
        """Whether the child has one fixed architecture."""
        return self._fixed is not None

    @property
    def inputs(self) -> list[keras.KerasTensor]:
        """The inputs of the model, as symbolic tensors."""
        return self.supernet.input_tensors()

    @property
    def outputs(self) -> list[keras.KerasTensor]:
        """The outputs of the model, as symbolic tensors."""
        return self.supernet.output_tensors()

    def set_architecture(self, arc_seq: Tokens) -> None:
        """Give a child without fixed tokens another architecture; nothing is compiled for it.

        Raises:
            ArchitectureError: tokens outside the grammar.
            ConfigError: the child is fixed.
        """
        if self._fixed is not None:
            raise ConfigError(
                f"The architecture of a fixed child cannot change; build another child. Received: {list(arc_seq)}"
            )
        self._untracked.arc = self.supernet.layout.validate(arc_seq)
        self._untracked.taken = None
        if self._arc_variable is not None:
            self._arc_variable.assign(np.asarray(self._untracked.arc, "int32"))

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Compute the outputs: one tensor, or a list of them."""
        outputs, penalty = self._compute(inputs, training)
        if penalty is not None:
            self.add_loss(penalty)
        return outputs[0] if len(outputs) == 1 else outputs

    def _compute(self, inputs: Any, training: Any) -> tuple[list[Any], Any]:
        """Return the outputs, and the weight penalty or None."""
        blocks = self._blocks(inputs, training)
        if self._arc_variable is not None:
            arc: Any = self._arc_variable
            outputs = self.supernet.run_selected(arc, blocks, training, self._dropouts)
        else:
            arc = np.asarray(self._untracked.arc, "int32")
            outputs = self.supernet.run(self._taken(), blocks, training, self._dropouts)
        return outputs, self.supernet.penalty(arc, self._fixed is None, training)

    def _blocks(self, inputs: Any, training: Any) -> dict[str, Any]:
        arranged = self.supernet.arrange(inputs, training=training)
        return {name: ops.cast(block, self.compute_dtype) for name, block in arranged.items()}

    def _computes_selected(self) -> bool:
        """Whether `_compute` may replace a call of the model: only the supernet is called, in float32."""
        own_call = type(self).call is not SupernetModel.call
        return not own_call and self.compute_dtype == "float32" and self.supernet.feature_model is None

    def _selected_variables(self) -> list[keras.Variable]:
        """The shared variables that the present architecture reads."""
        return self.supernet.variables_of(self._taken())

    def _output_shapes(self) -> list[tuple[int | None, ...]] | None:
        """Shapes of the outputs without the batch axis, or None if only a call can tell."""
        own_call = type(self).call is not SupernetModel.call
        return None if own_call else [tuple(tensor.shape[1:]) for tensor in self.outputs]

    def count_params(self) -> int:
        """Return the number of parameters of the planned network, which uses a part of the shared tensors."""
        return self.supernet.plan(self.arc_seq, self._rates).cost.parameters

    @property
    def weights(self) -> list[Any]:
        """Every weight of the supernet: the whole shared state."""
        return list(self.supernet.weights)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The weights that training changes: for a fixed child, the tensors that its architecture uses."""
        found = super().trainable_variables
        if self._fixed is None:
            return found
        chosen = self._untracked.chosen
        return [variable for variable in found if id(variable) in chosen]

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        """The same as `trainable_variables`."""
        return self.trainable_variables

    def fit(self, *arguments: Any, **options: Any) -> Any:
        """Train like `keras.Model.fit`, with its arguments; the builder's settings are the defaults."""
        bound = bind(keras.Model.fit, self, arguments, options)
        given = {name: value for name, value in bound.items() if value is not None}
        self._check_data(given.get("x"))
        return super().fit(**{**self._batch_size_for(given.get("x")), **self._untracked.fit_defaults, **given})

    def train_on_batch(self, x: Any, y: Any = None, *arguments: Any, **options: Any) -> Any:
        """Train one step like `keras.Model.train_on_batch`."""
        self._check_data(x)
        return super().train_on_batch(x, y, *arguments, **options)

    def evaluate(self, x: Any = None, y: Any = None, batch_size: Any = None, *arguments: Any, **options: Any) -> Any:
        """Evaluate like `keras.Model.evaluate`."""
        # Within `fit` Keras passes a cached data set of the model itself.
        if CACHED_EVALUATION in options:
            return super().evaluate(x, y, batch_size, *arguments, **options)
        self._check_data(x)
        batch_size = batch_size or self._batch_size_for(x).get("batch_size")
        judge = self._judge()
        evaluate = super().evaluate if judge is self else judge.evaluate
        return evaluate(x, y, batch_size, *arguments, **options)

    def predict(self, x: Any, batch_size: Any = None, *arguments: Any, **options: Any) -> Any:
        """Predict like `keras.Model.predict`, in the order of the data."""
        self._check_data(x)
        batch_size = batch_size or self._batch_size_for(x).get("batch_size")
        scorer = self._scorer()
        predict = super().predict if scorer is None else scorer.predict
        return predict(x, batch_size, *arguments, **options)

    def compile_as_builder(self, arguments: Mapping[str, object]) -> None:
        """Compile with the arguments of the builder, which its scorer shares."""
        self.compile(**arguments)
        self._untracked.builder_loss = compiled_loss(self)

    def make_train_function(self, force: bool = False) -> StepFunction:
        """Make Keras's train function; a sampled child draws an architecture before each batch."""
        super().make_train_function(force)
        self.train_function = self._drawing(self.train_function)
        return self.train_function

    def make_test_function(self, force: bool = False) -> StepFunction:
        """Make Keras's test function; a sampled child draws an architecture before each batch."""
        super().make_test_function(force)
        self.test_function = self._drawing(self.test_function)
        return self.test_function

    def make_predict_function(self, force: bool = False) -> StepFunction:
        """Make Keras's predict function; a sampled child draws an architecture before each batch."""
        super().make_predict_function(force)
        self.predict_function = self._drawing(self.predict_function)
        return self.predict_function

    def save_own_variables(self, store: Mapping[str, Array]) -> None:
        """Save nothing: the weights belong to the supernet, and the configuration holds the architecture."""

    def load_own_variables(self, store: Mapping[str, Array]) -> None:
        """Load nothing; see `save_own_variables`."""

    def get_config(self) -> dict[str, object]:
        """Return the supernet's description and the tokens; of a sampled child, its latest ones."""
        return {
            "name": self.name,
            "supernet": keras.saving.serialize_keras_object(self.supernet),
            "arc_seq": list(self.arc_seq),
            "dropouts": list(self._rates),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> SupernetModel:
        """Make a fixed child on a supernet of its own."""
        supernet = keras.saving.deserialize_keras_object(config["supernet"])
        # A subclass may have other arguments.
        model = cls.__new__(cls)
        SupernetModel.__init__(model, supernet, config["arc_seq"], dropouts=config["dropouts"], name=config["name"])
        return model

    def _taken(self) -> Any:
        """The part of the shared weights that the present architecture uses."""
        if self._untracked.taken is None:
            self._untracked.taken = self.supernet.take(self._untracked.arc, self._rates)
        return self._untracked.taken

    def _sliced_mlp(self, training: bool) -> SlicedMLP | None:
        """Return the network as slices of shared matrices where a backend runs them by itself; else None."""
        own_call = type(self).call is not SupernetModel.call
        if own_call or (training and any(self._rates)) or self.compute_dtype != "float32":
            return None
        return self._taken() if self.supernet.runs_sliced else None

    def _sliced_inputs(self, x: TensorTree) -> list[Any]:
        """Return arrays that, side by side, are the matrix of all inputs."""
        blocks = list(self.supernet.arrange(x).values())
        return blocks if isinstance(x, (list, tuple, Mapping)) else [x]

    def _changing(self) -> tuple[keras.Variable, Callable[[], np.ndarray]] | None:
        """Return the variable that changes with each step, and the function that draws its value."""
        return None if self._untracked.sampler is None else (self._arc_variable, self._draw)

    def _at_once(self) -> tuple[int, ...]:
        """Leading axes of the tokens: none for a child of one architecture at a time."""
        return ()

    def _draw(self) -> np.ndarray:
        self._untracked.arc = self.supernet.layout.validate(self._untracked.sampler())
        self._untracked.taken = None
        return np.asarray(self._untracked.arc, "int32")

    def _drawing(self, function: StepFunction) -> StepFunction:
        if self._untracked.sampler is None:
            return function
        return draw_before(function, self._draw, self, self._arc_variable)

    def _judge(self) -> SupernetModel:
        """The model that evaluates for this one; itself where it was recompiled with other losses and metrics."""
        as_built = self.compiled and compiled_loss(self) is self._untracked.builder_loss
        scorer = self._scorer() if as_built else None
        return self if scorer is None else scorer

    def _scorer(self) -> SupernetModel | None:
        if self._fixed is None or self._untracked.scorer is None:
            return None
        self._untracked.scorer.set_architecture(self._fixed)
        return self._untracked.scorer

    def _batch_size_for(self, x: object) -> dict[str, Any]:
        """Return the supernet's batch size, for arrays; data in batches have their own."""
        return {"batch_size": self._untracked.batch_size} if is_array_data(x) and self._untracked.batch_size else {}

    def _check_data(self, x: TensorTree) -> None:
        """Check that arrays fit the supernet before anything is trained."""
        first: Any = next(iter(x.values()), None) if isinstance(x, Mapping) else x
        first = first[0] if isinstance(first, (list, tuple)) and first else first
        if hasattr(first, "shape"):
            if len(first.shape) < 2:
                raise DataError(f"The data need a batch axis. Received: an array of shape {tuple(first.shape)}")
            self.supernet.check_data(x)


def is_array_data(x: object) -> bool:
    """Say whether data are arrays, rather than come in batches."""
    return isinstance(x, (np.ndarray, list, tuple, Mapping))


@dataclass
class UntrackedState:
    """Attributes of a child that Keras does not track as part of the model.

    Attributes:
        sampler, scorer, fit_defaults, batch_size: as given to the child.
        arc, arcs: the latest tokens.
        taken: what they take of the shared weights, computed when it is first needed.
        chosen: identities of the variables that a fixed child reads.
        builder_loss: the loss of the builder's compile arguments.
    """

    sampler: Any
    scorer: Any
    fit_defaults: dict[str, Any]
    batch_size: int | None
    arc: tuple[int, ...] = ()
    arcs: list[tuple[int, ...]] = field(default_factory=list)
    taken: Any = None
    chosen: set[int] = field(default_factory=set)
    builder_loss: Any = None

"""Whether Keras is as the fast paths expect it to be; if not, stock Keras runs instead, with one warning.

Each `Member` is something Keras does not document. Its place is checked when the first model class is chosen: that
takes no time, as nothing is built. What it does is checked by the tests.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import logging
import os
from dataclasses import dataclass
from types import FunctionType
from typing import Any

logger = logging.getLogger(__name__)

TESTED_FROM, TESTED_BEFORE = (3, 15), (3, 16)
"""Versions of Keras that the fast paths were tested with: from the first, before the second."""
STOCK_VARIABLE = "AMBER_STOCK_KERAS"
"""Environment variable; set to 1, stock Keras runs on every version."""


@dataclass(frozen=True)
class Member:
    """Something Keras does not document.

    Attributes:
        module: where it is.
        name: of it within the module, with dots.
        backends: on which backends it is used.
        stored: an attribute that the function `name` stores on its object, rather than a member by itself.
    """

    module: str
    name: str
    backends: tuple[str, ...] = ("torch", "jax", "tensorflow")
    stored: str = ""

    @property
    def place(self) -> str:
        """Where it is, in one word."""
        return f"{self.module}.{self.name}" + (f" -> {self.stored}" if self.stored else "")

    def is_as_expected(self) -> bool:
        """Whether it is there."""
        try:
            found: Any = importlib.import_module(self.module)
            for part in self.name.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError):
            return False
        if not self.stored:
            return True
        function = inspect.unwrap(found) if callable(found) else None
        return isinstance(function, FunctionType) and self.stored in function.__code__.co_names


_TORCH, _TENSORFLOW, _JAX = ("torch",), ("tensorflow",), ("jax",)
_TORCH_CORE = "keras.src.backend.torch.core"
_FUNCTION, _FUNCTIONAL = "keras.src.ops.function", "keras.src.models.functional"
_TRAINER, _OPTIMIZER = "keras.src.trainers.trainer", "keras.src.optimizers.base_optimizer"
_ARRAYS, _SLICES = (
    "keras.src.trainers.data_adapters.array_data_adapter",
    "keras.src.trainers.data_adapters.array_slicing",
)

_BATCHES = "keras.src.trainers.data_adapters.py_dataset_adapter"

MEMBERS = (
    Member(_FUNCTIONAL, "Functional"),
    Member(_FUNCTIONAL, "Functional._standardize_inputs", _TORCH),
    Member(_FUNCTIONAL, "Functional._unpickle_model"),
    Member("keras.src.layers.layer", "Layer._initialize_tracker", stored="_layers"),
    Member(_FUNCTION, "Function.__init__", stored="_inputs_struct"),
    Member(_FUNCTION, "Function.__init__", stored="_outputs_struct"),
    Member(_FUNCTION, "Function.__init__", stored="_inputs"),
    Member(_FUNCTION, "Function.__init__", stored="_nodes_by_depth"),
    Member("keras.src.layers.layer", "Layer._flatten_layers"),
    Member("keras.src.layers.layer", "Layer._get_call_context", _TORCH),
    Member("keras.src.layers.layer", "Layer._maybe_reset_call_context", _TORCH),
    Member("keras.src.layers.layer", "Layer._clear_losses"),
    Member("keras.src.layers.layer", "Layer.__init__", stored="_losses"),
    Member("keras.src.layers.layer", "Layer.__init__", stored="_loss_ids"),
    Member("keras.src.layers.merging.base_merge", "Merge.build", _TORCH, stored="_reshape_required"),
    Member("keras.src.models.sequential", "Sequential.__init__", _TORCH, stored="_functional"),
    Member("keras.src.ops.operation", "Operation.__new__"),
    Member("keras.src.layers.core.dense", "Dense.build", _TORCH, stored="_kernel"),
    Member("keras.src.layers.convolutional.base_conv", "BaseConv.build", _TORCH, stored="_kernel"),
    Member(_TRAINER, "Trainer.compile", stored="_compile_loss"),
    Member(_TRAINER, "Trainer.compile", stored="_compile_metrics"),
    Member(_TRAINER, "Trainer.compile", stored="_loss_tracker"),
    Member(_TRAINER, "Trainer._assert_compile_called"),
    Member(_TRAINER, "Trainer._compute_loss"),
    Member(_TRAINER, "Trainer._get_metrics_result_or_logs", _TORCH),
    Member("keras.src.trainers.compile_utils", "CompileLoss.build", stored="_flat_losses"),
    Member("keras.src.losses.losses", "LossFunctionWrapper.__init__", stored="_fn_kwargs"),
    Member("keras.src.metrics.reduction_metrics", "MeanMetricWrapper.__init__", stored="_fn"),
    Member("keras.src.backend.common.variables", "Variable.__init__", stored="_trainable"),
    Member("keras.src.backend.common.variables", "get_autocast_scope", _TORCH),
    Member("keras.src.backend.common.stateless_scope", "in_stateless_scope", _TORCH),
    Member("keras.src.backend.common.masking", "get_keras_mask", _TORCH),
    Member(_TORCH_CORE, "get_device", _TORCH),
    Member(_TORCH_CORE, "convert_to_tensor", _TORCH),
    Member(_TORCH_CORE, "to_torch_dtype", _TORCH),
    Member(_OPTIMIZER, "BaseOptimizer.apply"),
    Member(_OPTIMIZER, "BaseOptimizer._clip_gradients", _TORCH),
    Member(_OPTIMIZER, "BaseOptimizer._apply_weight_decay", _TORCH),
    Member(_OPTIMIZER, "BaseOptimizer._get_variable_index"),
    Member(_OPTIMIZER, "BaseOptimizer.__init__", stored="_learning_rate"),
    Member("keras.src.optimizers.adam", "Adam.build", stored="_momentums"),
    Member("keras.src.optimizers.adam", "Adam.build", stored="_velocities"),
    Member("keras.src.optimizers.adam", "Adam.build", _TORCH, stored="_velocity_hats"),
    Member(_ARRAYS, "ArrayDataAdapter.__init__", stored="_inputs"),
    Member(_ARRAYS, "ArrayDataAdapter.__init__", stored="_num_samples"),
    Member(_ARRAYS, "ArrayDataAdapter.__init__", stored="_batch_size"),
    Member(_ARRAYS, "ArrayDataAdapter.__init__", stored="_shuffle"),
    Member(_ARRAYS, "ArrayDataAdapter.get_torch_dataloader", _TORCH),
    Member(_ARRAYS, "ArrayDataAdapter.get_tf_dataset", _TENSORFLOW),
    Member(_SLICES, "convert_to_sliceable", ("torch", "tensorflow")),
    Member(_SLICES, "train_validation_split"),
    Member("keras.src.trainers.data_adapters", "get_data_adapter"),
    Member(_BATCHES, "PyDatasetAdapter.__init__", _TORCH, stored="enqueuer"),
    Member(_BATCHES, "PyDatasetAdapter._get_iterator", _TORCH),
    Member(_BATCHES, "PyDatasetAdapter.get_torch_dataloader", _TORCH),
    Member("keras.src.trainers.data_adapters.data_adapter", "DataAdapter", _TENSORFLOW),
    Member("keras.src.utils", "is_default"),
    Member("keras.src.callbacks.callback_list", "CallbackList._configure_async_dispatch"),
    Member("keras.src.backend.tensorflow.trainer", "TensorFlowTrainer.test_step", _TENSORFLOW),
    Member("keras.src.backend.tensorflow.trainer", "TensorFlowTrainer._maybe_symbolic_build", _TENSORFLOW),
)


def unexpected_members(backend: str) -> list[str]:
    """Return the places of the members that a backend's fast paths need and this Keras does not have."""
    return [member.place for member in MEMBERS if backend in member.backends and not member.is_as_expected()]


def reason_for_stock_keras(backend: str, version: str) -> str | None:
    """Return why stock Keras must run, or None where the fast paths may.

    Args:
        backend: the Keras backend in use.
        version: of Keras, such as `"3.15.1"`.
    """
    if os.environ.get(STOCK_VARIABLE, "") not in ("", "0"):
        return f"{STOCK_VARIABLE} is set"
    parts = version.split(".")
    numbers = tuple(int(part) for part in parts[:2] if part.isdecimal())
    if not TESTED_FROM <= numbers < TESTED_BEFORE:
        tested = f"{'.'.join(map(str, TESTED_FROM))} up to, not including, {'.'.join(map(str, TESTED_BEFORE))}"
        return f"Keras {version} is not among the versions that AMBER's fast paths were tested with ({tested})"
    unexpected = unexpected_members(backend)
    if unexpected:
        return f"Keras {version} differs from what AMBER's fast paths expect: no {', '.join(unexpected)}"
    return None


@functools.cache
def fast_paths_available() -> bool:
    """Say whether the fast paths may run; the first time that they may not, log one warning with the reason."""
    import keras

    reason = reason_for_stock_keras(str(keras.config.backend()), str(keras.__version__))
    if reason is not None:
        logger.warning("%s: stock Keras trains and predicts, with the same results, more slowly.", reason)
    return reason is None

"""Managers of the first AMBER: an architecture goes in, its reward comes out."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from amber.compat.data import load_data, unpack_data
from amber.compat.ignored import warn_ignored
from amber.compat.stores import TEMPORARY, StoreFunction, get_store_fn, save_model, store_minimal, store_with_model_plot
from amber.display import PlainRepr
from amber.errors import ConfigError, InvalidArchitectureError, StorageError

if TYPE_CHECKING:
    from amber.architect.model_space import ModelSpace
    from amber.compat.roles import ModelFunction, ModelStates, RewardFunction, Trial

logger = logging.getLogger(__name__)

Rewarded = tuple[float | None, dict[str, float] | None]
_PATIENCE = 5
# Arguments of `fit` that Keras 3 has no more: a PyDataset has workers of its own.
_OLD_FIT = ("workers", "max_queue_size", "use_multiprocessing")


class GeneralManager(PlainRepr):
    """Trains a child and asks the reward function what it is worth.

    Args:
        train_data: a pair `(x, y)`, a Keras data set, a generator of batches, or a callable that returns one of these.
        validation_data: alike; it decides when training stops, and the reward.
        model_fn: a builder, or any callable that returns a compiled model of an architecture.
        reward_fn: called as `reward_fn(model, validation_data, session=None, graph=None)`; returns `(reward,
            [loss, metrics...], dictionary or None)`. Its method `min(data)`, where it has one, is the reward of an
            architecture that is not a network.
        store_fn: what is kept of each child: "minimal", "general", "model_plot", a function, or None.
        working_dir: where files go; it is made.
        save_full_model: given to the store function.
        epochs: the most epochs of a child.
        child_batchsize: examples in a batch, of arrays.
        verbose: given to `fit`.
        fit_kwargs: more arguments of `fit`, and `earlystop_patience` (5): epochs without a better `val_loss` after
            which training stops. Best weights are put back. It is not changed.
        predict_kwargs: arguments of `predict`, for what the store function is given.
        evaluate_kwargs: ignored: the reward function evaluates.
        model_compile_dict: names the metrics; None: that of the builder.
        model_space: kept, for functions of the user.

    Raises:
        ConfigError: no model or reward function, or an unknown store function.
        StorageError: the folder cannot be made.
    """

    def __init__(
        self,
        train_data: object,
        validation_data: object,
        model_fn: ModelFunction,
        reward_fn: RewardFunction,
        store_fn: str | StoreFunction | None = None,
        working_dir: str | os.PathLike[str] = ".",
        save_full_model: bool = False,
        epochs: int = 5,
        child_batchsize: int = 128,
        verbose: int = 0,
        fit_kwargs: Mapping[str, object] | None = None,
        predict_kwargs: Mapping[str, object] | None = None,
        evaluate_kwargs: Mapping[str, object] | None = None,
        model_compile_dict: Mapping[str, object] | None = None,
        model_space: ModelSpace | None = None,
    ) -> None:
        for name, given in (("model_fn", model_fn), ("reward_fn", reward_fn)):
            if not callable(given):
                raise ConfigError(f"{name} of a manager must be callable. Received: {given!r}")
        warn_ignored(type(self).__name__, {"evaluate_kwargs": evaluate_kwargs}, "the reward function evaluates")
        self.train_data = load_data(train_data)
        self.validation_data = load_data(validation_data)
        self.model_fn = model_fn
        self.reward_fn = reward_fn
        self.store_fn = get_store_fn(store_fn)
        self.working_dir = Path(working_dir)
        self.save_full_model = save_full_model
        self.epochs = epochs
        self.batchsize = child_batchsize
        self.verbose = verbose
        self.fit_kwargs: dict[str, Any] = dict(fit_kwargs or {})
        self.patience = self.fit_kwargs.pop("earlystop_patience", _PATIENCE)
        old = {name: self.fit_kwargs.pop(name) for name in _OLD_FIT if name in self.fit_kwargs}
        warn_ignored(f"fit_kwargs of {type(self).__name__}", old, "a Keras 3 data set has workers of its own")
        self.predict_kwargs = dict(predict_kwargs or {})
        self.model_compile_dict: dict[str, Any] = dict(
            model_compile_dict or getattr(model_fn, "model_compile_dict", None) or {}
        )
        self.model_space = model_space
        try:
            self.working_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"The working_dir {self.working_dir} cannot be made: {error}") from error

    @property
    def metric_names(self) -> list[str]:
        """Names of the metrics that children are compiled with, in order."""
        metrics = self.model_compile_dict.get("metrics") or []
        listed = metrics if isinstance(metrics, (list, tuple)) else [metrics]
        return [_metric_name(each) for each in listed]

    def get_rewards(self, trial: Trial, model_arc: ModelStates | None = None, **unused: Any) -> Rewarded:
        """Train a child and return its reward and its metrics by name.

        Args:
            trial: number of the trial; names the folder of its files.
            model_arc: tokens, or a list of operations.
            **unused: what other managers need.

        Raises:
            InvalidArchitectureError: the architecture is not a network, and the reward function has no `min`.
        """
        model = self._build(model_arc)
        if model is None:
            return self._lowest(model_arc)
        history = self._fit(model)
        return self._reward(trial, model, history, model_arc)

    def _build(self, model_arc: ModelStates | None) -> keras.Model | None:
        try:
            return self.model_fn(model_arc)
        except InvalidArchitectureError as error:
            logger.info("Not a network: %s", error)
            return None

    def _lowest(self, model_arc: ModelStates | None) -> Rewarded:
        minimum = getattr(self.reward_fn, "min", None)
        if minimum is None:
            raise InvalidArchitectureError(
                f"The architecture is not a network, and {type(self.reward_fn).__name__} has no method min(data) that "
                f"says what it is worth. Received: {model_arc!r}"
            )
        reward = float(minimum(data=self.validation_data))
        return reward, {"loss": reward, "knowledge": 0.0, **dict.fromkeys(self.metric_names, float("nan"))}

    def _fit(self, model: keras.Model) -> keras.callbacks.History:
        x, y = unpack_data(self.train_data)
        stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=self.patience, restore_best_weights=True)
        given = dict(self.fit_kwargs)
        callbacks = [stop, *(given.pop("callbacks", None) or [])]
        data = {"x": x} if y is None else {"x": x, "y": y, "batch_size": self.batchsize}
        validation = unpack_data(self.validation_data)
        own = {
            "epochs": self.epochs,
            "verbose": self.verbose,
            "callbacks": callbacks,
            "validation_data": validation if validation[1] is not None else validation[0],
        }
        return model.fit(**{**data, **own, **given})

    def _reward(
        self, trial: Trial, model: keras.Model, history: keras.callbacks.History | None, model_arc: ModelStates | None
    ) -> Rewarded:
        found = self.reward_fn(model, self.validation_data, session=None, graph=None)
        reward, values, more = found
        names = ["loss", *self.metric_names]
        names += [f"metric_{place}" for place in range(len(names), len(values))]
        metrics = {name: float(value) for name, value in zip(names, values, strict=False)}
        metrics.update({name: float(value) for name, value in (more or {}).items()})
        self._store(trial, model, history, metrics, model_arc)
        return float(reward), metrics

    def _store(
        self,
        trial: Trial,
        model: keras.Model,
        history: keras.callbacks.History | None,
        metrics: Mapping[str, float],
        model_arc: ModelStates | None = None,
    ) -> None:
        if self.store_fn is None:
            return
        save_model(model, self.working_dir / TEMPORARY)
        x, _ = unpack_data(self.validation_data)
        wanted = self.store_fn is not store_minimal
        plan = getattr(self.model_fn, "plan", None)
        drawn = self.store_fn is store_with_model_plot and plan is not None and model_arc is not None
        self.store_fn(
            trial=trial,
            model=model,
            hist=history,
            data=self.validation_data,
            pred=model.predict(x, **{"verbose": 0, **self.predict_kwargs}) if wanted else None,
            loss_and_metrics=dict(metrics),
            working_dir=str(self.working_dir),
            save_full_model=self.save_full_model,
            knowledge_func=getattr(self.reward_fn, "knowledge_function", None),
            **({"network": plan(model_arc)} if drawn and plan is not None else {}),
        )
        (self.working_dir / TEMPORARY).unlink(missing_ok=True)


class DistributedGeneralManager(GeneralManager):
    """A manager that opens its data when they are first needed.

    Args:
        devices: ignored with a warning: children train on the device that Keras chooses.
        train_data_kwargs: arguments of `train_data`, where that is callable.
        validate_data_kwargs: arguments of `validation_data`, where that is callable.
        do_resample: whether an architecture that was trained before is answered from memory.
        *arguments, **options: as of GeneralManager.
    """

    def __init__(
        self,
        devices: list[str] | None = None,
        train_data_kwargs: Mapping[str, object] | None = None,
        validate_data_kwargs: Mapping[str, object] | None = None,
        do_resample: bool = False,
        *arguments: Any,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        warn_ignored(type(self).__name__, {"devices": devices}, "children train on the device that Keras chooses")
        self.devices = devices
        self.do_resample = do_resample
        self._kwargs = (dict(train_data_kwargs or {}), dict(validate_data_kwargs or {}))
        self._sources: tuple[Any, Any] = (self.train_data, self.validation_data)
        self._opened = False
        self._known: dict[tuple[str, ...], Rewarded] = {}

    def get_rewards(
        self, trial: Trial, model_arc: ModelStates | None = None, remap_device: str | None = None, **unused: Any
    ) -> Rewarded:
        """Train a child and return its reward and metrics; see GeneralManager."""
        warn_ignored("get_rewards", {"remap_device": remap_device}, "children train on the device that Keras chooses")
        key = tuple(str(each) for each in (() if model_arc is None else model_arc))
        if self.do_resample and key in self._known:
            return self._known[key]
        self._open()
        found = super().get_rewards(trial, model_arc)
        self._known[key] = found
        return found

    def close_handler(self) -> None:
        """Close the data; they are opened again when they are needed."""
        for data in (self.train_data, self.validation_data):
            close = getattr(data, "close", None)
            if self._opened and callable(close):
                close()
        self.train_data, self.validation_data = self._sources
        self._opened = False

    def _open(self) -> None:
        if self._opened:
            return
        opened = [
            source(**kwargs) if callable(source) and not hasattr(source, "__next__") else source
            for source, kwargs in zip(self._sources, self._kwargs, strict=True)
        ]
        self.train_data, self.validation_data = opened
        self._opened = True


def _metric_name(metric: object) -> str:
    if isinstance(metric, str):
        return metric
    return str(getattr(metric, "name", None) or getattr(metric, "__name__", type(metric).__name__))

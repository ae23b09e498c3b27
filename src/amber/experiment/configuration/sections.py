"""The sections of a configuration: which keys there are, their types, ranges and defaults.

Some defaults of `training`, `search` and `final` depend on the data: `amber.experiment.defaults` chooses them when an
experiment is resolved. The values here are those of runs from before there was such a rule.

What may be changed here: a key, with its description; `reading` turns mistakes into messages.
"""

from __future__ import annotations

import re
import sys
import warnings
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, ValidationInfo, field_validator, model_validator

from amber import known_names
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.configuration.one_shot_section import OneShotSection
from amber.experiment.configuration.search_parts import BudgetSection, HalvingSection, KnowledgeSection
from amber.experiment.configuration.section import Count, Positive, Section, Text
from amber.metric_names import less_is_better

# Keys of `search` about workers in other processes; `threads` and `retries` also count for this one.
WORKER_KEYS = (
    "workers",
    "time_limit",
    "trials_per_process",
    "threads",
    "memory_limit",
    "devices",
    "retries",
    "prefetch",
)


class TrainingSection(Section):
    """How every candidate is trained.

    Attributes:
        epochs: passes over the training data.
        batch_size: examples of a step.
        optimizer: a Keras name.
        optimizer_options: more arguments of that optimizer, such as `{weight_decay: 0.01}` or `{use_ema: true}`.
        learning_rate: of the optimizer.
        schedule: `constant`, or `cosine`: the learning rate falls to 0 over the epochs, which suits short trainings.
        warm_up: the share of the updates in which the learning rate rises to its full height. Otherwise networks that
            have no batch normalisation may learn nothing at a high rate.
        loss: a Keras name; labels are class numbers. Where it is not given, the task says: binary_crossentropy for two
            classes and for labels, mse for numbers. With sparse_categorical_crossentropy two classes have a softmax.
            Not used with `data.outputs`, which have their own.
        metrics: Keras names; likewise.
        patience: epochs without a better metric on validation data before training stops; null: never.
        precision: `float32`, or `bfloat16`: layers compute with eight bits, weights stay float32, and the best model is
            handed over in float32. It takes less time on processors with AMX (Intel's since 2023) and on cards, and
            more on others.
        recalibrate: batch-normalisation statistics are re-estimated from the training data in the end, in the search
            and in the final training. Moving averages lag behind in short trainings and under strong weight decay.
    """

    epochs: Count = 8
    batch_size: Count = 32
    optimizer: Text = "adam"
    optimizer_options: dict[Text, bool | int | float | None] = Field(default_factory=dict)
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    warm_up: Annotated[float, Field(ge=0, lt=1)] = 0.0
    loss: Text = "sparse_categorical_crossentropy"
    metrics: list[Text] = Field(default_factory=lambda: ["accuracy"])
    patience: Count | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    recalibrate: bool = False


class DaskSection(Section):
    """A Dask cluster.

    Attributes:
        dask: the address of its scheduler, such as `tcp://host:8786`, or its scheduler file.
    """

    dask: Text


class SearchSection(Section):
    """How architectures are proposed and compared, and where they are trained.

    Attributes:
        strategy: `trials` trains every proposal; `one_shot` shares weights, and retrains the best from scratch.
        one_shot: settings of the strategy `one_shot`, which uses neither sampler nor trials.
        sampler: `surrogate`, `tpe`, `random`, `evolution`, `nsga2`, `controller`, or one that was registered.
        sampler_options: of that sampler.
        learn_from: run directories of earlier searches, on other data or of other spaces too, that the sampler
            `surrogate` starts from; relative ones count from the folder where the command runs, as `run_directory`.
        start_with: reference networks of the literature, such as `[deepbind, basset]`, that are trained first, counted
            among the trials, and may be the best; see `amber.modeler.references`.
        halving: all candidates are trained for few epochs, and the best go on from there: `{rungs: 3, factor: 3}`;
            null: each is trained for all epochs. Beside it there is no pruner. With `one_shot`, of those that are
            retrained.
        trials: architectures to try.
        metric: a metric of the validation data, such as `val_accuracy` or `val_loss`; with a reward it only decides
            when a training stops, and is `val_loss` by default.
        direction: of the metric; by default `minimize` for losses and errors, such as `val_mae`, else `maximize`.
        reward: `auroc`, `auprc`, `accuracy`, `mcc`, `pearson`, `spearman`, `loss`, or one that was registered: what
            the search compares in place of the metric.
        knowledge: a term of the score that is read off the network's graph.
        budget: what a network may cost; one beyond it is recorded, not trained.
        latency_batch: examples of a batch whose prediction is timed before a network is trained; null: none is timed.
        executor: `in_process`, `processes` (worker processes of this machine) or `{dask: ADDRESS or scheduler file}`.
        workers: how many candidates are trained at once; by default 2 processes, or every worker of the cluster.
        time_limit: seconds of one candidate; it is ended then, and has failed. null: no limit.
        trials_per_process: candidates after which a worker process is replaced by a fresh one; null: never.
        threads: of numerical libraries where a candidate is trained; null: 1 in a worker process, and in this process
            as many as are fastest for the networks beside what else the machine does.
        memory_limit: MiB that a candidate may take in its worker process (on CPUs); null: no limit.
        devices: GPUs for the workers, one each and in turn, such as `["0", "1"]`; null: all see all.
        retries: how often a candidate is trained again that failed, as its process died or by an error, but for a loss
            that is not finite or its time limit; by default 0.
        prefetch: candidates that wait at each Dask worker, so that it is never without; by default 1. With 0, samplers
            know as many results as can be.
        storage: a database where the trials are recorded instead of in the run directory, such as
            `postgresql://user@host/database`; searches of the same `name` then work together. Its password comes from
            the environment (PGPASSWORD) or ~/.pgpass. null: the run directory.
        pruner: gives bad candidates up early: `median`, `percentile`, `successive_halving`, `hyperband` or `threshold`;
            null: none is given up.
        pruner_options: of that pruner, as Optuna names them, such as `{n_startup_trials: 5}`.
    """

    strategy: Literal["trials", "one_shot"] = "trials"
    one_shot: OneShotSection = Field(default_factory=OneShotSection)
    sampler: Text = known_names.DEFAULT_SAMPLER
    sampler_options: dict[str, Any] = Field(default_factory=dict)
    learn_from: list[Text] = Field(default_factory=list)
    start_with: list[Text] = Field(default_factory=list)
    halving: HalvingSection | None = None
    trials: Count = 12
    metric: str = "val_accuracy"
    direction: Literal["maximize", "minimize"] | None = None
    reward: Text | None = None
    knowledge: KnowledgeSection | None = None
    budget: BudgetSection = Field(default_factory=BudgetSection)
    latency_batch: Count | None = None

    executor: Literal["in_process", "processes"] | DaskSection = "in_process"
    workers: Count | None = None
    time_limit: Positive | None = None
    trials_per_process: Count | None = None
    threads: Count | None = None
    memory_limit: Count | None = None
    devices: Annotated[list[Text], Field(min_length=1)] | None = None
    retries: Annotated[int, Field(ge=0)] | None = None
    # `ahead` is what it was called before 0.2.
    prefetch: Annotated[int | None, Field(ge=0, validation_alias=AliasChoices("prefetch", "ahead"))] = None
    storage: Text | None = None
    pruner: Text | None = None
    pruner_options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("executor", mode="before")
    @classmethod
    def _cluster_has_an_address(cls, value: object) -> Any:
        if value == "dask":
            raise ValueError(
                "the address of its scheduler or its scheduler file beside dask, as in {dask: tcp://host:8786}"
            )
        return value

    @field_validator(*(key for key in WORKER_KEYS if key not in ("threads", "retries")))
    @classmethod
    def _workers_are_other_processes(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and info.data.get("executor") == "in_process":
            raise ValueError("executor: processes, or one of dask, beside it")
        if (
            info.field_name == "prefetch"
            and value is not None
            and not isinstance(info.data.get("executor"), DaskSection)
        ):
            raise ValueError("executor: {dask: ...} beside it")
        return value

    @field_validator("metric")
    @classmethod
    def _metric_is_of_validation_data(cls, name: str) -> str:
        if not name.startswith("val_") or name == "val_":
            wanted = name.removeprefix("val_") or "accuracy"
            raise ValueError(f"val_ before the name of a metric, as in val_{wanted}: it is that of the validation data")
        return name

    @field_validator("storage")
    @classmethod
    def _storage_holds_no_password(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is not None:
            from amber.search.storage.urls import parse_url, passwords

            parse_url(url)
            if passwords(url):
                raise ValueError(
                    "an address without a password, since a configuration is copied to where others read it; set "
                    "PGPASSWORD, write it to ~/.pgpass, or give the whole address with --storage"
                )
            if info.data.get("strategy") == "one_shot":
                raise ValueError("the strategy one_shot keeps its record in the run directory; expected null")
        return url

    @field_validator("pruner")
    @classmethod
    def _pruner_is_registered(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is not None:
            from amber.search.pruners import PRUNERS

            PRUNERS.get(name)
        return name

    @model_validator(mode="after")
    def _latency_is_measured(self) -> SearchSection:
        against = self.sampler_options.get("against")
        is_goal = "latency" in (against if isinstance(against, list) else [against])
        if self.latency_batch is None and (self.budget.latency is not None or is_goal):
            raise ValueError("latency_batch, the examples of the batch that is timed, beside a goal of latency")
        return self

    @property
    def costs(self) -> tuple[str, ...]:
        """What the sampler weighs the score against, as its options say."""
        name = self.sampler.strip().lower()
        if self.strategy == "one_shot" or name not in ("nsga2", "surrogate"):
            return ()
        from amber.search.costs import checked_costs

        return checked_costs(self.sampler_options.get("against", "parameters" if name == "nsga2" else None))

    @property
    def giving_up(self) -> str:
        """The key that lets trainings be given up while they run; empty where none is."""
        return "pruner" if self.pruner else "halving" if self.halving and self.halving.asynchronous else ""

    @model_validator(mode="after")
    def _halving_stands_alone(self) -> SearchSection:
        if self.halving is not None and self.pruner:
            raise ValueError("halving without pruner; take one of them out")
        return self

    @model_validator(mode="before")
    @classmethod
    def _former_names_are_warned_of(cls, values: object) -> object:
        if isinstance(values, dict) and "ahead" in values:
            warnings.warn("search.ahead is called search.prefetch now; write that.", FutureWarning, stacklevel=2)
        return values

    @model_validator(mode="before")
    @classmethod
    def _trainings_with_a_reward_watch_the_loss(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("reward") is not None and "metric" not in values:
            return {**values, "metric": "val_loss"}
        return values

    @field_validator("reward")
    @classmethod
    def _reward_is_registered(cls, name: str | None) -> str | None:
        if name is not None:
            if "amber.search.rewards" in sys.modules:
                from amber.search.rewards import REWARDS

                REWARDS.get(name)
            else:
                known_names.check_known(name, known_names.REWARDS, "reward")
        return name

    @field_validator("start_with")
    @classmethod
    def _first_networks_are_registered(cls, names: list[str], info: ValidationInfo) -> list[str]:
        if names and info.data.get("strategy") == "one_shot":
            raise ValueError("none with the strategy one_shot, whose networks share weights; expected it left out")
        registered = sys.modules.get("amber.modeler.references")
        for name in names:
            if registered is None:
                known_names.check_known(name, known_names.REFERENCES, "reference network")
            else:
                registered.REFERENCES.get(name)
        return names

    @field_validator("sampler")
    @classmethod
    def _sampler_is_registered(cls, name: str) -> str:
        from amber.search.samplers import SAMPLERS

        SAMPLERS.get(name)
        return name

    @property
    def chosen_direction(self) -> Literal["maximize", "minimize"]:
        """The direction, also where it is not given."""
        return self.direction or ("minimize" if less_is_better(self.metric) else "maximize")


class FinalSection(Section):
    """How the best architecture is trained in the end.

    Attributes:
        epochs: at most; the weights of the best epoch on validation data are kept.
        patience: epochs without a better one before training stops; null: all epochs are trained, and the last weights
            kept, as suits a learning rate that falls to 0.
        batch_size: examples of a step; by default that of `training`.
        candidates: how many of the best architectures are trained so, of which the one with the best score on
            validation data is kept: the best of many scores is partly luck.
        ensemble: how many networks of the best architecture are trained, each from its own random weights. The best
            model predicts their mean.
        linear_term: whether a linear model of the inputs may be part of the best model, where validation data want it.
        both_strands: whether the best model predicts the mean of both strands, at the test and wherever it is used.
        data: `train`, or `train_and_validation`, as everything is chosen by then: linear models beside it are fitted to
            both too, and `patience` must be null and `linear_term` false.
    """

    epochs: Count = 30
    patience: Count | None = 8
    batch_size: Count | None = None
    candidates: Count = 1
    ensemble: Count = 1
    linear_term: bool = False
    both_strands: bool = False
    data: Literal["train", "train_and_validation"] = "train"

    @field_validator("data")
    @classmethod
    def _stops_on_validation_data(cls, value: str, info: ValidationInfo) -> str:
        if value != "train" and info.data.get("patience") is not None:
            raise ValueError("patience: null beside train_and_validation, as nothing is left to stop on; or train")
        if value != "train" and info.data.get("candidates", 1) > 1:
            raise ValueError("candidates: 1 beside train_and_validation, as nothing is left to choose on; or train")
        if value != "train" and info.data.get("linear_term"):
            raise ValueError(
                "linear_term: false beside train_and_validation, as nothing is left to weigh it on; or train"
            )
        return value


class Config(Section):
    """A whole configuration; `model_space`, `builder` and `data.blocks` are checked by `reading`.

    Attributes:
        name: of the search; by default that of its file, without the ending.
        seed: of everything that is drawn: the split, proposals, weights, the order of examples, dropout.
        data: where the data come from, and what is predicted.
        model_space: layers, branches, or `{preset: NAME}`, a space of `amber.presets` sized by the data; by default
            the preset `auto`, which is the one that suits them.
        builder: by default what suits data and space.
        training: how every candidate is trained.
        search: how architectures are proposed and compared, and where they are trained.
        final: how the best architecture is trained in the end.
        references: accuracies that others reached on the same data, by their name; `amber compare` shows them.
        run_directory: folder of the results, from the folder where the command runs; null: `runs/` and the name.
    """

    name: str = "search"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    data: DataSection = Field(default_factory=DataSection)
    model_space: Annotated[list[Any] | dict[str, Any], Field(min_length=1)] = Field(
        default_factory=lambda: {"preset": "auto"}
    )
    builder: dict[str, Any] = Field(default_factory=dict)
    training: TrainingSection = Field(default_factory=TrainingSection)
    search: SearchSection = Field(default_factory=SearchSection)
    final: FinalSection = Field(default_factory=FinalSection)
    references: dict[Text, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    run_directory: Text | None = None

    @field_validator("name")
    @classmethod
    def _name_is_that_of_a_folder(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}", name):
            plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:100] or "my-search"
            raise ValueError(
                "1 to 100 letters from A to Z, digits, hyphens, underscores and dots, the first not a dot, as a folder "
                f"gets this name; for example {plain}"
            )
        return name

    @model_validator(mode="before")
    @classmethod
    def _empty_sections_are_defaults(cls, values: object) -> object:
        # `search:` with nothing under it is null in YAML, and means all defaults.
        if not isinstance(values, dict):
            return values
        optional = ("data", "builder", "training", "search", "final")
        return {key: value for key, value in values.items() if not (key in optional and value is None)}

    @property
    def chosen_run_directory(self) -> str:
        """The run directory, also where it is not given."""
        return self.run_directory or f"runs/{self.name}"

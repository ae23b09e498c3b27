"""The sections of a configuration that say where the data come from and what is predicted."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from amber.experiment.configuration.section import Count, Name, Positive, Section, Text

# The words of the field for what `amber.data.TargetSpec.kind` says.
_KINDS = {"classification": "classes", "regression": "number"}
_FEWEST_FOLDS, _FOLDS_BY = 3, ("random", "grouped", "similarity", "chromosomes")
Task = Annotated[
    Literal["classes", "number"],
    BeforeValidator(lambda word: _KINDS.get(word, word) if isinstance(word, str) else word),
]


class OutputSection(Section):
    """One of several outputs.

    Attributes:
        column: column of the data; a list of columns, ranges and patterns for several numbers, or for the signals of a
            profile.
        labels: columns of 0 and 1 instead of `column`, as `data.labels`.
        type: also `task`: `classes`, or `classification` (a softmax over class names, of two classes one sigmoid unit);
            `number`, or `regression` (one linear unit); by default found out from the values.
        classes: class names in the order of their numbers; by default sorted, as numbers where all are numbers, but of
            two the positive one is last where their names tell.
        loss: a Keras name; by default binary_crossentropy for two classes, sparse_categorical_crossentropy for more, or
            mse for a number. With sparse_categorical_crossentropy two classes have a softmax too.
        metrics: Keras names; by default accuracy, or mae for a number.
        weight: of its loss in the sum.
    """

    column: Name | Annotated[list[Name], Field(min_length=1)] | None = None
    labels: Text | Annotated[list[Text], Field(min_length=1)] | None = None
    type: Task | None = Field(default=None, validation_alias=AliasChoices("type", "task"))
    classes: Annotated[list[Name], Field(min_length=2)] | None = None
    loss: Text | None = None
    metrics: list[Text] | None = None
    weight: Positive = 1.0

    @model_validator(mode="after")
    def _one_kind(self) -> OutputSection:
        if (self.column is None) == (self.labels is None):
            raise ValueError("one of `column` and `labels`")
        if (self.labels is not None or isinstance(self.column, list)) and self.classes is not None:
            raise ValueError("no `classes` beside `labels` or several columns")
        return self

    @property
    def chosen_loss(self) -> str:
        """The loss, also where it is not given."""
        return self.loss or ("mse" if self.type == "number" else "sparse_categorical_crossentropy")

    @property
    def chosen_metrics(self) -> list[str]:
        """The metrics, also where they are not given."""
        return self.metrics if self.metrics is not None else ["mae" if self.type == "number" else "accuracy"]


class MotifTaskSection(Section):
    """The rule of one task of simulated data.

    Attributes:
        motifs: names of motifs, from left to right.
        spacing: the fewest and the most letters between two of them.
    """

    motifs: Annotated[list[Text], Field(min_length=1)]
    spacing: Annotated[list[int], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [2, 8])


class SimulatedSection(Section):
    """Simulated sequences with motifs; see `amber.data.Simulation`, whose defaults hold for what is not given.

    Attributes:
        records: number of sequences.
        length: letters of each.
        background: fraction of G and C outside motifs, or the probabilities of A, C, G and T.
        motifs: name -> a consensus in IUPAC letters, or rows of four probabilities.
        strength: of a consensus: the probability of its bases at each position.
        tasks: name -> motifs and spacing; each task is an output.
        positives: fraction of records that follow a task's rule.
        decoys: fraction of the others that hold its motifs at distances that break the rule.
        noise: fraction of labels that are turned around.
        seed: of the data and their division; not that of the search, so that searches see the same data.
    """

    records: Count | None = None
    length: Count | None = None
    background: float | list[float] | None = None
    motifs: Annotated[dict[Text, Any], Field(min_length=1)] | None = None
    strength: float | None = None
    tasks: Annotated[dict[Text, MotifTaskSection], Field(min_length=1)] | None = None
    positives: float | None = None
    decoys: float | None = None
    noise: float | None = None
    seed: Annotated[int, Field(ge=0)] | None = None


class AugmentationSection(Section):
    """What is done to training examples, drawn again in each epoch; validation and test see them as they are.

    Attributes:
        reverse_complement: half of the examples are read on the other strand.
        shift: bases by which an example is moved at most, either way.
    """

    reverse_complement: bool = False
    shift: Annotated[int, Field(ge=0)] = 0


class NegativesSection(Section):
    """Negative examples where the source has positive ones only.

    Attributes:
        shuffled: for each positive example so many shuffles of its sequence with the same counts of dinucleotides.
    """

    shuffled: Count


class DataSection(Section):
    """Where the data come from.

    Attributes:
        source: `splice` or `mfeat` (packaged), the path of a CSV file, a name in the folder AMBER_DATA_DIR,
            `{simulated: {...}}` (its tasks stand for columns, and `split` is `random`); or a mapping
            with the settings of a source of `amber.data.sources`, such as `{fasta: {pos: a.fa, neg: b.fa}}` or
            `{intervals: peaks.bed, genome: g.fa, window: 1000}`.
            A relative path counts from the folder of the configuration.
        sequence: column of the sequences, where there are no blocks.
        blocks: name of an input -> its columns: a range `first..last` in the order of the file, a pattern `rna_*`, a
            list of such texts, or `{sequence: column}`. One column or range is one input of the network.
        alphabet: of sequences: `dna`, `rna`, `protein`, or the letters in the order of the channels.
        length: of sequences: letters, or that of the `longest` or the `shortest`; by default all must be equal.
        align: which end, or the middle, of a sequence stays where it is when it is cut or filled up: `left`, `centre`
            (default) or `right`.
        unknown: an unknown letter, such as N, is the `mean` of all (default), or `zeros`.
        standardize: scale blocks of numbers, and outputs that are numbers, by the training part.
        label: column of the class names or numbers, where there are no `outputs`; a list of columns, ranges and
            patterns for several numbers, or for the signals of a profile, of which empty fields are missing.
        labels: columns of 0 and 1 instead of `label`, of which an example has any number: a range `first..last`, a
            pattern `peak_*`, a column (one sigmoid unit), or a list of such. Empty fields are missing: they count
            nowhere.
        task: `classification` or `regression`; by default found out from the labels.
        classes: class names in the order of the outputs; by default sorted, as numbers where all are numbers, but of
            two the positive one is last where their names tell.
        outputs: name of an output -> what it predicts; instead of `label`.
        split: a column with `train`, `val` and `test`, or `random`, or `grouped` (column `group`); by default `auto`:
            the column `gsplit` or `split` where there is one, else `random`. `similarity` keeps near-duplicates on
            either strand together, `{similarity: 60}` those that share so many letters;
            `{chromosomes: {validation: [chr8], test: [chr1, chr9]}}` divides by chromosome. `{folds: 5}` draws folds:
            the search uses the first as test part and the second as validation part, and what it found is trained
            and tested once for each fold; `{folds: 5, by: grouped}` keeps groups together, as `similarity` and
            `chromosomes` do.
        fractions: of train, validation and test where they are drawn; by default 0.7, 0.1 and 0.2.
        class_weights: how much training examples of each class count: `balanced` (every class alike), or class name ->
            weight; by default all examples count alike. Validation and test do not weigh.
        weights: column of numbers of at least 0: how much each training example counts, in the loss and in linear
            models; by default all count alike. Validation and test do not weigh.
        augmentation: what is done to training examples: the other strand, shifts; by default nothing.
        negatives: made of the examples of the source, which are positive then: `{shuffled: 1}`. The label is `positive`
            or `negative`; `split: grouped` keeps an example and its negatives together.
        size_limit: MiB of the file at most, decompressed; by default an eighth of the machine's memory.
    """

    source: Text | dict[str, Any] = "splice"
    sequence: Name = "seq"
    blocks: Annotated[dict[Text, Any], Field(min_length=1)] | None = None
    alphabet: Text = "dna"
    length: Count | Literal["longest", "shortest"] | None = None
    align: Literal["left", "centre", "right"] = "centre"
    unknown: Literal["mean", "zeros"] = "mean"
    standardize: bool = True
    label: Name | Annotated[list[Name], Field(min_length=1)] = "label"
    labels: Text | Annotated[list[Text], Field(min_length=1)] | None = None
    task: Task | None = None
    classes: Annotated[list[Name], Field(min_length=2)] | None = None
    outputs: Annotated[dict[Text, OutputSection], Field(min_length=1)] | None = None
    split: Name | dict[str, Any] = "auto"
    fractions: Annotated[list[Positive], Field(min_length=3, max_length=3)] | None = None
    class_weights: Literal["balanced"] | Annotated[dict[Name, Positive], Field(min_length=1)] | None = None
    weights: Name | None = None
    augmentation: AugmentationSection | None = None
    negatives: NegativesSection | None = None
    size_limit: Count | None = None

    @field_validator("split")
    @classmethod
    def _split_of_one_kind(cls, value: str | dict[str, Any]) -> str | dict[str, Any]:
        if isinstance(value, str):
            return value
        expected = (
            "a word, {similarity: letters}, {folds: number}, or {chromosomes: {validation: [...], test: [...]}}; how "
            "large parts are that are drawn, as with split: random, says fractions: [0.7, 0.1, 0.2]"
        )
        if "folds" in value:
            number, by = value["folds"], value.get("by", "random")
            if not set(value) <= {"folds", "by"} or type(number) is not int or number < _FEWEST_FOLDS:
                raise ValueError(f"{{folds: number}} of at least {_FEWEST_FOLDS}, and `by` beside it")
            if by not in _FOLDS_BY:
                raise ValueError(f"folds by one of {', '.join(_FOLDS_BY)}")
            return {"folds": number, "by": by}
        if len(value) != 1 or not set(value) <= {"similarity", "chromosomes"}:
            raise ValueError(expected)
        if "similarity" in value:
            if type(value["similarity"]) is not int or value["similarity"] < 1:
                raise ValueError("a number of letters that near-duplicates share, at least 1")
            return value
        named = value["chromosomes"]
        parts = list(named.values()) if isinstance(named, dict) and set(named) <= {"validation", "test"} else []
        if not parts or not all(isinstance(each, list) and each for each in parts):
            raise ValueError(expected)
        return {"chromosomes": {part: [str(name) for name in names] for part, names in named.items()}}

    @field_validator("fractions")
    @classmethod
    def _fractions_of_drawn_parts(cls, value: list[float] | None, info: ValidationInfo) -> list[float] | None:
        if value is None:
            return None
        if not math.isclose(sum(value), 1.0, abs_tol=1e-6):
            raise ValueError("three fractions with sum 1")
        split = info.data.get("split")
        if isinstance(split, dict) and "folds" in split:
            raise ValueError("no fractions beside folds, which say how large the parts are")
        is_column = isinstance(split, str) and split not in ("random", "grouped", "similarity")
        if isinstance(info.data.get("source"), str) and is_column:
            raise ValueError(
                "fractions only beside split: random, grouped, similarity or chromosomes, or simulated data; others "
                "have their own"
            )
        return value

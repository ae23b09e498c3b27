"""Data: sequences, tables, labels, splits, and what a simple model reaches. Knows nothing of models."""

from __future__ import annotations

from amber.data.baselines import BaselineResult, logistic_regression_baseline
from amber.data.datasets import find_data, load_dataset, load_sequences
from amber.data.features import check_features, read_features
from amber.data.labels import encode_labels
from amber.data.scores import accuracy, per_class_accuracy
from amber.data.sequences import encode_sequences
from amber.data.splits import (
    Dataset,
    Split,
    SplitIndices,
    TestVault,
    column_split,
    grouped_split,
    random_split,
)
from amber.data.tables import Table, read_table

__all__ = [
    "BaselineResult",
    "Dataset",
    "Split",
    "SplitIndices",
    "Table",
    "TestVault",
    "accuracy",
    "check_features",
    "column_split",
    "encode_labels",
    "encode_sequences",
    "find_data",
    "grouped_split",
    "load_dataset",
    "load_sequences",
    "logistic_regression_baseline",
    "per_class_accuracy",
    "random_split",
    "read_features",
    "read_table",
]

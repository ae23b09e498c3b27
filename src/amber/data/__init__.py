"""Data: sequences, tables, labels, splits, and what a simple model reaches. Knows nothing of models."""

from __future__ import annotations

from amber.data.baselines.linear_models import (
    BaselineResult,
    RegressionResult,
    logistic_regression_baseline,
    ridge_baseline,
)
from amber.data.baselines.scores import ClassScore, LabelScore, NumberScore, NumbersScore
from amber.data.block_datasets import load_blocks
from amber.data.dataset import Dataset, Split, TestVault
from amber.data.datasets import find_data, load_dataset, load_sequences, load_simulated
from amber.data.descriptions import DESCRIPTION, describe_sequences
from amber.data.encoding.sequences import encode_codes, encode_sequences
from amber.data.simulated.motifs import Motif
from amber.data.simulated.simulation import MotifTask, SimulatedRecords, Simulation, simulate
from amber.data.splits.division import SplitSpec
from amber.data.splits.parts import SplitIndices, column_split, grouped_split, random_split
from amber.data.tables.blocks import BlockSpec, split_columns
from amber.data.tables.features import check_features, read_features
from amber.data.tables.table import Table, read_table
from amber.data.targets.labels import encode_labels
from amber.data.targets.scaling import Scaling
from amber.data.targets.target import Target
from amber.data.targets.tasks import TargetSpec
from amber.measures import accuracy, mean_absolute_error, per_class_accuracy, r2

__all__ = [
    "DESCRIPTION",
    "BaselineResult",
    "BlockSpec",
    "ClassScore",
    "Dataset",
    "LabelScore",
    "Motif",
    "MotifTask",
    "NumberScore",
    "NumbersScore",
    "RegressionResult",
    "Scaling",
    "SimulatedRecords",
    "Simulation",
    "Split",
    "SplitIndices",
    "SplitSpec",
    "Table",
    "Target",
    "TargetSpec",
    "TestVault",
    "accuracy",
    "check_features",
    "column_split",
    "describe_sequences",
    "encode_codes",
    "encode_labels",
    "encode_sequences",
    "find_data",
    "grouped_split",
    "load_blocks",
    "load_dataset",
    "load_sequences",
    "load_simulated",
    "logistic_regression_baseline",
    "mean_absolute_error",
    "per_class_accuracy",
    "r2",
    "random_split",
    "read_features",
    "read_table",
    "ridge_baseline",
    "simulate",
    "split_columns",
]

"""Data: sequences, tables, labels, splits, and what a simple model reaches. Knows nothing of models."""

from __future__ import annotations

from amber.data.baselines import BaselineResult, RegressionResult, logistic_regression_baseline, ridge_baseline
from amber.data.block_datasets import load_blocks
from amber.data.blocks import BlockSpec, split_columns
from amber.data.dataset import Dataset, Split, TestVault
from amber.data.datasets import find_data, load_dataset, load_sequences
from amber.data.descriptions import DESCRIPTION, describe_sequences
from amber.data.features import check_features, read_features
from amber.data.labels import encode_labels
from amber.data.scaling import Scaling
from amber.data.scores import ClassScore, LabelScore, NumberScore
from amber.data.sequences import encode_codes, encode_sequences
from amber.data.simulated import MotifTask, SimulatedRecords, Simulation, load_simulated, simulate
from amber.data.simulated_motifs import Motif
from amber.data.splits import SplitIndices, column_split, grouped_split, random_split
from amber.data.tables import Table, read_table
from amber.data.targets import Target
from amber.data.tasks import TargetSpec
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
    "RegressionResult",
    "Scaling",
    "SimulatedRecords",
    "Simulation",
    "Split",
    "SplitIndices",
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

"""Sources of data: each gives `amber.data.examples.Examples`. Importing them registers them by name."""

from __future__ import annotations

from amber.data.sources.anndata import AnnDataSource
from amber.data.sources.arrays import ArraysSource
from amber.data.sources.fasta import FastaSource
from amber.data.sources.intervals import IntervalsSource
from amber.data.sources.parquet import ParquetSource
from amber.data.sources.simulated import SimulatedSource
from amber.data.sources.source import SOURCES, Source, Wanted, register_source
from amber.data.sources.table import TableSource
from amber.data.sources.zarr_arrays import ZarrSource

__all__ = [
    "SOURCES",
    "AnnDataSource",
    "ArraysSource",
    "FastaSource",
    "IntervalsSource",
    "ParquetSource",
    "SimulatedSource",
    "Source",
    "TableSource",
    "Wanted",
    "ZarrSource",
    "register_source",
]

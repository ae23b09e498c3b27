"""Sources of data: tables, FASTA files, intervals on a genome, arrays. Each gives `amber.data.examples.Examples`."""

from __future__ import annotations

from amber.data.sources.arrays import ArraysSource
from amber.data.sources.fasta import FastaSource
from amber.data.sources.intervals import IntervalsSource
from amber.data.sources.source import SOURCES, Source, Wanted, register_source
from amber.data.sources.table import TableSource

__all__ = [
    "SOURCES",
    "ArraysSource",
    "FastaSource",
    "IntervalsSource",
    "Source",
    "TableSource",
    "Wanted",
    "register_source",
]

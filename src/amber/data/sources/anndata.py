"""AnnData files as a source: cells (or samples) with their annotations, and groups of their features as inputs.

What may be changed here: what of the format is read. Its layout is told at
https://anndata.readthedocs.io/en/stable/fileformat-prose.html; h5py reads it, so that no other package is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import h5py
import numpy as np
from numpy.typing import NDArray

from amber.data.examples import ArrayExamples, InputKind, NumbersInput, Places
from amber.data.genomics.intervals import text_column
from amber.data.sources.source import Source, Wanted, register_source
from amber.data.tables.blocks import BlockSpec
from amber.data.tables.table import shown_names
from amber.data.text import reading
from amber.data.text.reading import check_no_codes
from amber.errors import AmberError, DataError
from amber.files import bounded_hdf5, size_text
from amber.types import Array
from amber.wording import said, shown

_FEATURES = "features"
_NAME = "name"


@dataclass(frozen=True)
class AnnDataSource(Source):
    """An AnnData file (`.h5ad`): observations are the examples.

    Columns of `obs` are what is known of each, `name` its name. The numbers of `X`, or of a layer, are one input called
    `features`; `data.blocks` make several of them, by names, ranges and patterns: `{rna: ENSG*, age: age}`.

    Attributes:
        anndata: the file.
        layer: name of the layer whose numbers are taken; None: `X`.
    """

    anndata: str
    layer: str | None = None
    PATHS: ClassVar[tuple[str, ...]] = ("anndata",)
    UNUSED: ClassVar[tuple[str, ...]] = ("sequence", "alphabet", "length", "align", "unknown")

    def input_names(self, wanted: Wanted) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return tuple(wanted.blocks) if wanted.blocks else (_FEATURES,)

    def examples(self, wanted: Wanted) -> ArrayExamples:
        """Return the observations.

        Raises:
            DataError: a file that is not AnnData or does not fit into memory, a layer or feature that is not there
                (those that are there are named), or numbers that are not finite.
        """
        try:
            with bounded_hdf5.reading(self.anndata, "an AnnData file") as opened:
                return self._examples(opened, wanted)
        except DataError:
            raise
        except AmberError as error:
            raise DataError(
                f"{self.anndata}: {said(error).removeprefix(f'{self.anndata}: ')}", file=self.anndata
            ) from error

    def _examples(self, opened: h5py.File, wanted: Wanted) -> ArrayExamples:
        for name in ("obs", "var"):
            if name not in opened:
                raise self._wrong(f"an AnnData file with {name!r}", shown_names(list(opened)) or "nothing")
        columns, names = _frame(opened["obs"])
        features = _frame(opened["var"])[1].tolist()
        check_no_codes(self.anndata, "the names of features", features)
        check_no_codes(self.anndata, "the names of observations", names.tolist())
        check_no_codes(self.anndata, "the names of columns", list(columns))
        for name, values in columns.items():
            if values.dtype.kind not in "biuf":
                check_no_codes(self.anndata, f"column {name!r}", values.tolist())
        numbers = self._numbers(opened, len(names), len(features))
        bad = np.argwhere(~np.isfinite(numbers))
        if len(bad):
            row, place = (int(each) for each in bad[0])
            raise self._wrong(
                f"finite numbers; observation {str(names[row])!r}, feature {features[place]!r} has none",
                str(numbers[row, place]),
            )
        arrays: dict[str, Array] = {}
        kinds: dict[str, InputKind] = {}
        for name, written in (wanted.blocks or {_FEATURES: list(features)}).items():
            chosen = list(range(len(features))) if wanted.blocks is None else self._chosen(written, name, features)
            arrays[name] = numbers[:, chosen]
            kinds[name] = NumbersInput(len(chosen), tuple(features[place] for place in chosen))
        columns.setdefault(_NAME, names)
        places = Places.in_file(self.anndata, np.arange(len(names)), names, word="observation")
        return ArrayExamples(arrays, kinds, columns, places)

    def _chosen(self, written: object, name: str, features: Sequence[str]) -> list[int]:
        try:
            spec = BlockSpec.parse(written, name)
            if spec.sequence is not None:
                raise DataError(f"Block {name!r}: an AnnData file has no sequences. Received: {spec.sequence!r}")
            place = {feature: number for number, feature in enumerate(features)}
            return [place[feature] for feature in spec.select(features, name)]
        except DataError as error:
            raise DataError(f"{self.anndata}: {error}", file=self.anndata, field=("inputs", name)) from error

    def _numbers(self, opened: h5py.File, observations: int, features: int) -> NDArray[np.float32]:
        layers = list(opened["layers"]) if "layers" in opened else []
        if self.layer is None and "X" not in opened:
            raise self._wrong("numbers in X; name a layer with `layer`", f"layers {shown_names(layers) or 'none'}")
        if self.layer is not None and self.layer not in layers:
            raise DataError(
                f"{self.anndata}: expected a layer {self.layer!r}. Received: layers {shown_names(layers) or 'none'}",
                file=self.anndata,
                field=("layer",),
            )
        stored = opened["X"] if self.layer is None else opened["layers"][self.layer]
        needed = observations * features * np.dtype(np.float32).itemsize
        if needed > reading.machine_memory():
            raise self._wrong("numbers that fit into memory; leave observations or features out", size_text(needed))
        dense = stored[()] if isinstance(stored, h5py.Dataset) else _of_sparse(stored)
        if dense.shape != (observations, features) or dense.dtype.kind not in "biuf":
            raise self._wrong(f"numbers of shape {(observations, features)}", f"{dense.dtype} of shape {dense.shape}")
        with np.errstate(over="ignore"):
            return np.asarray(dense, dtype=np.float32)

    def _wrong(self, expected: str, received: str) -> DataError:
        return DataError(f"{self.anndata}: expected {expected}. Received: {received}", file=self.anndata)


def _frame(group: h5py.Group) -> tuple[dict[str, Array], NDArray[np.object_]]:
    """Return the columns of `obs` or `var`, and the names of its rows."""
    index = _as_text(group.attrs.get("_index", ""))
    if "/" in index or not isinstance(group.get(index or "/"), h5py.Dataset):
        raise DataError(
            f"{group.file.filename}: expected that the attribute '_index' of {group.name} names one of its arrays: "
            f"{shown_names(list(group)) or 'there are none'}. Received: {shown(index)}",
            file=group.file.filename,
        )
    names = text_column([_as_text(each) for each in group[index][()].tolist()])
    order = [_as_text(each) for each in np.asarray(group.attrs.get("column-order", [])).tolist()]
    return {name: _column(group[name]) for name in order if name in group}, names


def _column(stored: h5py.Group | h5py.Dataset) -> Array:
    """Return one annotation: text, or numbers with NaN where one is missing."""
    if isinstance(stored, h5py.Dataset):
        return _plain(stored[()])
    if "codes" in stored:
        categories, codes = _plain(stored["categories"][()]), stored["codes"][()]
        named = [str(each) for each in categories.tolist()]
        return text_column(["" if code < 0 else named[code] for code in codes.tolist()])
    values, mask = stored["values"][()], stored["mask"][()]
    if values.dtype.kind in "biuf":
        return np.where(mask, np.nan, values.astype(np.float64))
    return text_column(
        ["" if lacks else _as_text(each) for each, lacks in zip(values.tolist(), mask.tolist(), strict=True)]
    )


def _plain(values: Array) -> Array:
    return values if values.dtype.kind in "biuf" else text_column([_as_text(each) for each in values.tolist()])


def _as_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _of_sparse(group: h5py.Group) -> Array:
    """Return a sparse matrix, by rows or by columns, as a dense one."""
    # Takes a while to import, and is needed nowhere else.
    from scipy.sparse import csc_array, csr_array

    kind = csc_array if _as_text(group.attrs.get("encoding-type", "")) == "csc_matrix" else csr_array
    shape = tuple(int(each) for each in group.attrs["shape"])
    parts = (group["data"][()], group["indices"][()], group["indptr"][()])
    matrix = kind(parts, shape=shape)
    matrix.check_format(full_check=True)
    return np.asarray(matrix.toarray())


register_source("anndata", AnnDataSource)

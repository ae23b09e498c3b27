"""Tables to data sets of named blocks, with one target or several.

What may be changed here: what a target can be.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from amber.data.blocks import BlockSpec
from amber.data.dataset import Dataset, Split, TestVault, rows_of, shapes_of
from amber.data.datasets import find_data, is_packaged
from amber.data.features import table_features
from amber.data.labels import encode_labels
from amber.data.scaling import Scaling
from amber.data.splits import (
    DEFAULT_FRACTIONS,
    SplitIndices,
    column_split,
    grouped_split,
    random_split,
)
from amber.data.tables import Table, read_table
from amber.data.targets import Target
from amber.errors import DataError


@dataclass(frozen=True)
class TargetSpec:
    """How a target is read from a table.

    Attributes:
        column: where it stands.
        kind: `"classes"` (class names) or `"number"`.
        classes: class names in the order of their numbers; by default sorted.
    """

    column: str
    kind: Literal["classes", "number"] = "classes"
    classes: Sequence[str] | None = None


def load_blocks(
    name: str | os.PathLike[str],
    blocks: Mapping[str, Any],
    targets: Mapping[str, TargetSpec | str],
    split: str = "random",
    seed: int = 0,
    *,
    standardize: bool = True,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
) -> Dataset:
    """Load named blocks of a CSV file.

    Args:
        name: as for `find_data`.
        blocks: name of the input -> what it holds, as for `BlockSpec.parse`: `"fou_1..fou_76"`, a list, or
            `{"sequence": column}`.
        targets: name of the output -> its column (class names), or a TargetSpec.
        split: a column with `train`, `val` and `test`; or `"random"`, stratified by the first target with classes;
            or `"grouped"`, keeping together the groups of the column `group`.
        seed: of the drawn splits.
        standardize: scale blocks of numbers, and targets that are numbers, to mean 0 and standard deviation 1 on
            the training part.
        fractions: of train, validation and test, for the drawn splits.

    Returns:
        The data set; `x` is a dictionary of float32 arrays, and so is `y` where there are several targets.

    Raises:
        DataError: no such data, or data that cannot be used, with file and line; a target that is in a block.
    """
    specs = {block: BlockSpec.parse(written, block) for block, written in blocks.items()}
    wanted = {output: spec if isinstance(spec, TargetSpec) else TargetSpec(spec) for output, spec in targets.items()}
    if not specs or not wanted:
        raise DataError(f"Expected at least one block and one target. Received: {len(specs)} and {len(wanted)}")
    table = read_table(find_data(name))
    _check_no_target_inside(specs, wanted, table)
    x: dict[str, NDArray[Any]] = {block: spec.read(table, block) for block, spec in specs.items()}
    y, known = _read_targets(table, wanted)
    parts = _parts(table, split, seed, fractions, next((y[t.name] for t in known if t.classes), None))
    scaling: dict[str, Scaling] = {}
    if standardize:
        scaling = {block: Scaling.fit(x[block][parts.train]) for block, spec in specs.items() if not spec.sequence}
        x |= {block: scale.apply(x[block]) for block, scale in scaling.items()}
        known = tuple(_scaled(target, y, parts.train) for target in known)
    title = str(name) if is_packaged(name) else table.path.name.removesuffix(".gz").removesuffix(".csv")
    train, validation, test = (_split(x, y, rows) for rows in (parts.train, parts.validation, parts.test))
    return Dataset(
        name=title,
        train=train,
        validation=validation,
        test=TestVault(test, title),
        classes=known[0].classes or () if len(known) == 1 else (),
        input_shape=shapes_of(x),
        split=split,
        path=table.path.absolute(),
        split_origin=_origin(split, seed),
        targets=known,
        scaling=scaling,
    )


def _origin(split: str, seed: int) -> str:
    drawn = {"random": "stratified", "grouped": "groups of group kept together"}
    return f"drawn at random, {drawn[split]}, seed {seed}" if split in drawn else f"column {split}"


def _check_no_target_inside(specs: Mapping[str, BlockSpec], wanted: Mapping[str, TargetSpec], table: Table) -> None:
    header = list(table.columns)
    for block, spec in specs.items():
        columns = spec.select(header, block)
        for target in wanted.values():
            if target.column in columns:
                raise DataError(
                    f"Block {block!r} must not hold the column {target.column!r}, which is to be predicted. "
                    f"Received: {', '.join(spec.columns) or spec.sequence}"
                )


def _read_targets(table: Table, wanted: Mapping[str, TargetSpec]) -> tuple[dict[str, Any], tuple[Target, ...]]:
    y: dict[str, Any] = {}
    known: list[Target] = []
    for output, spec in wanted.items():
        BlockSpec((spec.column,)).select(list(table.columns), output)
        if spec.kind == "number":
            y[output] = table_features(table, [spec.column])
            known.append(Target(output))
            continue
        source = str(table.path)
        y[output], classes = encode_labels(table[spec.column], spec.classes, lines=table.lines, source=source)
        known.append(Target(output, classes))
    return y, tuple(known)


def _scaled(target: Target, y: dict[str, Any], rows: NDArray[np.int64]) -> Target:
    if target.classes is not None:
        return target
    scaling = Scaling.fit(y[target.name][rows])
    y[target.name] = scaling.apply(y[target.name])
    return replace(target, scaling=scaling)


def _parts(table: Table, split: str, seed: int, fractions: Sequence[float], labels: Any) -> SplitIndices:
    if split == "random":
        return random_split(len(table), fractions, seed, stratify=labels)
    column = "group" if split == "grouped" else split
    BlockSpec((column,)).select(list(table.columns), "split")
    if split == "grouped":
        return grouped_split(table[column], fractions, seed)
    return column_split(table[column], lines=table.lines, source=str(table.path))


def _split(x: dict[str, Any], y: dict[str, Any], rows: NDArray[np.int64]) -> Split:
    targets = rows_of(y, rows)
    return Split(rows_of(x, rows), targets if len(targets) > 1 else next(iter(targets.values())))

"""Tables to data sets of named blocks, with one target or several."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

from amber.data.dataset import Dataset
from amber.data.datasets import load_table
from amber.data.former_arguments import translate
from amber.data.from_examples import DatasetSpec
from amber.data.sources.source import Wanted
from amber.data.splits.division import RANDOM, SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.deprecation import deprecated_arguments
from amber.errors import DataError


@deprecated_arguments(["fractions"], partial(translate, usual=RANDOM), since="0.3.0", removed_in="0.5.0")
def load_blocks(
    name: str | os.PathLike[str],
    blocks: Mapping[str, object],
    targets: Mapping[str, TargetSpec | str],
    split: str | SplitSpec = RANDOM,
    seed: int = 0,
    *,
    standardize: bool = True,
    size_limit: int | None = None,
) -> Dataset:
    """Load named blocks of a CSV file.

    Args:
        name: as for `find_data`.
        blocks: name of the input -> what it holds, as for `BlockSpec.parse`: `"fou_1..fou_76"`, a list, or
            `{"sequence": column}`.
        targets: name of the output -> its column (classes or numbers, found out from the values), or a TargetSpec.
        split: as for `load_dataset`, but `"random"` by default; parts are stratified by the first target with classes.
        seed: as for `load_dataset`.
        standardize: scale blocks of numbers, and targets that are numbers, to mean 0 and standard deviation 1 on
            the training part.
        size_limit: as for `load_dataset`.

    Returns:
        The data set; `x` is a dictionary of float32 arrays, and so is `y` where there are several targets.

    Raises:
        DataError: no such data, or data that cannot be used, with file and line; a target that is in a block.
    """
    wanted = {output: TargetSpec.of(spec) for output, spec in targets.items()}
    if not blocks or not wanted:
        raise DataError(f"Expected at least one block and one target. Received: {len(blocks)} and {len(wanted)}")
    spec = DatasetSpec(wanted, SplitSpec.of(split, seed), standardize=standardize)
    return load_table(name, Wanted(blocks=blocks, size_limit=size_limit), spec)

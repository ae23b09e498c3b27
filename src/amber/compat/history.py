"""`train_history.csv`: one row for every architecture of a search, as the first AMBER writes and reads it.

A row is `trial, [metrics in the order of their names], reward, token, token, ...`; there is no header.
"""

from __future__ import annotations

import csv
import io
import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.compat.table import Table, as_frame
from amber.errors import DataError
from amber.files import MEBIBYTE, read_bounded
from amber.search.journal import append_line

if TYPE_CHECKING:
    from amber.compat.roles import Trial

logger = logging.getLogger(__name__)

FILE_NAME = "train_history.csv"
_LIMIT = 512 * MEBIBYTE
_FEWEST_CELLS = 4
# In the order of their names, the last of which every search has.
_METRICS = ["acc", "knowledge", "loss"]


@dataclass(frozen=True)
class HistoryRow:
    """One architecture of a search.

    Attributes:
        trial: its number; of several data sets `MANAGER-STEP`.
        metrics: in the order of their names.
        reward: of the architecture.
        words: its tokens as texts; in old files also operations.
    """

    trial: str
    metrics: list[float]
    reward: float
    words: list[str]

    @property
    def tokens(self) -> list[int | str]:
        """The tokens as integers, and what is none as text."""
        return [int(word) if word.lstrip("-").isdecimal() else word for word in self.words]


def write_row(
    file: Path, trial: Trial, metrics: Mapping[str, float], reward: float, tokens: Iterable[int | str]
) -> None:
    """Append a row; the file is made where there is none.

    Args:
        file: the history.
        trial: number of the trial.
        metrics: by name.
        reward: of the architecture.
        tokens: of the architecture.

    Raises:
        OSError: it cannot be written.
    """
    file.touch(exist_ok=True)
    line = io.StringIO()
    values = [float(metrics[name]) for name in sorted(metrics)]
    csv.writer(line, lineterminator="\n").writerow([trial, values, float(reward), *(int(token) for token in tokens)])
    append_line(file, line.getvalue())


def read_rows(file: str | os.PathLike[str]) -> list[HistoryRow]:
    """Read the rows of one file; a last row cut short, as a killed search leaves it, is left out with a warning.

    Raises:
        DataError: it cannot be read, or a row is not one of a history; names file and line.
    """
    path = Path(file)
    data = read_bounded(path, limit=_LIMIT, what="a train_history.csv of the first AMBER", error=DataError)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected text in UTF-8. Received: {error}") from error
    rows: list[HistoryRow] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text)), start=1):
            if cells:
                rows.append(_row(cells, f"{path}, line {number}"))
    except (DataError, csv.Error) as error:
        if text.endswith("\n") or number < text.count("\n"):
            raise DataError(str(error)) from error
        logger.warning("The last row of %s is cut short and left out.", path)
    return rows


def _row(cells: Sequence[str], where: str) -> HistoryRow:
    if len(cells) < _FEWEST_CELLS:
        raise DataError(f"{where}: expected a trial, metrics, a reward and tokens. Received: {len(cells)} cells")
    try:
        # NumPy 2 writes its numbers as np.float64(0.5) where a list of them becomes text.
        metrics = [_number(each) for each in cells[1].strip().removeprefix("[").removesuffix("]").split(",") if each]
        return HistoryRow(cells[0], metrics, _number(cells[2]), list(cells[3:]))
    except (ValueError, SyntaxError) as error:
        raise DataError(f"{where}: expected numbers. Received: {cells[1]!r} and {cells[2]!r}") from error


def _number(text: str) -> float:
    """A number as Python or NumPy writes it, alone or in a list of one."""
    bare = text.strip().strip("[]()").strip()
    if "(" in bare:
        bare = bare.split("(", 1)[1].rstrip(")")
    return math.nan if bare in ("None", "") else float(bare)


def read_history(
    files: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
    metric_name_dict: Mapping[str, int] | None = None,
) -> Table:
    """Return the histories of searches as one table.

    Args:
        files: `train_history.csv` files, or one.
        metric_name_dict: where each metric stands in the list of a row, such as `{"knowledge": 0, "auc": 1}`. None:
            acc, knowledge and loss of rows with three metrics, knowledge and loss of those with two, loss of those
            with one; of others metric_0, metric_1, ...

    Returns:
        A pandas DataFrame where pandas is installed, else a `Table`. Columns: ID, the metrics, L1 to Ln (the tokens),
        dir (the folder of the file).

    Raises:
        DataError: a file cannot be read, or a row has no such metric.
    """
    listed = [files] if isinstance(files, (str, os.PathLike)) else list(files)
    columns: dict[str, list[Any]] = {}
    width = 0
    rows = [(row, str(Path(file).parent)) for file in listed for row in read_rows(file)]
    width = max((len(row.words) for row, _ in rows), default=0)
    places = _places(metric_name_dict, min((len(row.metrics) for row, _ in rows), default=0))
    columns["ID"] = [int(row.trial) if row.trial.isdecimal() else row.trial for row, _ in rows]
    for name, place in places.items():
        columns[name] = [row.metrics[place] for row, _ in rows]
    for layer in range(width):
        columns[f"L{layer + 1}"] = [row.tokens[layer] if layer < len(row.words) else None for row, _ in rows]
    columns["dir"] = [folder for _, folder in rows]
    return as_frame(Table(columns))


def _places(given: Mapping[str, int] | None, metrics: int) -> dict[str, int]:
    if given is None:
        known = _METRICS[-metrics:] if 0 < metrics <= len(_METRICS) else [f"metric_{place}" for place in range(metrics)]
        return {name: place for place, name in enumerate(known)}
    wrong = {name: place for name, place in given.items() if not 0 <= place < metrics}
    if wrong and metrics:
        raise DataError(f"metric_name_dict may name the places 0 to {metrics - 1} of a row. Received: {wrong}")
    return dict(given)

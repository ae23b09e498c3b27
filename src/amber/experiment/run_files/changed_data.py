"""Whether the data that a run names are still those that its search began on."""

from __future__ import annotations

from pathlib import Path

from amber.data import Dataset
from amber.errors import AmberError
from amber.experiment.run_files.recorded import begun_with


def remark_on_changed_data(source: Path, dataset: Dataset) -> str:
    """Return a sentence where a run's data have changed since its search; empty where not, or that is not known.

    Args:
        source: run directory, or a file in it.
        dataset: what its configuration gives now.
    """
    from amber.search.data_identity import DATA_FINGERPRINT

    directory = source if source.is_dir() else source.parent
    try:
        began = begun_with(directory) or {}
    except AmberError:  # that the settings are damaged is said where a search goes on with them
        return ""
    before = began.get(DATA_FINGERPRINT)
    if before is None or before == dataset.fingerprint:
        return ""
    return (
        f"{dataset.path or dataset.name} holds other examples, labels or parts than the search in {directory} began "
        "on: examples that it was trained on may be among those that are looked at now."
    )

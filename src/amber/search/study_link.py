"""The link between a run directory and a study in a database, kept in `study.json`.

A directory without that file belongs to a search that is recorded in the directory's own journal.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from amber.errors import StorageError
from amber.files.strict_json import json_text, read_json
from amber.search.run_directory import STUDY_LINK, RunDirectory
from amber.wording import shown

FORMAT_VERSION = 1


@dataclass(frozen=True)
class StudyLink:
    """Link between a run directory and a study.

    Attributes:
        storage: the database's address, without passwords.
        study: name of the study.
        participant: says which of the study's trials are those of this directory.
    """

    storage: str
    study: str
    participant: str


def study_link(directory: RunDirectory) -> StudyLink | None:
    """Return the link of a directory; None where the search is recorded in the directory.

    Raises:
        StorageError: the file cannot be read, is damaged, or of another version.
    """
    path = directory.path / STUDY_LINK
    if not path.exists():
        return None
    values = read_json(path, what="the file of a shared search")
    try:
        version = values.pop("format_version")
        if version != FORMAT_VERSION:
            raise StorageError(f"{path} must be of format_version {FORMAT_VERSION}. Received: {shown(version)}")
        if not all(isinstance(value, str) for value in values.values()):
            raise TypeError("a value is not text")
        return StudyLink(**values)
    except (TypeError, KeyError, AttributeError) as error:
        raise StorageError(f"{path}: expected the file of a shared search. Received: {shown(values)}") from error


def link_to_study(directory: RunDirectory, storage: str, study: str) -> StudyLink:
    """Return the link of a directory to a study: the one it has, or a new one.

    Raises:
        StorageError: its trials are recorded elsewhere, or the file cannot be read or written.
    """
    known = study_link(directory)
    if known is not None and (known.storage, known.study) == (storage, study):
        return known
    if directory.trials():
        record = "its own journal" if known is None else f"the study '{known.study}' in {known.storage}"
        raise StorageError(
            f"The search in {directory.path} is recorded in {record}: expected no trials, or storage as it was. "
            f"Received: the study '{study}' in {storage}"
        )
    made = StudyLink(storage, study, uuid.uuid4().hex)
    directory.write(STUDY_LINK, json_text({"format_version": FORMAT_VERSION, **asdict(made)}))
    return made


def check_alone(directory: RunDirectory) -> None:
    """Check that the search in a directory is recorded in it.

    Raises:
        StorageError: it is recorded in a database; names it.
    """
    known = study_link(directory)
    if known is not None and directory.trials():
        raise StorageError(
            f"The search in {directory.path} is recorded in the study '{known.study}' in {known.storage}: "
            "expected storage as it was. Received: none"
        )

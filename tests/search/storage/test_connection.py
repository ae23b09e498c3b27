"""What a database refuses is told apart by its class and code, never by its message."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy

from amber.search.storage.connection import _is_of_sql

TABLE = sqlalchemy.text("CREATE TABLE trials (number INTEGER)")


def test_table_that_is_there_already_is_a_refusal_of_sql() -> None:
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        connection.execute(TABLE)
        with pytest.raises(sqlalchemy.exc.OperationalError) as refusal:
            connection.execute(TABLE)
    assert _is_of_sql(refusal.value)


def test_file_that_cannot_be_opened_is_not(tmp_path: Path) -> None:
    with pytest.raises(sqlalchemy.exc.OperationalError) as refusal:
        sqlalchemy.create_engine(f"sqlite:///{tmp_path}/missing/study.db").connect()
    assert not _is_of_sql(refusal.value)

"""Base class of all sections of a configuration, and types of values that many keys have."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _written_name(value: object) -> object:
    """Return a name as text, where YAML made a number of it."""
    if isinstance(value, bool) or value is None:
        raise ValueError(
            'a name; quote it, such as "yes", as YAML reads yes, no, on, off, true, false and null as other values'
        )
    return str(value) if isinstance(value, (int, float)) else value


Count = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
# A class or a column, as it stands in the data; numbers may be written without quotes.
Name = Annotated[str, Field(min_length=1), BeforeValidator(_written_name)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Section(BaseModel):
    """Base of all sections: no unknown keys, no silent conversion, immutable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

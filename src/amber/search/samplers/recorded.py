"""Options of samplers whose default has changed: a record says which value they had, so that its search is replayed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Optuna's own default since version 5. Up to version 0.1 tokens were modelled each on its own.
MULTIVARIATE, MULTIVARIATE_BEFORE = True, False


def recorded_options(sampler: str, options: Mapping[str, object] | None) -> dict[str, object]:
    """Return the options as the settings of a search hold them: those whose default has changed are always there."""
    return {**({"multivariate": MULTIVARIATE} if _is_tpe(sampler) else {}), **(options or {})}


def with_options_of_then(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return recorded settings of a search with the options that an older version does not note."""
    found = dict(settings)
    if _is_tpe(found.get("sampler")):
        found["sampler_options"] = {"multivariate": MULTIVARIATE_BEFORE, **(found.get("sampler_options") or {})}
    if isinstance(found.get("search"), Mapping):
        found["search"] = with_options_of_then(found["search"])
    return found


def _is_tpe(sampler: object) -> bool:
    return isinstance(sampler, str) and sampler.lower() == "tpe"

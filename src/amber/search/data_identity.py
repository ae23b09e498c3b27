"""Which data a search was on, among its settings: what they hold counts, not where they lie.

The settings of a search hold `data_fingerprint` (see `amber.data.Dataset.fingerprint`) beside the section `data`.
"""

from __future__ import annotations

from collections.abc import Mapping

from amber.search.samplers.recorded import with_options_of_then

DATA_FINGERPRINT = "data_fingerprint"


def comparable(before: Mapping[str, object], now: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Return the settings a search began with, and those it is taken up with, without what says nothing of the data.

    A search begun before there were fingerprints is compared without one, and one begun when samplers had other
    defaults with those. Where both have the same, the same data may
    lie elsewhere now. Where `seed` or the section `data` changed, other data follow from that, and only the change
    itself is named.
    """
    first, second = with_options_of_then(before), dict(now)
    if first.get(DATA_FINGERPRINT) is None or _data_settings(first) != _data_settings(second):
        first.pop(DATA_FINGERPRINT, None)
        second.pop(DATA_FINGERPRINT, None)
    elif first[DATA_FINGERPRINT] == second.get(DATA_FINGERPRINT):
        first["data"], second["data"] = _without_source(first), _without_source(second)
    return first, second


def _without_source(settings: Mapping[str, object]) -> object:
    data = settings.get("data")
    return {key: value for key, value in data.items() if key != "source"} if isinstance(data, Mapping) else data


def _data_settings(settings: Mapping[str, object]) -> tuple[object, object]:
    return settings.get("seed"), _without_source(settings)

"""The key `model_space: {preset: NAME}`: checked when a configuration is read, written out with the data."""

from __future__ import annotations

from amber.errors import ModelSpaceError
from amber.experiment.configuration.document import YamlDocument
from amber.experiment.configuration.mistakes import unknown_key
from amber.presets import AUTO, PRESETS

KEY = "preset"


def preset_in(section: object, document: YamlDocument) -> str | None:
    """Return the name of the preset that the section `model_space` names; None: it holds a space.

    Raises:
        ConfigError: an unknown name, or other keys beside it; names file, line and key.
    """
    if not isinstance(section, dict) or KEY not in section:
        return None
    for key in section:
        if key != KEY:
            raise document.error(("model_space", key), unknown_key(str(key), [KEY]))
    name = section[KEY]
    if isinstance(name, str) and name.strip().lower() == AUTO:
        return AUTO
    try:
        PRESETS.get(name)
    except ModelSpaceError as error:
        said = str(error).replace("expected one of", f"expected {AUTO}, or one of", 1)
        raise document.error(("model_space", KEY), said) from error
    return str(name).strip().lower()

"""`keras.json`: what the user wrote in it, and whether Keras can be imported beside it.

Importing Keras writes the file where there is none. It then names TensorFlow whatever is installed and whatever backend
Keras runs on, so a file with nothing but Keras's defaults says nothing of what the user wants.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amber.errors import ConfigError
from amber.files import read_bounded

# What Keras 3 writes by itself (`keras/src/backend/config.py`).
_WRITTEN_BY_KERAS = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last",
}
_LIMIT = 1 << 16
_WAY_OUT = "mend it, remove it, or set KERAS_HOME to another folder"


def user_path() -> Path:
    """Return where the user keeps `keras.json`: in `KERAS_HOME`, by default ``~/.keras``."""
    folder = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    return Path(os.path.expanduser(folder)) / "keras.json"


def backend_of_user() -> str | None:
    """Return the backend that the user wrote into `keras.json`; None where the user named none.

    Raises:
        ConfigError: Keras would read a `keras.json` that it cannot be imported with.
    """
    path = user_path()
    if _path_of_keras() != path:
        _read(_path_of_keras())
    content = _read(path)
    if _is_written_by_keras(content):
        return None
    name = content.get("backend")
    return name if isinstance(name, str) else None


def _path_of_keras() -> Path:
    """Return the path that Keras reads: another one where it may not write into the home folder."""
    home = os.path.expanduser("~")
    if os.environ.get("KERAS_HOME") or os.access(home, os.W_OK):
        return user_path()
    return Path("/tmp/.keras/keras.json")


def _is_written_by_keras(content: Mapping[str, object]) -> bool:
    return dict(content) == _WRITTEN_BY_KERAS


def _read(path: Path) -> Mapping[str, Any]:
    """Return what a file says, and nothing where there is none or it is not JSON, as Keras has it."""
    if not os.path.exists(path):
        return {}
    text = read_bounded(path, limit=_LIMIT, what=f"settings that Keras can read ({_WAY_OUT})", error=ConfigError)
    try:
        content = json.loads(text)
    except RecursionError:
        raise _unusable(path, "a JSON object", "nested lists") from None
    except ValueError:
        return {}
    if not isinstance(content, dict):
        raise _unusable(path, 'a JSON object such as {"backend": "torch"}', type(content).__name__)
    _check_values(path, content)
    return content


def _check_values(path: Path, content: Mapping[str, object]) -> None:
    """Refuse what Keras refuses in words of its own."""
    for key, allowed in (
        ("floatx", ("float16", "float32", "float64")),
        ("image_data_format", ("channels_last", "channels_first")),
    ):
        if key in content and content[key] not in allowed:
            raise _unusable(path, f"'{key}' to be one of {', '.join(allowed)}", repr(content[key])[:80])
    if not isinstance(content.get("epsilon", 1e-07), float):
        raise _unusable(path, "'epsilon' to be a number such as 1e-07", repr(content["epsilon"])[:80])


def _unusable(path: Path, expected: str, received: str) -> ConfigError:
    return ConfigError(f"{path}: Keras expects {expected} ({_WAY_OUT}). Received: {received}")

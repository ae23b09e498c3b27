"""Code of the user's own, which registers builders, samplers and layers: loaded only where `--plugin` names it.

Nothing that a configuration, a `best.json` or a run directory says can name code to be run.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from amber.errors import ConfigError


def load_plugins(names: Iterable[str]) -> None:
    """Imports plug-ins, in this order.

    Args:
        names: importable modules, such as `my_lab.layers`, or files ending in `.py`.

    Raises:
        ConfigError: one cannot be found, or raises as it is imported.
    """
    for name in names:
        try:
            if name.endswith(".py"):
                _load_file(Path(name))
            else:
                importlib.import_module(name)
        except Exception as error:  # whatever the user's own code raises
            raise ConfigError(
                f"--plugin: expected an importable module or a Python file. Received: {name} "
                f"({type(error).__name__}: {error})"
            ) from error


def _load_file(path: Path) -> None:
    name = f"amber_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no Python file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise

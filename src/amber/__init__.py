"""AMBER finds neural network architectures for sequences and blocks of features.

`amber.search(data)` searches in one call: `data` are files, sequences and labels, or a Dataset. Importing this package
is cheap: it loads no Keras and no backend. `amber.Experiment` resolves a configuration, `amber.run` runs it, and
`amber.load` loads the network of a run. What else is needed, import from `amber.architect`,
`amber.graph`, `amber.modeler`, `amber.supernet`, `amber.search` and `amber.data`. `ARCHITECTURE.md` says what is where.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["Amber", "AmberSpecifications", "Experiment", "TrainedModel", "__version__", "load", "resolve", "run"]

__version__ = "0.2.0"

_PACKAGES = frozenset(
    "architect backend cli compat data drawing errors experiment files graph modeler operations registry report search "
    "sklearn supernet training".split()
)
_EXPERIMENT = frozenset({"Experiment", "resolve", "run"})
# Of the first AMBER: modules whose contents are in amber.compat, and classes.
_FORMER_MODULES = frozenset("bootstrap getter objective plots utils".split())
_TRAINED = frozenset({"TrainedModel", "load"})
_FORMER = frozenset({"Amber", "AmberSpecifications"})


def __getattr__(name: str) -> Any:
    # `import amber; amber.modeler` works, and loads Keras only then.
    if name in _PACKAGES or name in _FORMER_MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _EXPERIMENT:
        return getattr(importlib.import_module("amber.experiment"), name)
    if name in _TRAINED:
        return getattr(importlib.import_module("amber.experiment.trained.model"), name)
    if name in _FORMER:
        return getattr(importlib.import_module("amber.compat"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_PACKAGES, *_FORMER_MODULES})

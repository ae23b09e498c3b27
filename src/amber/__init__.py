"""AMBER finds neural network architectures for sequences and blocks of features.

Importing this package is cheap: it loads no Keras and no backend. Import what is needed from
`amber.architect`, `amber.modeler`, `amber.search` and `amber.data`. `ARCHITECTURE.md` says what lives where.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["__version__"]

__version__ = "0.1.0"

_PACKAGES = frozenset("architect backend cli data errors files modeler registry report search".split())


def __getattr__(name: str) -> Any:
    # `import amber; amber.modeler` works, and loads Keras only then.
    if name not in _PACKAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_PACKAGES})

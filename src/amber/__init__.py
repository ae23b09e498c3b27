"""AMBER finds neural network architectures for sequences and blocks of features.

Importing this package is cheap: it loads no Keras and no backend. Import what is needed from
`amber.architect`, `amber.modeler`, `amber.search` and `amber.data`. `ARCHITECTURE.md` says what lives where.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"

"""Models on JAX whose steps take less time to compile, and are compiled once for all processes of a user."""

from amber.backend.jax.cache import use_cache
from amber.backend.jax.model import CompiledFunctional

__all__ = ["CompiledFunctional"]

use_cache()  # before layers draw their first weights: JAX compiles that too, for each shape

"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.stores import get_store_fn, store_general, store_minimal, store_with_model_plot

__all__ = ["get_store_fn", "store_general", "store_minimal", "store_with_model_plot"]

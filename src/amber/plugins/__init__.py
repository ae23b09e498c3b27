"""Code of the user's own, which registers operations, builders, samplers, rewards and layers, and its data files."""

from amber.plugins.plugin import Plugin, described, find_plugin, is_loaded, load_plugins

__all__ = ["Plugin", "described", "find_plugin", "is_loaded", "load_plugins"]

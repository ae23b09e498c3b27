"""Twelve small problems searched with a configuration that names only data and space."""

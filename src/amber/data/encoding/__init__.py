"""Sequences to codes of one byte, and codes to channels."""

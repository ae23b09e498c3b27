"""Measurements of AMBER beside hand-written networks, side by side in one run; see `python -m benchmarks --help`."""

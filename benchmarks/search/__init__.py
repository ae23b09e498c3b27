"""`make bench-search`: ways to search, side by side, at equal wall-clock time."""

"""The last phase of a run: the best architecture is trained, scored once on test data, and judged in plain words."""

"""Arrays that are read in batches, and views of examples in training."""

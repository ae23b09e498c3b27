"""A trained network with its preprocessing: how data become its inputs, and what its outputs mean."""

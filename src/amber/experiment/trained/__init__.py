"""A trained network with what belongs to it: how data become its inputs, and what its outputs mean."""

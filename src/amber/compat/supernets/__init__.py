"""The first AMBER's weight-sharing builders, DAGs and child models, with all of their arguments."""

# First: its faces of the first AMBER's modules import what is here, and would find it half loaded.
import amber.modeler  # noqa: F401

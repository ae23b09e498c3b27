"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.data import DataToParse, batchify, unpack_data
from amber.compat.hdf5 import BatchedHDF5Generator, Selector
from amber.compat.history import read_history
from amber.compat.testing_spaces import get_example_conv1d_space, get_example_sparse_model_space

__all__ = [
    "BatchedHDF5Generator",
    "DataToParse",
    "Selector",
    "batchify",
    "get_example_conv1d_space",
    "get_example_sparse_model_space",
    "read_history",
    "unpack_data",
]

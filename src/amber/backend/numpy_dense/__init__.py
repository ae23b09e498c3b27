"""Training children of a feed-forward supernet by NumPy on a CPU, for the backends that compile.

A compiled step has fixed shapes, so it computes and updates more of the shared matrices than an architecture takes, and
takes seconds to compile. Here a step computes and updates the rows and columns taken only, as on torch
(`backend/torch/sliced_mlp.py`, `sparse_update.py`). Where something is not known here, Keras's steps run.
"""

from amber.backend.numpy_dense.model import NumpyDenseTraining

__all__ = ["NumpyDenseTraining"]

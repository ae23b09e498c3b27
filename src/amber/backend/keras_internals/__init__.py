"""Everything AMBER uses of Keras that Keras does not document, and nothing else does.

| module | what it reaches |
|---|---|
| `support` | the list of those members, whether they are as expected, and whether the fast paths may run |
| `torch_runtime` | device, conversion and scopes of Keras on torch |
| `variables` | the tensor inside a variable, the kernel inside a layer |
| `graphs` | nodes, structure and layers of a functional model |
| `models` | loss, metrics and trackers of a compiled model; what its training reports |
| `steps` | what losses, metrics and updates of a training step are made of |
| `fit` | how data become batches, which hooks of a callback are its own |
| `process` | deferred variables, the global seed generator, the handle through which Keras would import TensorFlow |
| `distribution` | devices of JAX, and Keras's TensorFlow trainer |

A member that is not as expected, or a Keras outside the tested versions, turns the fast paths off with one warning; see
`support`. `tests/backend/keras_internals` says of every member what is expected of it.
"""

from amber.backend.keras_internals.support import STOCK_VARIABLE, fast_paths_available

__all__ = ["STOCK_VARIABLE", "fast_paths_available"]

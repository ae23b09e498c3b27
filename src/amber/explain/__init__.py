"""Attribution: which bases and features make a network say what it says.

`saliency`, `gradient_times_input`, `integrated_gradients`, `deep_lift` and `mutagenesis` take a model, examples, the
number to explain and, but for the first and last, what the examples are compared with. They work on every backend, for
models of AMBER and for any functional Keras model.
"""

from amber.backend import prepare_keras

prepare_keras()

from amber.explain.deep_lift import deep_lift
from amber.explain.gradients import gradient_times_input, integrated_gradients, saliency
from amber.explain.mutagenesis import mutagenesis
from amber.explain.settings import Settings

__all__ = ["Settings", "deep_lift", "gradient_times_input", "integrated_gradients", "mutagenesis", "saliency"]

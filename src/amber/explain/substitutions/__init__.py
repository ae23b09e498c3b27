"""What single substitutions change in a network: only that is computed again.

A substitution reaches a few positions of a convolution's output, a few more of the next, and all of a dense layer's.
`reach` says how far, `local` which layers keep within it, and `model` runs the network so.

Nair, Shrikumar, Schreiber and Kundaje, "fastISM: performant in silico saturation mutagenesis for convolutional neural
networks", Bioinformatics 38 (2022), 2397-2403.
"""

from amber.explain.substitutions.model import ONE_HOT, Scores, SubstitutedModel, substituted_model

__all__ = ["ONE_HOT", "Scores", "SubstitutedModel", "substituted_model"]

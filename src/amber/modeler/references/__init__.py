"""Reference networks: what the literature trains on sequences, to compare with and to begin a search from.

`reference_network("basset", input, output)` plans one for any length of sequence and any task. Kernels and pools shrink
where a sequence is shorter than in the paper; what a network ends in is the output of the task.
"""

from amber.modeler.references.networks import REFERENCES, ReferenceNetwork, reference_network

__all__ = ["REFERENCES", "ReferenceNetwork", "reference_network"]

"""The reference networks, by name, each with its paper.

What may be changed here: a network joins with a function and `REFERENCES.register`. Each takes a chain that holds the
input and adds its layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from amber.architect import Operation
from amber.checks import is_integer, is_number
from amber.errors import ModelSpaceError
from amber.graph.graph import ComputationGraph
from amber.modeler.references.chain import SequenceChain
from amber.registry import Registry

ReferenceNetwork: TypeAlias = Callable[[SequenceChain], None]
REFERENCES: Registry[ReferenceNetwork] = Registry("reference network", ModelSpaceError)


def reference_network(
    name: str, inputs: Operation, outputs: Operation | Sequence[Operation], width: float = 1.0
) -> ComputationGraph:
    """Plan a network of the literature for a length of sequence and a task.

    Args:
        name: `deepbind`, `deepsea`, `basset`, `danq`, `cnnprom` or `dilated_cnn`, or one that was registered.
        inputs: the input, `Operation("input", shape=(length, channels))`.
        outputs: the last layer of the task, or one for each output, such as `Operation("dense", units=1,
            activation="sigmoid")`.
        width: factor of all numbers of filters and units; 1 is what the paper has.

    Raises:
        ModelSpaceError: an unknown name, an input that is not a sequence of known length, no output, or a width of 0
            or less.

    Example:
        >>> one_of_two = Operation("dense", units=1, activation="sigmoid")
        >>> graph = reference_network("deepbind", Operation("input", shape=(101, 4)), one_of_two)
        >>> graph
        <ComputationGraph of 6 nodes, input -> output>
    """
    add_layers = REFERENCES.get(name)
    shape = inputs.Layer_attributes.get("shape") if inputs.Layer_type == "input" else None
    if not isinstance(shape, (tuple, list)) or len(shape) != 2 or not all(is_integer(n) and n > 0 for n in shape):
        raise ModelSpaceError(f"A reference network reads an input of the shape (length, channels). Received: {inputs}")
    if not is_number(width) or width <= 0:
        raise ModelSpaceError(f"`width` must be a number above 0. Received: width={width!r}")
    ends = [outputs] if isinstance(outputs, Operation) else list(outputs)
    if not ends:
        raise ModelSpaceError("A reference network needs at least one output. Received: none")
    chain = SequenceChain(inputs, width)
    add_layers(chain)
    return chain.end(ends)


def deepbind(chain: SequenceChain) -> None:
    """Add DeepBind: motif detectors, their maximum along the sequence, a small hidden layer.

    Alipanahi, Delong, Weirauch and Frey, "Predicting the sequence specificities of DNA- and RNA-binding proteins by
    deep learning", Nature Biotechnology 33 (2015), 831-838.
    """
    chain.convolve(16, 24, activation="relu")
    chain.add("globalmaxpool1d")
    chain.dense(32, activation="relu")
    chain.add("dropout", rate=0.5)


def deepsea(chain: SequenceChain) -> None:
    """Add DeepSEA: three convolutions with pools between, and one dense layer.

    Zhou and Troyanskaya, "Predicting effects of noncoding variants with deep learning-based sequence model", Nature
    Methods 12 (2015), 931-934.
    """
    chain.convolve(320, 8, activation="relu")
    chain.pool(4)
    chain.add("dropout", rate=0.2)
    chain.convolve(480, 8, activation="relu")
    chain.pool(4)
    chain.add("dropout", rate=0.2)
    chain.convolve(960, 8, activation="relu")
    chain.add("dropout", rate=0.5)
    chain.add("flatten")
    chain.dense(925, activation="relu")


def basset(chain: SequenceChain) -> None:
    """Add Basset: three convolutions with batch normalisation and pools, and two dense layers.

    Kelley, Snoek and Rinn, "Basset: learning the regulatory code of the accessible genome with deep convolutional
    neural networks", Genome Research 26 (2016), 990-999.
    """
    for filters, size, pool in ((300, 19, 3), (200, 11, 4), (200, 7, 4)):
        chain.convolve(filters, size)
        chain.add("batch_normalization")
        chain.add("relu")
        chain.pool(pool)
    chain.add("flatten")
    for _ in range(2):
        chain.dense(1000, activation="relu")
        chain.add("dropout", rate=0.3)


def danq(chain: SequenceChain) -> None:
    """Add DanQ: one convolution, a bidirectional LSTM over what its pool leaves, one dense layer.

    Quang and Xie, "DanQ: a hybrid convolutional and recurrent deep neural network for quantifying the function of DNA
    sequences", Nucleic Acids Research 44 (2016), e107.
    """
    chain.convolve(320, 26, activation="relu")
    chain.pool(13)
    chain.add("dropout", rate=0.2)
    chain.add("bidirectional", layer="lstm", units=chain.scaled(320), return_sequences=True)
    chain.add("dropout", rate=0.5)
    chain.add("flatten")
    chain.dense(925, activation="relu")


def cnnprom(chain: SequenceChain) -> None:
    """Add CNNProm: one wide convolution, a pool, one dense layer; as for human promoters.

    Umarov and Solovyev, "Recognition of prokaryotic and eukaryotic promoters using convolutional deep learning neural
    networks", PLoS ONE 12 (2017), e0171410.
    """
    chain.convolve(200, 21, activation="relu")
    chain.pool(2)
    chain.add("flatten")
    chain.dense(128, activation="relu")


def dilated_cnn(chain: SequenceChain) -> None:
    """Add a residual network of dilated convolutions, as BPNet's body, with the mean along the sequence.

    Dilation doubles from block to block until a position sees the whole sequence, at most nine times. Avsec et al.,
    "Base-resolution models of transcription-factor binding reveal soft motif syntax", Nature Genetics 53 (2021),
    354-366; after Kelley et al., Genome Research 28 (2018), 739-750.
    """
    chain.convolve(64, 25, activation="relu", padding="same")
    blocks = min(9, max(1, math.ceil(math.log2(max(2, chain.length / 2)))))
    for block in range(1, blocks + 1):
        before = chain.last
        chain.convolve(64, 3, activation="relu", padding="same", dilation_rate=2**block)
        chain.add("add", parents=(before, chain.last))
    chain.add("globalavgpool1d")


for _network in (deepbind, deepsea, basset, danq, cnnprom, dilated_cnn):
    REFERENCES.register(_network.__name__, _network)

"""Operations in words, and the families that drawings colour."""

from __future__ import annotations

from typing import Any

import pytest

from amber.architect import Operation
from amber.graph.describe import activation_of, clip, describe, describe_short, family_of, is_activation, size_text


@pytest.mark.parametrize(
    ("kind", "attributes", "family", "words"),
    [
        ("input", {"shape": (60, 4)}, "input", "input 60 x 4"),
        ("conv1d", {"filters": 64, "kernel_size": 8}, "convolution", "conv1d 64 filters, kernel 8"),
        ("conv1d", {"filters": 64, "kernel_size": 8, "strides": 2, "dilation_rate": 3, "activation": "relu"},
         "convolution", "conv1d 64 filters, kernel 8, stride 2, dilation 3, relu"),
        ("conv1d", {"filters": 4, "kernel_size": (8,), "strides": (1,)}, "convolution", "conv1d 4 filters, kernel 8"),
        ("conv2d", {"filters": 4, "kernel_size": (3, 3), "strides": (2, 2)}, "convolution",
         "conv2d 4 filters, kernel 3 x 3, stride 2 x 2"),
        ("denovo", {"filters": 4, "kernel_size": 5}, "convolution", "denovo 4 filters, kernel 5"),
        ("maxpool1d", {"pool_size": 4, "strides": 4}, "pool", "maxpool1d, size 4, stride 4"),
        ("avgpool1d", {"pool_size": (4,)}, "pool", "avgpool1d, size 4"),
        ("globalavgpool1d", {}, "pool", "globalavgpool1d"),
        ("dense", {"units": 32, "activation": "relu"}, "dense", "dense 32 relu"),
        ("dense", {"units": 32, "activation": "linear"}, "dense", "dense 32"),
        ("sfc", {"output_dim": 12}, "dense", "sfc 12"),
        ("lstm", {"units": 5}, "sequence", "lstm 5"),
        ("bidirectional", {"layer": "gru", "units": 5}, "sequence", "bidirectional gru 5"),
        ("embedding", {"input_dim": 5, "output_dim": 3}, "sequence", "embedding, input dim 5, output dim 3"),
        ("add", {}, "merge", "add"),
        ("concatenate", {}, "merge", "concatenate"),
        ("identity", {}, "identity", "identity"),
        ("dropout", {"rate": 0.25}, "other", "dropout 0.25"),
        ("reshape", {"target_shape": (3, 4)}, "other", "reshape 3 x 4"),
        ("activation", {"activation": "relu"}, "other", "activation, relu"),
        ("flatten", {}, "other", "flatten"),
    ],
)  # fmt: skip
def test_an_operation_in_words(kind: str, attributes: dict[str, Any], family: str, words: str) -> None:
    operation = Operation(kind, **attributes)
    assert (family_of(operation), describe(operation)) == (family, words)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Operation("batchnorm"), "BN"),
        (Operation("layer_normalization"), "layer norm"),
        (Operation("activation", activation="relu"), "relu"),
        (Operation("activation", activation="linear"), "activation"),
        (Operation("dropout", rate=0.2), "dropout 0.2"),
    ],
)
def test_a_side_operation_in_a_few_letters(operation: Operation, words: str) -> None:
    assert describe_short(operation) == words


def test_activations() -> None:
    assert activation_of(Operation("dense", units=3)) == ""
    assert activation_of(Operation("dense", units=3, activation="tanh")) == "tanh"
    assert describe(Operation("dense", units=3), "relu") == "dense 3 relu"
    assert is_activation(Operation("activation", activation="relu"))
    assert not is_activation(Operation("dense", units=3, activation="relu"))


def test_texts_are_cut_at_their_limit() -> None:
    assert (clip("abcd", 4), clip("abcde", 4), clip("ab de", 4)) == ("abcd", "abc…", "ab…")
    assert (size_text((None, 4)), size_text(8)) == ("? x 4", "8")


@pytest.mark.parametrize("kind", ["relu", "sigmoid", "elu", "leaky_relu", "PReLU", "softmax"])
def test_a_layer_that_is_an_activation_is_named_by_its_type(kind: str) -> None:
    operation = Operation(kind) if kind != "softmax" else Operation("activation", activation=kind)
    assert is_activation(operation)
    assert activation_of(operation) == kind.lower().replace("_", "")


@pytest.mark.parametrize(
    ("kind", "attributes", "words"),
    [
        ("input", {"shape": ()}, "input scalar"),
        ("input", {"shape": (None, 4)}, "input ? x 4"),
        ("repeatvector", {"n": 3}, "repeatvector 3"),
        ("permute", {"dims": (2, 1)}, "permute 2 x 1"),
        ("gaussian_noise", {"stddev": 0.1}, "gaussian_noise 0.1"),
        ("spatialdropout1d", {"rate": 0.5}, "spatialdropout1d 0.5"),
        ("conv1d", {"filters": 2, "kernel_size": 3, "strides": [1], "dilation_rate": 1}, "conv1d 2 filters, kernel 3"),
        ("conv2d", {"filters": 2, "kernel_size": 3, "strides": (1, 2)}, "conv2d 2 filters, kernel 3, stride 1 x 2"),
        ("bidirectional", {"units": 5}, "bidirectional lstm 5"),
    ],
)
def test_words_at_the_edges_of_each_rule(kind: str, attributes: dict[str, Any], words: str) -> None:
    assert describe(Operation(kind, **attributes)) == words


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("output", "input"),
        ("subtract", "merge"),
        ("average", "merge"),
        ("averagepooling1d", "pool"),
        ("upsampling1d", "other"),
        ("depthwiseconv1d", "convolution"),
        ("separable_conv1d", "convolution"),
        ("gru", "sequence"),
        ("simplernn", "sequence"),
        ("multiheadattention", "sequence"),
        ("layernormalization", "other"),
    ],
)
def test_families(kind: str, family: str) -> None:
    class Known:
        Layer_type = kind

    assert family_of(Known()) == family  # type: ignore[arg-type]

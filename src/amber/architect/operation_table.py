"""Types and attributes of the operations that AMBER knows from the start, as text: known without loading Keras.

`amber.operations` is what counts; a test compares the two. An operation that a plug-in adds is only there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from amber.architect.operation import Operation
from amber.checks import is_integer, is_number
from amber.errors import ModelSpaceError
from amber.files import limits
from amber.known_names import OF_ATTRIBUTES
from amber.wording import shortened, shown, unknown_name

# Attributes of every layer.
BASE_ATTRIBUTES = frozenset({"name", "dtype", "trainable", "activity_regularizer", "autocast"})
RENAMED = {"dilation": "dilation_rate"}

_TABLE = """
activation
  needs: activation
  ignores: filters units
add
  ignores: filters units
alpha_dropout alphadropout
  needs: rate
  ignores: filters units
  takes: noise_shape seed
average
  ignores: filters units
avgpool1d average_pooling1d averagepooling1d
  ignores: activation filters kernel_size units
  takes: data_format padding pool_size strides
avgpool2d average_pooling2d averagepooling2d
  ignores: activation filters kernel_size units
  takes: data_format padding pool_size strides
batch_normalization batchnorm batchnormalization
  ignores: filters units
  takes: axis beta_constraint beta_initializer beta_regularizer center epsilon gamma_constraint
    gamma_initializer gamma_regularizer momentum moving_mean_initializer moving_variance_initializer renorm
    renorm_clipping renorm_momentum scale synchronized
bidirectional
  needs: units
  ignores: filters
  takes: activation bias_constraint bias_initializer bias_regularizer dropout go_backwards kernel_constraint
    kernel_initializer kernel_regularizer layer merge_mode recurrent_activation recurrent_constraint
    recurrent_dropout recurrent_initializer recurrent_regularizer reset_after return_sequences return_state seed
    stateful unit_forget_bias unroll use_bias use_cudnn
concatenate
  ignores: filters units
  takes: axis
conv1d
  needs: filters kernel_size
  ignores: units
  takes: activation bias_constraint bias_initializer bias_regularizer data_format dilation_rate groups
    kernel_constraint kernel_initializer kernel_regularizer padding strides use_bias
conv1d_transpose conv1dtranspose
  needs: filters kernel_size
  ignores: units
  takes: activation bias_constraint bias_initializer bias_regularizer data_format dilation_rate
    kernel_constraint kernel_initializer kernel_regularizer output_padding padding strides use_bias
conv2d
  needs: filters kernel_size
  ignores: units
  takes: activation bias_constraint bias_initializer bias_regularizer data_format dilation_rate groups
    kernel_constraint kernel_initializer kernel_regularizer padding strides use_bias
conv2d_transpose conv2dtranspose
  needs: filters kernel_size
  ignores: units
  takes: activation bias_constraint bias_initializer bias_regularizer data_format dilation_rate
    kernel_constraint kernel_initializer kernel_regularizer output_padding padding strides use_bias
cropping1d
  ignores: filters units
  takes: cropping
cropping2d
  ignores: filters units
  takes: cropping data_format
denovo
  needs: filters kernel_size
  ignores: units
  takes: activation kernel_initializer lambda_filter lambda_l1 lambda_pos max_bits padding strides
dense
  needs: units
  ignores: filters
  takes: activation bias_constraint bias_initializer bias_regularizer kernel_constraint kernel_initializer
    kernel_regularizer lora_alpha lora_rank quantization_config use_bias
depthwise_conv1d depthwiseconv1d
  needs: kernel_size
  ignores: filters units
  takes: activation bias_constraint bias_initializer bias_regularizer data_format depth_multiplier
    depthwise_constraint depthwise_initializer depthwise_regularizer dilation_rate padding strides use_bias
depthwise_conv2d depthwiseconv2d
  needs: kernel_size
  ignores: filters units
  takes: activation bias_constraint bias_initializer bias_regularizer data_format depth_multiplier
    depthwise_constraint depthwise_initializer depthwise_regularizer dilation_rate padding strides use_bias
dropout
  needs: rate
  ignores: filters units
  takes: noise_shape seed
einsum_dense einsumdense
  needs: equation output_shape
  ignores: filters units
  takes: activation bias_axes bias_constraint bias_initializer bias_regularizer gptq_unpacked_column_size
    kernel_constraint kernel_initializer kernel_regularizer lora_alpha lora_rank quantization_config
elu
  ignores: filters units
  takes: alpha
embedding
  needs: input_dim output_dim
  ignores: filters units
  takes: embeddings_constraint embeddings_initializer embeddings_regularizer lora_alpha lora_rank mask_zero
    quantization_config weights
flatten
  ignores: activation filters kernel_size padding pool_size strides units
  takes: data_format
gaussian_dropout gaussiandropout
  needs: rate
  ignores: filters units
  takes: seed
gaussian_noise gaussiannoise
  needs: stddev
  ignores: filters units
  takes: seed
globalavgpool1d global_average_pooling1d globalaveragepooling1d
  ignores: activation filters kernel_size padding pool_size strides units
  takes: data_format keepdims
globalavgpool2d global_average_pooling2d globalaveragepooling2d
  ignores: activation filters kernel_size padding pool_size strides units
  takes: data_format keepdims
globalmaxpool1d global_max_pooling1d globalmaxpooling1d
  ignores: activation filters kernel_size padding pool_size strides units
  takes: data_format keepdims
globalmaxpool2d global_max_pooling2d globalmaxpooling2d
  ignores: activation filters kernel_size padding pool_size strides units
  takes: data_format keepdims
group_normalization groupnorm groupnormalization
  ignores: filters units
  takes: axis beta_constraint beta_initializer beta_regularizer center epsilon gamma_constraint
    gamma_initializer gamma_regularizer groups scale
gru
  needs: units
  ignores: filters
  takes: activation bias_constraint bias_initializer bias_regularizer dropout go_backwards kernel_constraint
    kernel_initializer kernel_regularizer recurrent_activation recurrent_constraint recurrent_dropout
    recurrent_initializer recurrent_regularizer reset_after return_sequences return_state seed stateful unroll
    use_bias use_cudnn
identity
  ignores: activation filters kernel_size padding pool_size strides units
layer_normalization layernorm layernormalization
  ignores: filters units
  takes: axis beta_constraint beta_initializer beta_regularizer center epsilon gamma_constraint
    gamma_initializer gamma_regularizer scale
leaky_relu leakyrelu
  ignores: filters units
  takes: negative_slope
lstm
  needs: units
  ignores: filters
  takes: activation bias_constraint bias_initializer bias_regularizer dropout go_backwards kernel_constraint
    kernel_initializer kernel_regularizer recurrent_activation recurrent_constraint recurrent_dropout
    recurrent_initializer recurrent_regularizer return_sequences return_state seed stateful unit_forget_bias
    unroll use_bias use_cudnn
maximum
  ignores: filters units
maxpool1d max_pooling1d maxpooling1d
  ignores: activation filters kernel_size units
  takes: data_format padding pool_size strides
maxpool2d max_pooling2d maxpooling2d
  ignores: activation filters kernel_size units
  takes: data_format padding pool_size strides
minimum
  ignores: filters units
multiply
  ignores: filters units
permute
  needs: dims
  ignores: filters units
prelu
  ignores: filters units
  takes: alpha_constraint alpha_initializer alpha_regularizer shared_axes
relu
  ignores: filters units
  takes: max_value negative_slope threshold
repeat_vector repeatvector
  needs: n
  ignores: filters units
rescaling
  needs: scale
  ignores: filters units
  takes: offset
reshape
  needs: target_shape
  ignores: filters units
rms_normalization rmsnorm rmsnormalization
  ignores: filters units
  takes: axis epsilon
self_attention multi_head_attention multihead_attention multi_head_self_attention selfattention
  needs: num_heads
  ignores: filters units
  takes: bias_constraint bias_initializer bias_regularizer dropout flash_attention kernel_constraint
    kernel_initializer kernel_regularizer key_dim output_shape seed use_bias use_causal_mask use_gate value_dim
separable_conv1d separableconv1d
  needs: filters kernel_size
  ignores: units
  takes: activation bias_constraint bias_initializer bias_regularizer data_format depth_multiplier
    depthwise_constraint depthwise_initializer depthwise_regularizer dilation_rate padding pointwise_constraint
    pointwise_initializer pointwise_regularizer strides use_bias
separable_conv2d separableconv2d
  needs: filters kernel_size
  ignores: units
  takes: activation bias_constraint bias_initializer bias_regularizer data_format depth_multiplier
    depthwise_constraint depthwise_initializer depthwise_regularizer dilation_rate padding pointwise_constraint
    pointwise_initializer pointwise_regularizer strides use_bias
sfc
  needs: output_dim symmetric
  ignores: filters units
  takes: curvature_constraint smoothness_l1 smoothness_penalty smoothness_second_diff
simple_rnn rnn simplernn
  needs: units
  ignores: filters
  takes: activation bias_constraint bias_initializer bias_regularizer dropout go_backwards kernel_constraint
    kernel_initializer kernel_regularizer recurrent_constraint recurrent_dropout recurrent_initializer
    recurrent_regularizer return_sequences return_state seed stateful unroll use_bias
softmax
  ignores: filters units
  takes: axis
sparsek_vec sparsekvec
  ignores: filters units
  takes: ratio
spatial_dropout1d spatialdropout1d
  needs: rate
  ignores: filters units
  takes: seed
spatial_dropout2d spatialdropout2d
  needs: rate
  ignores: filters units
  takes: data_format seed
unit_normalization unitnorm unitnormalization
  ignores: filters units
  takes: axis
upsampling1d
  ignores: filters units
  takes: size
upsampling2d
  ignores: filters units
  takes: data_format interpolation size
zero_padding1d zeropadding1d
  ignores: filters units
  takes: data_format padding
zero_padding2d zeropadding2d
  ignores: filters units
  takes: data_format padding
"""
# What makes a network wide: one value beyond the limit is refused before anything is allocated.
_WIDTHS = ("units", "filters", "output_dim", "num_heads", "key_dim", "value_dim", "depth_multiplier", "n")
_SHARES = ("rate", "dropout", "recurrent_dropout")
_SIZES = ("kernel_size", "pool_size", "strides", "dilation_rate")
_PADDINGS = frozenset({"valid", "same"})
_FORMATS = frozenset({"channels_first", "channels_last"})


@dataclass(frozen=True)
class KnownOperation:
    """What is known of a type.

    Attributes:
        name: of the type.
        needs: attributes that must be given.
        ignores: attributes that may be given and do not reach the layer.
        takes: all that reach the layer.
    """

    name: str
    needs: frozenset[str]
    ignores: frozenset[str]
    takes: frozenset[str]


def check_operation(operation: Operation) -> None:
    """Check what can be known of an operation without its layer: type, names of attributes, and their ranges.

    Raises:
        ModelSpaceError: an unknown type, an attribute that it does not take or lacks, or a value out of range.
    """
    if operation.Layer_type == "input":
        raise ModelSpaceError(f"an input cannot be a layer. Received: {operation}", field=("Layer_type",))
    known = known_operations().get(operation.Layer_type)
    if known is None:
        spelt = {name: each.name for name, each in known_operations().items()}
        message = unknown_name("operation", operation.Layer_type, set(spelt.values()), spelt)
        raise ModelSpaceError(message, field=("Layer_type",))
    given = operation.Layer_attributes
    for name in given:
        if name not in known.ignores and RENAMED.get(name, name) not in known.takes:
            close = difflib.get_close_matches(name, sorted(known.takes), n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise ModelSpaceError(
                f"The operation '{known.name}' does not take the attribute '{shortened(name)}'; it takes "
                f"{', '.join(sorted(known.takes))}.{hint} Received: {shown(given)}",
                field=(name,),
            )
    missing = known.needs - {RENAMED.get(name, name) for name in given}
    if missing:
        raise ModelSpaceError(
            f"The operation '{known.name}' needs the attribute {', '.join(sorted(missing))}. Received: {shown(given)}"
        )
    for name, value in given.items():
        _check_range(known.name, name, value)


@cache
def known_operations() -> dict[str, KnownOperation]:
    """Return what is known of each type, by all of its names."""
    return {name: known for names, known in _entries() for name in names}


def _entries() -> Iterator[tuple[list[str], KnownOperation]]:
    """Yield the names of each type of the table, and what is known of it."""
    blocks: list[list[str]] = []
    for line in _TABLE.strip().splitlines():
        if line.startswith("    "):
            blocks[-1][-1] += f" {line.strip()}"
        elif line.startswith("  "):
            blocks[-1].append(line.strip())
        else:
            blocks.append([line])
    for names, *rest in blocks:
        said = {key: frozenset(value.split()) for key, _, value in (line.partition(": ") for line in rest)}
        needs, ignores = said.get("needs", frozenset()), said.get("ignores", frozenset())
        takes = said.get("takes", frozenset()) | needs | BASE_ATTRIBUTES
        yield names.split(), KnownOperation(names.split()[0], needs, ignores, takes)


def _check_range(kind: str, name: str, value: object) -> None:
    if value is None:
        return
    expected = _expected(kind, RENAMED.get(name, name), value)
    if expected:
        raise ModelSpaceError(
            f"The operation '{kind}' takes as '{name}' {expected}. Received: {shown(value)}", field=(name,)
        )


def _expected(kind: str, name: str, value: object) -> str:
    """Return what an attribute must be, where the value is known not to be that; else nothing."""
    if name in _WIDTHS:
        good = is_integer(value) and 1 <= value <= limits.WIDTH
        return "" if good else f"an integer from 1 to {limits.WIDTH:,}"
    if name in _SHARES:
        return "" if is_number(value) and 0 <= value <= 1 else "a number from 0 to 1"
    if name in _SIZES:
        axes = int(kind[-2]) if kind.endswith(("1d", "2d")) else None
        given = value if isinstance(value, (list, tuple)) else [value] * (axes or 1)
        good = axes in (None, len(given)) and all(is_integer(each) and each >= 1 for each in given)
        several = ", or a list of two of them" if axes == 2 else ""
        return "" if good else f"a positive integer{several}"
    words = _words_of(kind, name)
    if words and isinstance(value, str) and not _is_word(name, value, words):
        close = difflib.get_close_matches(value, sorted(words), n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        return f"one of {', '.join(sorted(words))}{hint}"
    return ""


def _words_of(kind: str, name: str) -> frozenset[str]:
    """Return the texts that an attribute may be; nothing where they are not known."""
    if name == "padding" and ("conv" in kind or "pool" in kind):
        return _PADDINGS | {"causal"} if kind == "conv1d" else _PADDINGS
    if name == "data_format":
        return _FORMATS
    return OF_ATTRIBUTES.get(name.rpartition("_")[2], frozenset())


def _is_word(name: str, value: str, words: frozenset[str]) -> bool:
    """Say whether a text is one of these, or means a class that was registered with Keras, or no activation."""
    if name in ("padding", "data_format"):
        return value.lower() in words
    return value in words or ">" in value or (name == "activation" and value == "None")

"""The first AMBER's `EnasAnnModelBuilder` and `EnasCnnModelBuilder`, with all of their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amber.compat.ignored import ignore_session
from amber.compat.supernets.dags import EnasAnnDAG, EnasConv1dDAG, EnasConv1DwDataDescription
from amber.compat.supernets.weight_sharing import AnnSupernetBuilder, SupernetBuilder
from amber.compat.unused import keywords_of, warn_of_unused
from amber.errors import ConfigError, ModelSpaceError
from amber.supernet.factory import SupernetFactory


class EnasAnnModelBuilder(AnnSupernetBuilder):
    """Builds children of a feed-forward supernet.

    Args:
        session: ignored with a warning; Keras 3 has no sessions.
        controller: what draws architectures for `builder()`: a controller, a callable that gives tokens, or
            `"uniform"`.
        dag_func: `"EnasAnnDAG"` (or `"enas"`), in any case, or a subclass of it.
        l1_reg, l2_reg: penalty of the selected weights; see AnnSettings.
        with_output_blocks: whether each output chooses layers.
        use_node_dag: give fixed children `nodes`: the computation nodes of what they compute, for knowledge
            functions.
        feature_model: a Keras model, or FeatureBlocks, that makes the input blocks of raw data.
        dag_kwargs: more arguments of EnasAnnDAG: `feature_model_trainable`, `child_train_op_kwargs`, `name`.
        inputs_op: input operations, or one.
        output_op: output operations, or one.
        model_space: layers with identical dense candidates of one activation.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child.
        num_layers: accepted; the space says how many there are.
        with_skip_connection, with_input_blocks: which connections are searched.
        **kwargs: of other builders, without effect; one warning names them.

    Raises:
        ModelSpaceError: layers that differ, candidates that are not dense or differ in activation.
        ConfigError: an unknown `dag_func`.

    Example:
        >>> import numpy as np
        >>> from amber.architect import ModelSpace, Operation
        >>> builder = EnasAnnModelBuilder(
        ...     inputs_op=Operation("input", shape=(5,), name="rna"),
        ...     output_op=Operation("dense", units=1, activation="linear"),
        ...     model_space=ModelSpace.from_dict([[{"Layer_type": "dense", "units": n} for n in (4, 8)]] * 2),
        ...     model_compile_dict={"optimizer": "adam", "loss": "mse"}, controller="uniform")
        >>> x, y = np.ones((32, 5)), np.ones(32)
        >>> history = builder().fit(x, y, verbose=0)  # trains the shared weights
        >>> scores = builder(builder.layout.sample(0)).evaluate(x, y, verbose=0)  # scores one architecture
    """

    dag: EnasAnnDAG

    def __init__(
        self,
        session: Any = None,
        controller: Any = None,
        dag_func: Any = "EnasAnnDAG",
        l1_reg: float = 0.0,
        l2_reg: float = 0.0,
        with_output_blocks: bool = False,
        use_node_dag: bool = True,
        feature_model: Any = None,
        dag_kwargs: Mapping[str, Any] | None = None,
        inputs_op: Any = None,
        output_op: Any = None,
        model_space: Any = None,
        model_compile_dict: Mapping[str, Any] | None = None,
        num_layers: int | None = None,
        with_skip_connection: bool = True,
        with_input_blocks: bool = True,
        **kwargs: object,
    ) -> None:
        ignore_session(session)
        warn_of_unused("EnasAnnModelBuilder", kwargs, keywords_of(EnasAnnModelBuilder.__init__))
        _check_given(inputs_op=inputs_op, output_op=output_op, model_space=model_space)
        options: dict[str, Any] = {
            "model_space": model_space,
            "input_node": inputs_op,
            "output_node": output_op,
            "model_compile_dict": model_compile_dict,
            "l1_reg": l1_reg,
            "l2_reg": l2_reg,
            "with_skip_connection": with_skip_connection,
            "with_input_blocks": with_input_blocks,
            "with_output_blocks": with_output_blocks,
            "controller": controller,
            "feature_model": feature_model,
            **(dag_kwargs or {}),
        }
        dag_class = _dag_class(dag_func, EnasAnnDAG, ("enasanndag", "enas"))
        dag = _make(dag_class, options)
        super().__init__(dag, dag_func, inputs_op, output_op, model_space, model_compile_dict, use_node_dag)


class EnasCnnModelBuilder(SupernetBuilder):
    """Builds children of a convolutional supernet.

    Args:
        session: ignored with a warning; Keras 3 has no sessions.
        controller: what draws architectures for `builder()`: a controller, a callable that gives tokens, or
            `"uniform"`; may come later by `set_controller`.
        dag_func: `"EnasConv1DDAG"` or `"EnasConv1DwDataDescription"` (either spelling), in any case, or a
            subclass of EnasConv1dDAG.
        l1_reg, l2_reg: penalty of convolution kernels; see ConvSettings.
        batch_size: rows of a batch where a call of a child does not say; 128 by default.
        dag_kwargs: more arguments of the DAG class: `stem_config`, `with_skip_connection`, `keep_prob`,
            `reduction_factor`, `train_fixed_arc`, `fixed_arc`, `data_description`, `name`, ...
        inputs_op: the input operation.
        output_op: the output operation.
        model_space: candidates of type conv1d, maxpool1d, avgpool1d or identity, each with `filters`.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child; it is never changed.
        num_layers: accepted; the space says how many there are.
        with_skip_connection: whether each layer adds chosen earlier layers; `dag_kwargs` may say so too.
        **kwargs: of other builders, without effect; one warning names them.

    Raises:
        ModelSpaceError: filters missing or mixed, unknown types, pools of a layer with different strides.
        ConfigError: an unknown `dag_func` or option.

    Example:
        >>> from amber.architect import ModelSpace, Operation
        >>> builder = EnasCnnModelBuilder(
        ...     inputs_op=Operation("input", shape=(60, 4)),
        ...     output_op=Operation("dense", units=1, activation="sigmoid"),
        ...     model_space=ModelSpace.from_dict(
        ...         [[{"Layer_type": "conv1d", "filters": 8, "kernel_size": n} for n in (4, 8)]] * 2),
        ...     model_compile_dict={"optimizer": "adam", "loss": "binary_crossentropy"}, controller="uniform")
        >>> supernet = builder()
        >>> child = builder.supernet.extract(builder.layout.sample(0))  # a plain Keras model
    """

    def __init__(
        self,
        session: Any = None,
        controller: Any = None,
        dag_func: Any = "EnasConv1DDAG",
        l1_reg: float = 0.0,
        l2_reg: float = 0.0,
        batch_size: int | None = None,
        dag_kwargs: Mapping[str, Any] | None = None,
        inputs_op: Any = None,
        output_op: Any = None,
        model_space: Any = None,
        model_compile_dict: Mapping[str, Any] | None = None,
        num_layers: int | None = None,
        with_skip_connection: bool | None = None,
        **kwargs: object,
    ) -> None:
        ignore_session(session)
        warn_of_unused("EnasCnnModelBuilder", kwargs, keywords_of(EnasCnnModelBuilder.__init__))
        _check_given(inputs_op=inputs_op, output_op=output_op, model_space=model_space)
        if isinstance(dag_func, str) and dag_func.lower() in _WITH_DESCRIPTION:
            dag_func = EnasConv1DwDataDescription
        skips = {} if with_skip_connection is None else {"with_skip_connection": with_skip_connection}
        options: dict[str, Any] = {
            "model_space": model_space,
            "input_node": inputs_op,
            "output_node": output_op,
            "model_compile_dict": model_compile_dict,
            "controller": controller,
            "l1_reg": l1_reg,
            "l2_reg": l2_reg,
            "batch_size": 128 if batch_size is None else batch_size,
            **skips,
            **(dag_kwargs or {}),
        }
        dag_class = _dag_class(dag_func, EnasConv1dDAG, ("enasconv1ddag",))
        dag = _make(dag_class, options)
        super().__init__(dag, dag_func, inputs_op, output_op, model_space, model_compile_dict)


_WITH_DESCRIPTION = ("enasconv1dwdatadescription", "enasconv1dwdatadescrption")


def _make(dag_class: Any, options: dict[str, Any]) -> Any:
    known = EnasConv1dDAG if issubclass(dag_class, EnasConv1dDAG) else EnasAnnDAG
    accepted = {*keywords_of(known.__init__), *keywords_of(dag_class.__init__)}
    unknown = sorted(set(options) - accepted)
    if unknown:
        raise ConfigError(
            f"dag_kwargs of {dag_class.__name__} may be {', '.join(sorted(accepted))}. Received: {', '.join(unknown)}"
        )
    return dag_class(**options)


def _dag_class(dag_func: object, family: type[SupernetFactory], names: Sequence[str]) -> object:
    if isinstance(dag_func, str) and dag_func.lower() in names:
        return family
    if isinstance(dag_func, type) and issubclass(dag_func, family):
        return dag_func
    raise ConfigError(
        f"dag_func must be '{family.__name__}' or a subclass of {family.__name__}. Received: {dag_func!r}"
    )


def _check_given(**arguments: object) -> None:
    for name, value in arguments.items():
        if value is None:
            raise ModelSpaceError(f"{name} must be given. Received: None")

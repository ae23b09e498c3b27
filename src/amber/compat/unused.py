"""Keywords that one builder accepts because another one uses them.

Users of the first AMBER give one set of keywords to every builder. What a builder has no use for it names once, in one
warning, and points out what looks like a misspelling of a keyword that it has.
"""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping

FAMILY = frozenset(
    "controller dag_func l1_reg l2_reg with_output_blocks use_node_dag feature_model dag_kwargs inputs_op "
    "output_op model_space model_compile_dict num_layers with_skip_connection with_input_blocks batch_size gpus "
    "with_bn fc_units flatten_mode dropout_rate wsf add_conv1_under_pool reduction_factor custom_objects name "
    "child_train_op_kwargs stop_compile".split()
)
"""Keywords of the builders and functions: each of them is spelt right, whichever is given it."""


def warn_of_unused(owner: str, given: Mapping[str, object], known: Iterable[str], *, stacklevel: int = 3) -> None:
    """Name keywords without effect, in one warning.

    Args:
        owner: what was given them, such as `"a DAG"`.
        given: the keywords. One that is None, and no misspelling, says nothing and is passed over.
        known: keywords that do have an effect, for the hint.
        stacklevel: as of `warnings.warn`, seen from the caller.
    """
    hints = {name: _nearest(name, [*known, *FAMILY]) for name in given if name not in FAMILY}
    names = [name for name, value in given.items() if value is not None or hints.get(name)]
    said = [
        f"The argument '{name}' has no effect on {owner}; did you mean '{near}'?"
        for name, near in hints.items()
        if near
    ]
    others = [f"'{name}'" for name in names if not hints.get(name)]
    if others:
        subject = f"The argument {others[0]} has" if len(others) == 1 else f"The arguments {', '.join(others)} have"
        said.append(f"{subject} no effect on {owner}.")
    if said:
        warnings.warn(" ".join(said), UserWarning, stacklevel=stacklevel)


def keywords_of(function: Callable[..., object]) -> list[str]:
    """Return the names of the arguments of a function that can be given by name, without `self`."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind in kinds and parameter.name != "self"]


def _nearest(name: str, known: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(name, list(known), n=1)
    return close[0] if close else None

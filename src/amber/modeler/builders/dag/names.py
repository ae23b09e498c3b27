"""The kinds of DAG by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amber.errors import ConfigError
from amber.modeler.builders.dag.dag import DAG
from amber.modeler.builders.dag.input_blocks import InputBlockAuxLossDAG, InputBlockDAG
from amber.registry import Registry

DAGS: Registry[Callable[..., Any]] = Registry("DAG", ConfigError)
for _class in (DAG, InputBlockDAG, InputBlockAuxLossDAG):
    DAGS.register(_class.__name__, _class)


def get_dag(arg: object) -> Any:
    """Return what makes a DAG.

    Args:
        arg: a name in any case, a callable, or a list of one of them. None gives None.

    Raises:
        ConfigError: an unknown name (lists the known ones), or something else.
    """
    if isinstance(arg, (list, tuple)) and len(arg) == 1:
        (arg,) = arg
    if arg is None or callable(arg):
        return arg
    if isinstance(arg, str):
        return DAGS.get(arg)
    raise ConfigError(f"A DAG is given by name ({', '.join(DAGS.names())}) or as a callable. Received: {arg!r}")

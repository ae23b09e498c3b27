"""Arguments that loaders of tables took by themselves, before settings classes held them."""

from __future__ import annotations

from typing import Any

from amber.data.splits.division import AUTO, GROUP_COLUMN, GROUPED, RANDOM, SplitSpec
from amber.data.splits.parts import DEFAULT_FRACTIONS
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError
from amber.wording import shown

_OF_TARGET, _OF_SPLIT = ("task", "classes"), ("fractions", "group")
FORMER_ARGUMENTS = (*_OF_TARGET, *_OF_SPLIT)


def translate(arguments: dict[str, Any], usual: str = AUTO) -> str:
    """Replace former arguments, in place, and return what to write instead.

    Args:
        arguments: of a call, by name.
        usual: the split where none is named.

    Raises:
        DataError: arguments that do not go together.
    """
    instead = []
    former = {name: arguments.pop(name) for name in _OF_TARGET if name in arguments}
    if former:
        label = arguments.get("label", "label")
        if not isinstance(label, str):
            raise DataError(f"Give {' and '.join(former)} to the TargetSpec. Received: these beside it")
        arguments["label"] = TargetSpec(label, former.get("task"), former.get("classes"))
        instead.append("label=TargetSpec(column, task, classes)")
    former = {name: arguments.pop(name) for name in _OF_SPLIT if name in arguments}
    if former:
        arguments["split"] = _split(former, arguments, usual)
        instead.append("split=SplitSpec(split, group, seed, fractions)")
    return " and ".join(instead)


def _split(former: dict[str, Any], arguments: dict[str, Any], usual: str) -> SplitSpec:
    given, group = arguments.get("split", usual), former.get("group")
    if isinstance(given, SplitSpec):
        raise DataError(f"Give {' and '.join(former)} to the SplitSpec. Received: these beside it")
    if group is not None and given is not None:
        raise DataError(
            f"`group` must be None when a split is given. Received: split={shown(given)}, group={shown(group)}"
        )
    drawn = RANDOM if group is None else GROUPED
    fractions = former.get("fractions", DEFAULT_FRACTIONS)
    return SplitSpec(drawn if given is None else given, group or GROUP_COLUMN, arguments.pop("seed", 0), fractions)

"""Several branches, each with its own input, joined and continued by a stem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amber.architect.model_space import ModelSpace
from amber.architect.operation import Operation
from amber.errors import ModelSpaceError

BranchKey = tuple[int, int | None]


class BranchedModelSpace(ModelSpace):
    """A space whose layers are those of branch 0, branch 1, ..., then the stem, numbered consecutively.

    The layers are copied from the subspaces; an edit of this space keeps the branch it falls in, and
    does not reach back into the subspaces.

    Args:
        subspaces: `[[branch_space_0, branch_space_1, ...], stem_space]`.
        concat_op: registered name of the merge that joins the branches.

    Raises:
        ModelSpaceError: no branch, or a branch or stem that is not a ModelSpace or has no layers.
    """

    def __init__(
        self, subspaces: Sequence[ModelSpace | Sequence[ModelSpace]], concat_op: str = "concatenate", **ignored: object
    ) -> None:
        super().__init__()
        branches, stem = _check_subspaces(subspaces)
        self.concat_op = concat_op
        self._owners: list[BranchKey] = []
        for key, space in [((0, i), branch) for i, branch in enumerate(branches)] + [((1, None), stem)]:
            for candidates in space.layers:
                super().add_layer(len(self._owners), candidates)
                self._owners.append(key)

    @property
    def layer_to_branch(self) -> dict[int, BranchKey]:
        """From flat layer number to `(0, branch)` or, in the stem, `(1, None)`."""
        return dict(enumerate(self._owners))

    @property
    def branch_to_layer(self) -> dict[BranchKey, list[int]]:
        """The inverse: from branch key to its flat layer numbers."""
        result: dict[BranchKey, list[int]] = {}
        for layer, key in enumerate(self._owners):
            result.setdefault(key, []).append(layer)
        return result

    @property
    def subspaces(self) -> list[Any]:
        """`[[branch_space_0, ...], stem_space]` as they stand now, as new ModelSpaces."""
        spaces: dict[BranchKey, ModelSpace] = {}
        for key, layers in self.branch_to_layer.items():
            spaces[key] = ModelSpace()
            for position, layer in enumerate(layers):
                spaces[key].add_layer(position, self[layer])
        stem = spaces.pop((1, None))
        return [[spaces[key] for key in sorted(spaces)], stem]

    def add_layer(self, layer_id: int, ops: Sequence[Operation] | None = None) -> bool:  # type: ignore[override]
        """Replace the candidates of a layer that exists; which branch a new layer joins would be a guess.

        Raises:
            ModelSpaceError: the layer does not exist. Make a new BranchedModelSpace instead.
        """
        if layer_id not in self._layers:
            raise ModelSpaceError(
                "A branched space cannot tell which branch a new layer belongs to: add it to the branch and "
                f"make the space again. Received: layer_id={layer_id!r}, layers 0 to {len(self) - 1} exist"
            )
        return super().add_layer(layer_id, ops)

    def delete_layer(self, layer_id: int) -> bool:
        """Remove a layer from its branch; a branch or stem keeps at least one layer."""
        index = self._resolve(layer_id)
        key = self._owners[index]
        if self._owners.count(key) == 1:
            raise ModelSpaceError(f"Layer {index} is the only layer of branch {key}; expected one to remain.")
        del self._owners[index]
        return super().delete_layer(index)


def _check_subspaces(subspaces: object) -> tuple[list[ModelSpace], ModelSpace]:
    if isinstance(subspaces, (str, bytes)) or not isinstance(subspaces, Sequence) or len(subspaces) != 2:
        raise ModelSpaceError(f"subspaces must be [[branch, branch, ...], stem]. Received: {type(subspaces).__name__}")
    branches, stem = subspaces
    if isinstance(branches, ModelSpace):
        branches = [branches]
    named = [(f"branch {i}", branch) for i, branch in enumerate(branches)] + [("the stem", stem)]
    if len(named) < 2:
        raise ModelSpaceError("A branched space needs at least one branch. Received: 0 branches")
    for name, space in named:
        if not isinstance(space, ModelSpace):
            raise ModelSpaceError(f"{name} must be a ModelSpace. Received: {space!r}")
        try:
            space.validate()
        except ModelSpaceError as error:
            raise ModelSpaceError(f"In {name} of the branched space: {error}") from error
    return list(branches), stem

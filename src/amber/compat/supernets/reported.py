"""What `evaluate` returns: the numbers in Keras's order, which can also be asked for by name."""

from __future__ import annotations

from collections.abc import ItemsView, KeysView, Mapping
from typing import Any


class _ByName:
    """Reads numbers by name, with or without the `val_` that the first AMBER's networks put before them."""

    named: dict[str, float]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.removeprefix("val_") in self.named

    def get(self, name: str, default: object = None) -> Any:
        """Return the number of a name, or the default."""
        return self.named.get(name.removeprefix("val_"), default)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self.named.keys()

    def items(self) -> ItemsView[str, float]:
        """Return names and numbers."""
        return self.named.items()

    def _of(self, name: str) -> float:
        plain = name.removeprefix("val_")
        if plain not in self.named:
            raise KeyError(f"Evaluation reported {', '.join(self.named)}. Received: {name!r}")
        return self.named[plain]


class Scores(_ByName, list[float]):
    """The loss and metrics of an evaluation: `scores[0]`, `scores["loss"]` and `scores["val_loss"]` are the same."""

    def __init__(self, named: Mapping[str, float]) -> None:
        super().__init__(named.values())
        self.named = dict(named)

    def __getitem__(self, key: Any) -> Any:
        return self._of(key) if isinstance(key, str) else list.__getitem__(self, key)

    def __contains__(self, item: object) -> bool:
        return super().__contains__(item) if isinstance(item, str) else list.__contains__(self, item)


class Loss(_ByName, float):
    """The loss of an evaluation without metrics: a number, and `loss[0]`, `loss["loss"]` and `loss["val_loss"]`."""

    def __new__(cls, named: Mapping[str, float]) -> Loss:
        """Make the number of a dictionary with a single value."""
        (value,) = named.values()
        made = float.__new__(cls, value)
        made.named = dict(named)
        return made

    def __getitem__(self, key: object) -> float:
        if isinstance(key, str):
            return self._of(key)
        if key not in (0, -1):
            raise IndexError(f"Evaluation reported the loss alone. Received: {key!r}")
        return float(self)

    def __reduce__(self) -> tuple[object, ...]:
        return Loss, (self.named,)


def as_reported(found: Mapping[str, float], order: Mapping[str, object]) -> Scores | Loss:
    """Return the numbers of an evaluation as Keras does: the loss alone, or a list.

    Args:
        found: name -> number.
        order: names in the order of the metrics; others follow.
    """
    named = {name: found[name] for name in order if name in found} | dict(found)
    return Loss(named) if len(named) == 1 else Scores(named)

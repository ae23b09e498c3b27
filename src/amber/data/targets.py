"""What is predicted: a class or a number, and how that is said.

What may be changed here: what a target knows about itself. How the task is found out is the matter of
`amber.data.tasks`.
"""

from __future__ import annotations

from dataclasses import dataclass

from amber.data.scaling import Scaling

_CLASSES_SHOWN = 10


@dataclass(frozen=True)
class Target:
    """What is to be predicted, by one output of a network.

    Attributes:
        name: of the output.
        classes: class names in the order of their numbers; None for a number.
        scaling: of a number: what it was scaled by, to say predictions in its own unit; None where it was not.
        range: of a number: least and greatest value in the training part, in its own unit; None where unknown.
        guessed: whether the task was inferred from the values, not given.
    """

    name: str
    classes: tuple[str, ...] | None = None
    scaling: Scaling | None = None
    range: tuple[float, float] | None = None
    guessed: bool = False

    @property
    def task(self) -> str:
        """`binary classification`, `multi-class classification` or `regression`."""
        if self.classes is None:
            return "regression"
        return "binary classification" if len(self.classes) == 2 else "multi-class classification"

    def describe(self) -> str:
        """Return one line: the task with its classes or range, and whether it was guessed."""
        if self.classes is not None:
            shown = ", ".join(name if len(name) <= 40 else f"{name[:37]}..." for name in self.classes[:_CLASSES_SHOWN])
            more = len(self.classes) - _CLASSES_SHOWN
            what = f", classes {shown}" + (f" and {more} more" if more > 0 else "")
        else:
            what = f", values {self.range[0]:.4g} to {self.range[1]:.4g}" if self.range else ""
        return f"{self.task}{what}{' (guessed)' if self.guessed else ''}"

"""What is known beforehand of a good network, as a number read off its graph; the lower, the better it agrees."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Protocol

from amber.display import PlainRepr, one_line
from amber.errors import ConfigError
from amber.graph.graph import ComputationGraph
from amber.graph.models.auxiliary import DEFAULT_INPUT, first_meetings
from amber.registry import Registry
from amber.search.block_groups import checked_groups


class KnowledgeFunction(Protocol):
    """What a knowledge function is.

    Attributes:
        worst: the highest value that it can have; None where there is none.
    """

    worst: float | None

    def __call__(self, graph: ComputationGraph) -> float:
        """Return how much a network disagrees with what is known; 0 or more, finite."""
        ...


@dataclass(frozen=True)
class Knowledge:
    """A knowledge function and its weight beside the score, which its value times the weight makes worse.

    Args:
        function: of the planned graph.
        weight: not negative.

    Raises:
        ConfigError: a weight that is negative or not finite, or a function that cannot be called.
    """

    __repr__ = one_line

    function: KnowledgeFunction
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise ConfigError(f"A knowledge function must be callable. Received: {self.function!r}")
        if (
            isinstance(self.weight, bool)
            or not isinstance(self.weight, (int, float))
            or not 0 <= self.weight < math.inf
        ):
            raise ConfigError(f"The weight of a knowledge function must be 0 or more. Received: {self.weight!r}")


class BlockHierarchy(PlainRepr):
    """How late blocks of features that belong together first meet (the graph hierarchy tree of AMBER).

    For each ordered pair of related blocks: the number of inputs below the first layer that hears of both; the number
    of all inputs where no layer does. The value is the sum over the related pairs, each times its strength, divided by
    the number of all ordered pairs, a block with itself among them.

    Args:
        adjacency: `{(block, other): strength}` for ordered pairs of names of inputs; strengths are not negative.
        inputs: names of all inputs.

    Raises:
        ConfigError: an unknown block, or a strength that is negative or not finite.

    Attributes:
        worst: the value where no related pair meets before all inputs do.
    """

    def __init__(self, adjacency: Mapping[tuple[str, str], float], inputs: Sequence[str]) -> None:
        self.inputs = tuple(inputs)
        self.adjacency = dict(adjacency)
        for pair, strength in self.adjacency.items():
            unknown = [name for name in pair if name not in self.inputs]
            if unknown:
                raise ConfigError(f"A related block must be one of {', '.join(self.inputs)}. Received: {unknown[0]!r}")
            if not 0 <= strength < math.inf:
                raise ConfigError(f"The strength of {pair} must be 0 or more. Received: {strength!r}")
        self.worst: float | None = sum(self.adjacency.values()) / len(self.inputs) if self.inputs else 0.0

    @classmethod
    def of_groups(cls, groups: Iterable[Sequence[str]], inputs: Sequence[str]) -> BlockHierarchy:
        """Return the function for groups of blocks: of each group, any two different ones are related by 1.

        Raises:
            ConfigError: a group that holds anything else than names of inputs.
        """
        known = checked_groups([[group] if isinstance(group, str) else list(group) for group in groups], inputs)
        return cls({pair: 1.0 for group in known for pair in permutations(dict.fromkeys(group), 2)}, inputs)

    def __call__(self, graph: ComputationGraph) -> float:
        """Return the value of a network; raise ConfigError where its inputs are others."""
        if set(graph.inputs) != set(self.inputs):
            raise ConfigError(
                f"The block hierarchy needs the inputs {', '.join(self.inputs)}. Received: {', '.join(graph.inputs)}"
            )
        ends = {*graph.inputs, *graph.outputs}
        layers = [node for node in graph.nodes if node.name not in ends]
        meetings = first_meetings(graph.inputs, layers)
        leaves = _leaves(graph)
        everything = len(self.inputs)
        total = 0.0
        for pair, strength in self.adjacency.items():
            root = meetings[pair]
            total += strength * (everything if root is None else leaves[root])
        return total / everything**2


def _leaves(graph: ComputationGraph) -> dict[str, int]:
    """For every node, how many inputs it hears of; what the default input hears counts here as little as there."""
    heard: dict[str, frozenset[str]] = {}
    for node in graph.nodes:
        own = [node.name] if node.name in graph.inputs else []
        chosen = node.parents if node.name != DEFAULT_INPUT else ()
        heard[node.name] = frozenset(own).union(*(heard[parent] for parent in chosen))
    return {name: len(inputs) for name, inputs in heard.items()}


KnowledgeFactory = Callable[..., KnowledgeFunction]
"""Called as `factory(inputs, **options)` with the names of the inputs."""

KNOWLEDGE: Registry[KnowledgeFactory] = Registry("knowledge function", ConfigError)


def register_knowledge(name: str, factory: KnowledgeFactory, *, replace: bool = False) -> None:
    """Add a knowledge function under a name (any case), which `search.knowledge.function` then takes.

    Args:
        name: of the function.
        factory: called as `factory(inputs, **options)`, returns a KnowledgeFunction.
        replace: whether it may take the place of a registered one.

    Raises:
        ConfigError: the name is empty or taken.
    """
    KNOWLEDGE.register(name, factory, replace=replace)


def make_knowledge(name: str, inputs: Sequence[str], weight: float = 1.0, **options: object) -> Knowledge:
    """Return a registered knowledge function with its weight.

    Args:
        name: such as `"block_hierarchy"`.
        inputs: names of the network's inputs.
        weight: see `Knowledge`.
        **options: of that function; of `block_hierarchy` the `groups`: lists of blocks that belong together.

    Raises:
        ConfigError: unknown name (lists the known ones), or options that it does not take.
    """
    factory = KNOWLEDGE.get(name)
    try:
        return Knowledge(factory(tuple(inputs), **options), weight)
    except TypeError as error:
        raise ConfigError(f"The knowledge function '{name}' cannot be made with options {options}: {error}") from error


def _block_hierarchy(inputs: Sequence[str], groups: object) -> BlockHierarchy:
    return BlockHierarchy.of_groups(checked_groups(groups, inputs), inputs)


register_knowledge("block_hierarchy", _block_hierarchy)

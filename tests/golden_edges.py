"""Edge cases of the golden files, whose calls are not recorded, only a text and what came of it.

A text is recognised by its words. One that no rule knows is checked by what was recorded: an error, by every call of
the family that raised the same in the original; a network, by finding an architecture that has its layers, shapes and
counts. What cannot be checked fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from tests.golden_cases import Tally
from tests.modeler.golden_models import check_recorded

from amber.errors import AmberError, ArchitectureError

ERRORS: dict[str, type[AmberError]] = {
    # What the original raised for tokens; the others it raised for anything.
    "IndexError": ArchitectureError,
    "KeyError": AmberError,
    "AssertionError": AmberError,
    "AttributeError": AmberError,
    "TypeError": AmberError,
    "ValueError": AmberError,
    "Exception": AmberError,
}
NUMBER_OF_ARCHITECTURES = 2000


@dataclass(frozen=True)
class Rule:
    """A kind of edge case.

    Attributes:
        words: regular expressions, all of which a text must hold, in any case.
        call: what the text describes; returns a model, or raises.
        raised: what the original raised; empty where it gave a network.
        superseded: the rule that holds today where it is not what was recorded.
    """

    words: tuple[str, ...]
    call: Callable[[], keras.Model]
    raised: str = ""
    superseded: str = ""


def recognise(text: str, rules: Sequence[Rule]) -> Rule | None:
    """Return the rule of which a text holds the most words; None where it holds those of none."""
    fitting = [rule for rule in rules if all(re.search(word, text, re.IGNORECASE) for word in rule.words)]
    return max(fitting, key=lambda rule: len(rule.words), default=None)


def check_edge(
    family: str,
    case: dict[str, Any],
    rules: Sequence[Rule],
    networks: Iterable[tuple[Any, Iterable[Any]]],
    tally: Tally,
) -> None:
    """Check a case by its rule or, without one, by what was recorded.

    Args:
        family: of the golden file.
        case: `what`, and either `error` or the facts of a network.
        rules: what is known of such cases.
        networks: builders, and the architectures in which a recorded network is looked for.
        tally: told of the outcome.
    """
    rule = recognise(case["what"], rules)
    if "error" in case:
        check_refused(family, case, rule, rules, tally)
        return
    model = None if rule is None else built(rule)
    if model is None:
        assert rule is None or rule.superseded, f"refused, but a network was recorded: {case['what']}"
        model = find_network(case, networks)
    check_recorded(model, case)
    if rule is not None and rule.superseded:
        tally.supersede(family, rule.superseded)
    else:
        tally.check(family)


def check_refused(family: str, case: dict[str, Any], rule: Rule | None, rules: Sequence[Rule], tally: Tally) -> None:
    if case["error"] not in ERRORS:
        pytest.fail(f"no error that the original could raise: {case}")
    raised = [each for each in rules if each.raised == case["error"]] if rule is None else [rule]
    # Of those that raised the same in the original, some may work today.
    kinds = [each for each in raised if not each.superseded] or raised
    if not kinds:
        pytest.fail(f"an edge case nobody checks: {case}")
    for each in kinds:
        if each.superseded:
            check_works(each.call())
        else:
            with pytest.raises(ERRORS[case["error"]], match="Received"):
                each.call()
    if kinds[0].superseded:
        tally.supersede(family, kinds[0].superseded)
    else:
        tally.check(family)


def check_works(model: keras.Model) -> None:
    x = [np.ones((2, *tensor.shape[1:]), "float32") for tensor in model.inputs]
    outputs = keras.tree.flatten(model.predict(x if len(x) > 1 else x[0], verbose=0))
    assert all(output.shape[0] == 2 and np.isfinite(output).all() for output in outputs)


def built(rule: Rule) -> keras.Model | None:
    """Return the model of a rule; None where it is refused."""
    try:
        return rule.call()
    except AmberError as error:
        assert "Received" in str(error)
        return None


def find_network(case: dict[str, Any], networks: Iterable[tuple[Any, Iterable[Any]]]) -> keras.Model:
    """Return a model that has what was recorded; fail where no architecture has."""
    for builder, arcs in networks:
        for arc in arcs:
            if cost_of(builder, arc) != (case["total_params"], case["trainable_params"]):
                continue
            model = builder(arc)
            try:
                check_recorded(model, case)
            except AssertionError:
                continue
            return model
    return pytest.fail(f"no architecture has what was recorded: {case['what']}")


def cost_of(builder: Any, arc: Any) -> tuple[int, int] | None:
    try:
        cost = builder.measure(arc)
    except AmberError:
        return None
    return cost.parameters, cost.trainable_parameters


def architectures(builder: Any) -> Iterator[tuple[int, ...]]:
    """Yield every architecture, or where there are too many, the first ones and a sample."""
    sizes = builder.layout.sizes
    total = int(np.prod(sizes, dtype=float))
    if total <= NUMBER_OF_ARCHITECTURES:
        yield from np.ndindex(*sizes)
        return
    yield from (tuple([0] * len(sizes)), tuple(size - 1 for size in sizes))
    generator = np.random.default_rng(0)
    for _ in range(NUMBER_OF_ARCHITECTURES):
        yield builder.layout.sample(generator)


def edges_of(recorded: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the cases that have a text, each with the configuration it stands in."""
    return [(config, case) for config in recorded for case in config.get("cases", ()) if "what" in case]

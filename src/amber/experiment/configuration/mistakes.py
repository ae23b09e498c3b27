"""Turn mistakes that pydantic finds in a section into messages: key path, what was expected, what was received."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from amber.errors import AmberError, KeyPath
from amber.files.bounded_yaml import Lines
from amber.redaction import redacted
from amber.wording import shortened, shown

# What a value was expected to be, by the kind of mistake; the rest is said as pydantic says it.
_EXPECTED = {
    "string_type": "text",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "string_too_short": "text that is not empty",
}

# What keys are called elsewhere.
_USUAL_NAMES = {
    **dict.fromkeys(("target", "targets", "y", "label_column"), ("label", "outputs")),
    **dict.fromkeys(("features", "inputs", "x", "columns"), ("blocks", "sequence")),
    **dict.fromkeys(("path", "file", "files", "filename", "csv"), ("source",)),
    **dict.fromkeys(("n_trials", "max_trials", "num_trials", "n_iter"), ("trials",)),
    **dict.fromkeys(("lr", "eta"), ("learning_rate",)),
    **dict.fromkeys(("random_state", "random_seed"), ("seed",)),
    **dict.fromkeys(("n_jobs", "num_workers", "n_workers"), ("workers",)),
    **dict.fromkeys(("early_stopping", "early_stopping_patience"), ("patience",)),
    "objective": ("metric",),
    "timeout": ("time_limit",),
    "batch": ("batch_size",),
    "max_epochs": ("epochs",),
    "test_size": ("fractions",),
    "space": ("model_space",),
}


def first_mistake(problems: list[Any]) -> Any:
    """Return the mistake to tell: an unknown key before others, as it is often why another is missing.

    Of the mistakes of several types that a value may have, the one that came furthest counts.
    """
    return min(problems, key=lambda problem: (problem["type"] != "extra_forbidden", -len(problem["loc"])))


def key_path(problem: Any, values: Any) -> KeyPath:
    """Return the keys that lead to a mistake: those of its place that the values have, and a key that is missing.

    Pydantic also puts names of types among them, where a value may be of several.
    """
    path: list[str | int] = []
    for part in problem["loc"]:
        is_key = isinstance(values, dict) and part in values
        is_index = isinstance(values, list) and isinstance(part, int) and part < len(values)
        if is_key or is_index:
            path.append(part)
            values = values[part]
    return (*path, problem["loc"][-1]) if problem["type"] == "missing" else tuple(path)


def alternatives(problem: Any, problems: list[Any], values: Any) -> list[Any]:
    """Return the mistakes of one value that may be of several types, one for each type; the given one is first."""
    path = key_path(problem, values)
    others = [each for each in problems if each is not problem and key_path(each, values) == path]
    return [problem, *(each for each in others if each["type"].endswith(("_type", "_error")))]


def explain(
    problem: Any,
    model: type[BaseModel],
    path: KeyPath,
    place: Lines,
    sections: type[BaseModel] | None = None,
    of_types: list[Any] | None = None,
) -> str:
    """Return what was expected and received.

    Args:
        problem: one entry of `ValidationError.errors()`.
        model: the section that was checked.
        path: of the mistake, within the section.
        place: where the value is written.
        sections: all of them, so that a key in a wrong section is told where it belongs.
        of_types: the mistakes of each type that the value may be of; None: there is one.
    """
    kind, received = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), keys_at(model, path[:-1]), sections)
    if kind == "missing":
        there = ", ".join(map(str, received)) if isinstance(received, dict) and received else "nothing"
        what = "section" if path in (("model_space",), ("builder",)) else "key"
        return f"this {what} is missing and has no default. Received: only {shortened(there, 200)}"
    raised = problem.get("ctx", {}).get("error")
    if isinstance(raised, AmberError):
        return str(raised)
    if path and path[-1] == "storage":
        return f"expected {raised or _expected(problem, model, path)}. Received: {_shown_address(received)}"
    if isinstance(raised, ValueError):
        return f"expected {raised}. Received: {_shown(received)}"
    expected = " or ".join(dict.fromkeys(_expected(each, model, path) for each in of_types or [problem]))
    return f"expected {expected}{_way_out(kind, received, place)}. Received: {_shown(received)}"


def unknown_key(key: str, known: list[str], sections: type[BaseModel] | None = None) -> str:
    """Return the message about an unknown key, with the place that it belongs to, or the nearest known key."""
    elsewhere = [] if sections is None else _places_of(key, sections)
    usual = [each for each in _USUAL_NAMES.get(key.casefold(), ()) if each in known]
    close = elsewhere or usual or difflib.get_close_matches(key, known, n=1)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    expected = f"one of {', '.join(known)}" if known else "no key here"
    return f"unknown key; expected {expected}.{hint} Received: '{shortened(redacted(key))}'"


def _places_of(key: str, sections: type[BaseModel]) -> list[str]:
    """Return where a key belongs: the paths of the sections that have it."""
    return [f"{name}.{key}" for name in sections.model_fields if key in keys_at(sections, (name,))]


def keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys of the section at a path; none where there is no section."""
    annotation: Any = model
    for part in path:
        annotation = _below(annotation, part)
    sections = [each for each in _alternatives(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
    return list(sections[0].model_fields) if sections else []


def _below(annotation: object, part: str | int) -> object:
    """Return the type of the value at a key or position of a type."""
    for each in _alternatives(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel) and part in each.model_fields:
            return each.model_fields[str(part)].annotation
        if get_origin(each) in (dict, list):
            return get_args(each)[-1]
    return None


def _alternatives(annotation: object) -> Iterator[object]:
    """Yield the members of a union type, and the type that `Annotated` wraps."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each)
    else:
        yield annotation


def _expected(problem: Any, model: type[BaseModel], path: KeyPath) -> str:
    kind = problem["type"]
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        known = keys_at(model, path)
        return f"a mapping of the keys {', '.join(known)}" if known else "a mapping of keys"
    if kind in ("too_short", "too_long"):
        least, most = (problem["ctx"].get(name) for name in ("min_length", "max_length"))
        count = most if least is None else least
        return f"at {'most' if least is None else 'least'} {count} {'entry' if count == 1 else 'entries'}"
    return _EXPECTED.get(kind) or str(problem["msg"]).removeprefix("Input should be ")


def _way_out(kind: str, received: object, place: Lines) -> str:
    """Return how to write a value that is of the wrong type but clearly meant."""
    if kind == "int_type" and isinstance(received, float) and received.is_integer():
        return f"; write {int(received)}"
    if kind == "int_type" and isinstance(received, str) and received.strip().isdecimal():
        return f" without quotes; write {received.strip()}"
    return _quoted_hint(kind, received, place)


def _quoted_hint(kind: str, received: object, place: Lines) -> str:
    """Return the way out where YAML took a bare word for something else than text: quotes."""
    if kind != "string_type" or not place.written or isinstance(received, (list, dict)):
        return ""
    what = {bool: "true or false", type(None): "nothing"}.get(type(received), "a number")
    return f"; YAML reads {place.written} as {what}: quote it, '{place.written}'"


def _shown(value: object) -> str:
    kinds: Mapping[type, str] = {str: "text", dict: "mapping", type(None): "nothing"}
    return f"{shown(value, 80)} ({kinds.get(type(value), type(value).__name__)})"


def _shown_address(value: object) -> str:
    """Return an address without its password; nothing of a value that is not text, where it may stand anywhere."""
    if isinstance(value, str):
        from amber.search.storage.urls import shown_url

        return shown_url(value)
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else type(value).__name__

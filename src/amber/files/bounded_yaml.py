"""YAML of a stranger: plain values and the line of each, read within limits.

Text becomes values in one pass over the events of the parser, without recursion: no tag is ever followed, what an alias
repeats counts as often as it is repeated, and the first value beyond a limit of `amber.files.limits` ends the reading.

What may be changed here: how YAML is read. What the keys of a configuration mean is the matter of
`amber.experiment.configuration`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from amber.errors import AmberError, KeyPath
from amber.files import limits
from amber.files.yaml_scalars import scalar_value
from amber.wording import shortened

# libyaml reads ten times as fast; PyYAML has it on all usual systems.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML allows in a text (section 5.1 of its definition).
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# In double quotes a backslash begins an escape, such as \U of C:\Users.
_WINDOWS_PATH = re.compile(r'"([A-Za-z]:)?[^"]*\\[^"]*"')
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass
class Lines:
    """Where a value is written.

    Attributes:
        line: of the value, or of its key, counted from 1.
        below: the same for what it holds, by key or position.
        written: a plain scalar as it is written, such as `no`; empty for all else.
    """

    line: int
    below: dict[str | int, Lines] = field(default_factory=dict)
    written: str = ""

    def at(self, path: KeyPath) -> Lines:
        """Return the place of a key, or of the nearest key above it."""
        place = self
        for part in path:
            if part not in place.below:
                break
            place = place.below[part]
        return place

    def holds(self, path: KeyPath) -> bool:
        """Say whether a key is written, not only a key above it."""
        place = self
        for part in path:
            if part not in place.below:
                return False
            place = place.below[part]
        return True


def dotted(path: KeyPath) -> str:
    """Return a key path as text: `search.trials`, `model_space[2][0].filters`."""
    text = ""
    for part in path:
        name = shortened(str(part), 60)
        text += f"[{part}]" if isinstance(part, int) else f".{name}" if text else name
    return text


def decode(data: bytes, source: str, error: type[AmberError]) -> str:
    """Return the text of a file in UTF-8, with or without a byte order mark; raise `error`, naming the line."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise error(
            f"{source}, line {line}: expected text in UTF-8; save the file in that encoding. "
            f"Received: byte {data[problem.start]:#04x}",
            file=source,
            line=line,
        ) from problem


def parse_yaml_text(text: str, *, source: str, error: type[AmberError], controls: bool = True) -> tuple[Any, Lines]:
    """Return what a YAML text holds, and where.

    Args:
        text: one document of mappings with text as keys, lists, and plain values.
        source: what messages call it; may be empty.
        error: the class to raise.
        controls: whether a text may hold control characters, which are written as escapes.

    Returns:
        Dictionaries, lists, text, numbers, True, False and None (an empty text is None); and the lines. What an anchor
        stands for is one object wherever it is repeated: do not change it.

    Raises:
        AmberError: (of the class `error`) text that is not YAML, tags, a repeated key, a key that is not text, a number
            beyond 64 bits, or more than `amber.files.limits` allows; names line and key.
    """
    bad = _NOT_PRINTABLE.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        raise error(
            f"{_where(source, line)}expected text without control characters. Received: {bad[0]!a}",
            file=source,
            line=line,
        )
    builder = _Builder(source, error, controls)
    try:
        loader = _Loader(text)
        try:
            while loader.check_event():
                builder.take(loader.get_event())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        said = " ".join(part for part in (problem.context, problem.problem) if part)
        line = mark.line + 1 if mark else 1
        raise error(
            f"{_where(source, line, f', column {mark.column + 1}' if mark else '')}expected valid YAML"
            f"{_hint(text, line)}. Received: {said}",
            file=source,
            line=line,
        ) from problem
    except yaml.YAMLError as problem:
        said = " ".join(str(problem).split())
        raise error(f"{_where(source, 1)}expected valid YAML. Received: {said}", file=source, line=1) from problem
    return builder.value, builder.lines


def _where(source: str, line: int, more: str = "") -> str:
    return f"{source}, line {line}{more}: " if source else f"line {line}{more}: "


def _hint(text: str, line: int) -> str:
    found = text.split("\n")
    there = found[min(line, len(found)) - 1]
    if "\t" in there[: len(there) - len(there.lstrip())]:
        return ", indented with spaces, not tabs"
    return "; a path with backslashes is written in single quotes, or none" if _WINDOWS_PATH.search(there) else ""


@dataclass
class _Open:
    """A list or mapping that has begun and not yet ended."""

    value: dict[str, Any] | list[Any]
    lines: Lines
    path: KeyPath
    anchor: str | None
    before: int
    height: int = 0
    key: str | None = None
    key_line: int = 0
    merging: bool = False
    merged: list[tuple[Any, Lines]] = field(default_factory=list)


@dataclass(frozen=True)
class _Anchored:
    """What an anchor stands for, how many values that is, and how deep."""

    value: Any
    lines: Lines
    count: int
    height: int


_MERGE = "<<"


class _Builder:
    """Puts values together from events."""

    def __init__(self, source: str, error: type[AmberError], controls: bool) -> None:
        self._source, self._error, self._controls = source, error, controls
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._count = self._documents = 0
        self.value: Any = None
        self.lines = Lines(1)

    def take(self, event: Any) -> None:
        """Take the next event."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refuse(line, (), "expected one document. Received: a second one, after '---'")
        elif isinstance(event, yaml.AliasEvent):
            self._repeat(str(event.anchor), line)
        elif isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
            self._node(event, line)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._close()

    def _node(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
        if event.tag is not None:
            tag = shortened(event.tag.replace("tag:yaml.org,2002:", "!!"), 40)
            raise self._refuse(line, self._path(), f"expected a value without a tag. Received: {tag}")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
            return
        if self._at_key():
            raise self._refuse(line, self._path(), "a key must be text. Received: a list or mapping")
        self._add(1, line)
        self._check_depth(0, line)
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Open(value, Lines(self._line_of(line)), self._path(), event.anchor, self._count))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        plain = not event.style
        found = None if self._controls else _CONTROL.search(event.value)
        if found:
            raise self._refuse(line, self._path(), f"expected text without control characters. Received: {found[0]!a}")
        try:
            value = scalar_value(event.value, plain)
        except ValueError as problem:
            raise self._refuse(line, self._path(), str(problem)) from None
        if self._at_key():
            self._key(event.value, value, plain, line)
            return
        self._add(1, line)
        lines = Lines(self._line_of(line), written=event.value if plain else "")
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, lines, 1, 0)
        self._put(value, lines, 0)

    def _key(self, written: str, value: object, plain: bool, line: int) -> None:
        here = self._open[-1]
        path = here.path
        if plain and written == _MERGE:
            here.merging, here.key_line = True, line
            return
        if not isinstance(value, str):
            hint = f"; quote it: '{written}'" if written else ""
            raise self._refuse(line, path, f"a key must be text{hint}. Received: {shortened(written)}")
        if value in here.value:
            raise self._refuse(
                line,
                (*path, shortened(value)),
                f"a key may occur once. Received: it again, first on line {here.lines.below[value].line}",
            )
        here.key, here.key_line = value, line
        here.value[value] = None  # type: ignore[call-overload]
        here.lines.below[value] = Lines(line)

    def _repeat(self, anchor: str, line: int) -> None:
        if self._at_key():
            raise self._refuse(line, self._path(), f"a key must be text. Received: *{shortened(anchor, 40)}")
        if anchor not in self._anchors:
            raise self._refuse(
                line, self._path(), f"expected an anchor, &{shortened(anchor, 40)}, above it. Received: none"
            )
        known = self._anchors[anchor]
        if known is None:
            raise self._refuse(
                line, self._path(), f"an anchor must not contain itself. Received: *{shortened(anchor, 40)}"
            )
        self._add(known.count, line)
        self._check_depth(known.height, line)
        self._put(known.value, Lines(self._line_of(line), known.lines.below, known.lines.written), known.height)

    def _put(self, value: object, lines: Lines, height: int) -> None:
        """Put a whole value where it belongs."""
        if not self._open:
            self.value, self.lines = value, lines
            return
        here = self._open[-1]
        here.height = max(here.height, height + 1)
        if isinstance(here.value, list):
            here.lines.below[len(here.value)] = lines
            here.value.append(value)
        elif here.merging:
            self._merge(here, value, lines)
            here.merging = False
        elif here.key is not None:
            here.value[here.key], here.lines.below[here.key] = value, lines
            here.key = None

    def _merge(self, here: _Open, value: object, lines: Lines) -> None:
        each = (
            [(item, lines.below[place]) for place, item in enumerate(value)]
            if isinstance(value, list)
            else [(value, lines)]
        )
        if not all(isinstance(item, dict) for item, _ in each):
            raise self._refuse(
                here.key_line, here.path, "expected one mapping after <<, or a list of them. Received: another value"
            )
        here.merged += each

    def _close(self) -> None:
        ended = self._open.pop()
        if isinstance(ended.value, dict):
            # A mapping's own keys come before those it takes over, and earlier ones before later ones.
            for value, lines in ended.merged:
                for key, item in value.items():
                    if key not in ended.value:
                        ended.value[key], ended.lines.below[key] = item, lines.below[key]
        if ended.anchor is not None:
            count = self._count - ended.before + 1
            self._anchors[ended.anchor] = _Anchored(ended.value, ended.lines, count, ended.height)
        self._put(ended.value, ended.lines, ended.height)

    def _at_key(self) -> bool:
        here = self._open[-1] if self._open else None
        return here is not None and isinstance(here.value, dict) and here.key is None and not here.merging

    def _line_of(self, line: int) -> int:
        """Return the line of the key that a value belongs to, or its own."""
        here = self._open[-1] if self._open else None
        return here.key_line if here is not None and isinstance(here.value, dict) else line

    def _path(self) -> KeyPath:
        if not self._open:
            return ()
        here = self._open[-1]
        if isinstance(here.value, list):
            return (*here.path, len(here.value))
        return here.path if here.key is None else (*here.path, shortened(here.key))

    def _add(self, count: int, line: int) -> None:
        self._count += count
        if self._count > limits.CONFIGURATION_VALUES:
            raise self._refuse(
                line,
                self._path(),
                f"expected at most {limits.CONFIGURATION_VALUES:,} values, with those that anchors repeat. "
                "Received: more",
            )

    def _check_depth(self, height: int, line: int) -> None:
        if len(self._open) + height >= limits.DEPTH:
            raise self._refuse(
                line, (), f"expected at most {limits.DEPTH} lists and mappings within each other. Received: more"
            )

    def _refuse(self, line: int, path: KeyPath, message: str) -> AmberError:
        where = f"{self._source}, line {line}" if self._source else f"line {line}"
        return self._error(
            f"{where}{f', key {dotted(path)}' if path else ''}: {message}", field=path, file=self._source, line=line
        )

"""Every error AMBER raises on purpose.

Each class also derives from the built-in error that an ordinary handler would catch. A message names the
thing, says what was expected and what was received.
"""

from __future__ import annotations

import re

KeyPath = tuple[str | int, ...]


# Characters of a message that are kept at its beginning, and at its end, where the way out is.
_HEAD, _TAIL = 6_000, 2_000
# A word of so many characters is a value that somebody gave, not a word of ours.
_LONG_WORD = re.compile(r"\S{1000,}")
# How a terminal is told of bold and coloured letters, as Keras writes its messages.
_STYLE = re.compile(r"\x1b\[[0-9;]{0,20}m")


class AmberError(Exception):
    """Base of all errors that AMBER raises on purpose.

    Args:
        *arguments: the message. Where it is very long, as it quotes what somebody wrote, its middle is left out.
        field: the one argument, key or place that the mistake is in, where there is one: `("noise",)`, or `(2, 0)` for
            candidate 0 of layer 2. Whoever reads a configuration adds file and line by it; nobody parses the message.
        file: the file that the mistake is in; empty where it is in none.
        line: of that file, counted from 1; None where it is not known.

    Attributes:
        field, file, line: as given; an error about a configuration names its whole key path, file and line.
    """

    def __init__(self, *arguments: object, field: KeyPath = (), file: str = "", line: int | None = None) -> None:
        super().__init__(*(_bounded(each) if isinstance(each, str) else each for each in arguments))
        self.field, self.file, self.line = field, file, line


def _bounded(text: str) -> str:
    if len(text) >= 1000:
        text = _LONG_WORD.sub(lambda word: _without_middle(word[0], 200, 100), text)
    return _without_middle(text, _HEAD, _TAIL)


def _without_middle(text: str, head: int, tail: int) -> str:
    left_out = len(text) - head - tail
    return text if left_out <= 0 else f"{text[:head]}... ({left_out:,} characters left out) ...{text[-tail:]}"


class OutputClosedError(AmberError, BrokenPipeError):
    """Nobody reads what a command prints any more, as in `amber search c.yaml | head`."""


def is_output_closed(error: BaseException | None) -> bool:
    """Say whether an error means that nobody reads the output; rich makes it a SystemExit."""
    if isinstance(error, SystemExit):
        return isinstance(error.__context__, BrokenPipeError)
    return isinstance(error, BrokenPipeError)


class ModelSpaceError(AmberError, ValueError):
    """A model space, or an operation in it, cannot mean anything: says which layer and candidate."""


class ArchitectureError(AmberError, ValueError):
    """Tokens outside the grammar: says position, token name, allowed range and what was received."""


class InvalidArchitectureError(AmberError, ValueError):
    """Tokens inside the grammar that describe no network: says which node and which shapes."""


class ConfigError(AmberError, ValueError):
    """A mistake in a configuration: says file, line and key where they are known."""


class DataError(AmberError, ValueError):
    """Data that cannot be used: says file and line, or record, or array."""


class StorageError(AmberError, OSError):
    """A run directory or study storage that cannot be read or written."""


class ExecutorError(AmberError, RuntimeError):
    """Workers that cannot be reached, started or given their work."""


class DeviceError(AmberError, RuntimeError):
    """One of the devices that a model is trained on together has failed, or its process does not answer."""


class RunFailed(AmberError, RuntimeError):
    """A search that was understood and could not be done, such as one in which nothing could be trained."""


# More of a message than anybody reads; all of it would be kept in the journal and shown in every report.
_LONGEST_MESSAGE = 2000


def describe_error(error: BaseException) -> str:
    """Return the type and the message of any exception as one line that can be shown, written and sent.

    The exception may be anybody's: its message may be long, hold control characters or lone surrogates, or not be there
    because ``__str__`` raises. What cannot be printed is shown as Python would escape it.
    """
    message, name = printable(message_of(error)), printable(type(error).__name__)
    return f"{name}: {message}" if message else name


def message_of(error: BaseException) -> str:
    """Return the message of any exception as it is, or a note where ``__str__`` raises."""
    try:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as second:
        return f"(no message: its __str__ raised {printable(type(second).__name__)})"


def printable(text: str) -> str:
    """Return text of anybody's as one line without control characters, of at most 2,000 characters."""
    left_out = len(text) - _LONGEST_MESSAGE
    # Escapes are longer than what they stand for, and white space shrinks: cut before, so that no work is in vain.
    line = " ".join(_STYLE.sub("", text[:_LONGEST_MESSAGE]).split())
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    return f"{shown} ... ({left_out:,} characters more)" if left_out > 0 else shown

"""Names of chromosomes: `chr1` and `1`, `chrIV` and `IV`, `chrM` and `MT` are the same.

What may be changed here: which names are taken for the same. It is the only place that decides this, for genomes and
for tracks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amber.data.tables.table import shown_names
from amber.errors import DataError
from amber.wording import shown

_PREFIXES = ("chromosome", "chrom", "chr")
_MITOCHONDRIA = frozenset({"m", "mt", "mito", "mtdna", "mitochondrion"})
# No genome numbers more chromosomes in Roman numerals.
_LARGEST_ROMAN = 40
_TENS, _ONES = ("", "x", "xx", "xxx", "xl"), ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMAN = {number: _TENS[number // 10] + _ONES[number % 10] for number in range(1, _LARGEST_ROMAN + 1)}
_ARABIC = {roman: number for number, roman in _ROMAN.items()}


@dataclass(frozen=True)
class ChromosomeMatch:
    """What a file calls the chromosomes that somebody asked for.

    Attributes:
        names: the name asked for -> the file's name; those that were found.
        missing: names that the file does not have, in the order they were asked for.
        note: a sentence where names differ; empty otherwise.
    """

    names: dict[str, str]
    missing: tuple[str, ...]
    note: str = ""


class ChromosomeNames:
    """The chromosomes of a file, found by any of their usual names.

    A name is looked for as it is; then without regard to case, to the prefix `chr` and to leading zeros, the
    mitochondrion by any of its names; then as a Roman numeral where the file numbers all chromosomes up to it so, or
    the other way round. Where two of the file's names fit, none is taken.

    Args:
        names: as the file has them.
        what: the file, for messages, such as `"the genome yeast.fa"`.
    """

    def __init__(self, names: Iterable[str], what: str) -> None:
        self._exact = dict.fromkeys(names)
        self._what = what
        self._by_key: dict[str, list[str]] = {}
        for name in self._exact:
            self._by_key.setdefault(_key(name), []).append(name)

    def match(self, wanted: Iterable[str]) -> ChromosomeMatch:
        """Return what the file calls the chromosomes that are wanted, and which it does not have.

        Args:
            wanted: names of one origin: whether its `X` is the tenth chromosome is seen from the others.
        """
        asked = list(dict.fromkeys(wanted))
        keys = {_key(name) for name in asked}
        numbered = len(keys & _ARABIC.keys() - {"i", "v", "x"}) > 0
        names: dict[str, str] = {}
        for name in asked:
            found = self._find(name, numbered)
            if found is not None:
                names[name] = found
        missing = tuple(name for name in asked if name not in names)
        renamed = [f"{name} as {found}" for name, found in names.items() if name != found]
        more = f" and {len(renamed) - 3} more" if len(renamed) > 3 else ""
        note = f"Chromosomes are found in {self._what} under other names: {', '.join(renamed[:3])}{more}."
        return ChromosomeMatch(names, missing, note if renamed else "")

    def resolve(self, name: str) -> str:
        """Return what the file calls a chromosome; DataError lists what it has where it has none of this name."""
        found = self._find(name, False)
        if found is None:
            raise self.unknown([name])
        return found

    def unknown(self, names: Iterable[str]) -> DataError:
        """Return the error that says which chromosomes a file does not have, and which it has."""
        missing = list(names)
        received = shown(missing[0]) if len(missing) == 1 else shown_names(missing)
        return DataError(
            f"{self._what} must have the chromosomes that are asked for (with or without chr, Roman or not). "
            f"It has {shown_names(list(self._exact))}. Received: {received}"
        )

    def _find(self, name: str, numbered: bool) -> str | None:
        if name in self._exact:
            return name
        key = _key(name)
        found = self._only(key)
        if found is None and key.isdecimal() and self._counts_in_roman(int(key)):
            found = self._only(_ROMAN[int(key)])
        # An X alone may be the sex chromosome, which a genome without it does not number as its tenth.
        if found is None and key in _ARABIC and (key != "x" or numbered):
            found = self._only(str(_ARABIC[key]))
        return found

    def _only(self, key: str) -> str | None:
        found = self._by_key.get(key, [])
        return found[0] if len(found) == 1 else None

    def _counts_in_roman(self, number: int) -> bool:
        """Say whether the file has all of I, II, ... up to a number: the X of a worm is not a tenth chromosome."""
        return 1 <= number <= _LARGEST_ROMAN and all(_ROMAN[each] in self._by_key for each in range(1, number + 1))


def _key(name: str) -> str:
    bare = name.strip().lower()
    for prefix in _PREFIXES:
        if bare.startswith(prefix) and len(bare) > len(prefix):
            bare = bare[len(prefix) :]
            break
    if bare in _MITOCHONDRIA:
        return "mt"
    return bare.lstrip("0") or "0" if bare.isascii() and bare.isdecimal() else bare

"""Alphabets of sequences: text to codes of one byte, and what each code stands for as channels.

What may be changed here: an alphabet, the letters that stand for several others, and the code of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from amber.errors import DataError
from amber.wording import shown

# The nomenclature of IUPAC-IUB (1984), U read as T.
IUPAC: dict[str, str] = {
    "A": "A",
    "C": "C",
    "G": "G",
    "T": "T",
    "U": "T",
    "R": "AG",
    "Y": "CT",
    "S": "CG",
    "W": "AT",
    "K": "GT",
    "M": "AC",
    "B": "CGT",
    "D": "AGT",
    "H": "ACT",
    "V": "ACG",
    "N": "ACGT",
}
PADDING = 255
"""The code of a place beyond the end of a sequence; no channel is set there."""
_INVALID = 254
_MOST_LETTERS = 200
_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
# The amino acids of IUPAC-IUB (1984) that stand for two others; rare ones and stops count as unknown.
_AMBIGUOUS_AMINO_ACIDS = {"B": "DN", "Z": "EQ", "J": "IL", "U": "", "O": "", "*": ""}
_NAMED = {"dna": "ACGT", "rna": "ACGU", "protein": _AMINO_ACIDS}

Unknown = Literal["mean", "zeros"]


@dataclass(frozen=True)
class Alphabet:
    """The letters of sequences, in the order of the channels.

    A sequence is kept as codes of one byte: the place of a letter in `letters`, then `len(letters)` for one that is not
    known (`N` of nucleotides, `X` of proteins), then one code for each letter that stands for several others, in the
    order of `ambiguous`; `PADDING` beyond its end.

    Attributes:
        letters: such as `ACGT`.
    """

    letters: str

    @classmethod
    def of(cls, written: str) -> Alphabet:
        """Return the alphabet called `dna`, `rna` or `protein`, or the one of the given letters.

        Raises:
            DataError: no name and fewer than two letters, more than 200, or a letter twice.
        """
        letters = _NAMED.get(written.lower(), written) if isinstance(written, str) else ""
        plain = letters.isascii() and letters.isprintable() and " " not in letters
        if not plain or not 2 <= len(letters) <= _MOST_LETTERS or len(set(letters)) < len(letters):
            raise DataError(
                "`alphabet` must be dna, rna, protein, or its letters, each once, such as ACGT. "
                f"Received: {shown(written)}",
                field=("alphabet",),
            )
        return cls(letters.upper() if cls(letters).is_nucleotides else letters)

    @property
    def is_nucleotides(self) -> bool:
        """Whether the letters are those of DNA or RNA, in any order."""
        return sorted(self.letters.upper().replace("U", "T")) == list("ACGT")

    @property
    def ambiguous(self) -> dict[str, str]:
        """Letters that stand for several of `letters`, each with these; the unknown letter is not among them."""
        if self.is_nucleotides:
            return {each: self._own(bases) for each, bases in IUPAC.items() if 1 < len(bases) < 4}
        return dict(_AMBIGUOUS_AMINO_ACIDS) if set(self.letters) == set(_AMINO_ACIDS) else {}

    @property
    def unknown(self) -> int:
        """The code of a letter that is not known."""
        return len(self.letters)

    def codes(self, text: bytes) -> NDArray[np.uint8]:
        """Return the codes of text, either case where the alphabet has one case only, shape `(len(text),)`.

        Raises:
            DataError: a letter that is not of the alphabet; its `field` is `("position", i)`, counted from 0.
        """
        codes = _code_of_byte(self).take(np.frombuffer(text, dtype=np.uint8))
        wrong = codes == _INVALID
        if wrong.any():
            place = int(np.argmax(wrong))
            raise DataError(
                f"expected {self.described}. Received: {chr(text[place])!r}",
                field=("position", place),
            )
        return codes

    def translate(self, ascii_codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the codes of letters given as ASCII, of any shape; other letters are unknown ones."""
        table = _code_of_byte(self).copy()
        table[table == _INVALID] = self.unknown
        return table.take(ascii_codes)

    def channels(self, unknown: Unknown = "mean") -> NDArray[np.float32]:
        """Return what each code is as channels: shape `(256, len(letters))`, float32.

        A letter is one-hot, one that stands for several is their mean, padding is zeros.

        Args:
            unknown: an unknown letter is the `"mean"` of all, or `"zeros"`.
        """
        size = len(self.letters)
        table = np.zeros((256, size), dtype=np.float32)
        table[:size] = np.eye(size, dtype=np.float32)
        fill = 1 / size if unknown == "mean" else 0.0
        table[size] = fill
        for code, stands_for in enumerate(self.ambiguous.values(), start=size + 1):
            places = [self.letters.index(each) for each in stands_for]
            table[code] = 0.0 if places else fill
            table[code, places] = 1 / len(places) if places else table[code, places]
        return table

    def complement(self) -> NDArray[np.uint8]:
        """Return the code of the other strand for each code of nucleotides, shape `(256,)`.

        Raises:
            DataError: the letters are not those of DNA or RNA.
        """
        if not self.is_nucleotides:
            raise DataError(f"The other strand is known of DNA and RNA only. Received: the alphabet {self.letters}")
        table = np.arange(256, dtype=np.uint8)
        partners = dict(zip("ACGT", "TGCA", strict=True))
        sets = [*self.letters, self.letters, *self.ambiguous.values()]
        by_set = {frozenset(each.upper().replace("U", "T")): code for code, each in enumerate(sets)}
        for letters, code in by_set.items():
            table[code] = by_set[frozenset(partners[each] for each in letters)]
        return table

    def _own(self, bases: str) -> str:
        return bases.replace("T", "U") if "U" in self.letters else bases

    @property
    def described(self) -> str:
        """What a sequence may hold, in words."""
        others, unknown = "".join(self.ambiguous), _unknown_letter(self)
        more = f", {unknown} where unknown{f', or {others}' if others else ''}" if unknown else ""
        return f"letters of {self.letters}{more}"


def _unknown_letter(alphabet: Alphabet) -> str:
    letter = "N" if alphabet.is_nucleotides else "X"
    return "" if letter in alphabet.letters.upper() else letter


@lru_cache(maxsize=16)
def _code_of_byte(alphabet: Alphabet) -> NDArray[np.uint8]:
    letters = alphabet.letters
    codes = {each: code for code, each in enumerate(letters)}
    codes |= {each: code for code, each in enumerate(alphabet.ambiguous, start=len(letters) + 1)}
    if unknown := _unknown_letter(alphabet):
        codes[unknown] = len(letters)
    if alphabet.is_nucleotides:
        codes["T"] = codes["U"] = codes["U" if "U" in letters else "T"]
    one_case = letters in (letters.upper(), letters.lower())
    table = np.full(256, _INVALID, dtype=np.uint8)
    for each, code in codes.items():
        for form in {each, each.upper(), each.lower()} if one_case else {each}:
            table[ord(form)] = code
    return table

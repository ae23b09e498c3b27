"""What a network reads, from text and files to arrays: sequences as codes of one byte, numbers, tracks."""

from __future__ import annotations

from amber.data.inputs.sequences import SequenceForm, coded_sequences

__all__ = ["SequenceForm", "coded_sequences"]

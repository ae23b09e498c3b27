"""Motifs as files and in sequences, without a network: the MEME format, JASPAR CORE, and scanning by FIMO."""

from amber.data.motifs.meme import jaspar, read_meme, write_meme
from amber.data.motifs.motif import Motif, Seqlet
from amber.data.motifs.scanning import Hit, scan

__all__ = ["Hit", "Motif", "Seqlet", "jaspar", "read_meme", "scan", "write_meme"]

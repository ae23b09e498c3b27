"""Motifs that a network reads: found, named, drawn, scanned for. Needs the extra `motifs`."""

from amber.data.motifs import Hit, Motif, Seqlet, jaspar, read_meme, scan, write_meme
from amber.data.motifs.logos import draw_logo
from amber.data.motifs.motif import logo_svg
from amber.explain.motifs.discovery import discover_motifs
from amber.explain.motifs.filters import filter_motifs
from amber.explain.motifs.naming import Match, match_motifs

__all__ = [
    "Hit",
    "Match",
    "Motif",
    "Seqlet",
    "discover_motifs",
    "draw_logo",
    "filter_motifs",
    "jaspar",
    "logo_svg",
    "match_motifs",
    "read_meme",
    "scan",
    "write_meme",
]

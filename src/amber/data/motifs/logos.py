"""Sequence logos: letters as high as their information or contribution.

Schneider and Stephens, "Sequence logos: a new way to display consensus sequences", Nucleic Acids Research 18 (1990),
6097-6100.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np

from amber.types import Array

# Distinct to readers with the common colour deficiencies, and on light and dark grounds.
_COLOURS = {"A": "#109648", "C": "#255c99", "G": "#d98c00", "T": "#d62839"}


def draw_logo(heights: Array, axes: Any) -> None:
    """Draw letters on axes of matplotlib, positive ones upwards and negative ones downwards.

    Args:
        heights: of A, C, G and T at each position, shape (width, 4).
        axes: matplotlib axes; limits are set.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.transforms import Affine2D

    top = bottom = 0.0
    for position, row in enumerate(np.asarray(heights, dtype=float)):
        up = down = 0.0
        for base in np.argsort(np.abs(row)):
            height = float(row[base])
            if height == 0:
                continue
            letter = "ACGT"[base]
            shape = Affine2D().scale(0.9, height).translate(position + 0.05, up if height > 0 else down)
            axes.add_patch(PathPatch(_letter(letter).transformed(shape), color=_COLOURS[letter], linewidth=0))
            up, down = (up + height, down) if height > 0 else (up, down + height)
        top, bottom = max(top, up), min(bottom, down)
    axes.set_xlim(0, len(heights))
    axes.set_ylim(bottom, top if top > bottom else bottom + 1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if bottom < 0:
        axes.spines["bottom"].set_position("zero")


def heights_svg(heights: Array, limits: tuple[float, float] | None = None) -> str:
    """Return letters as high as is said, as SVG.

    Args:
        heights: of A, C, G and T at each position, shape (width, 4).
        limits: of the vertical axis; None: as the letters need.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.28 * len(heights) + 0.5, 1.1))
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    draw_logo(heights, axes)
    if limits is not None:
        axes.set_ylim(*limits)
    axes.set_xticks([])
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


@lru_cache(maxsize=4)
def _letter(letter: str) -> Any:
    """Return the outline of a letter within the unit square."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    path = TextPath((0, 0), letter, size=1, prop=FontProperties(family="DejaVu Sans", weight="bold"))
    box = path.get_extents()
    return path.transformed(Affine2D().translate(-box.x0, -box.y0).scale(1 / box.width, 1 / box.height))

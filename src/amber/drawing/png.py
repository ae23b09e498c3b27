"""Write a scene as a PNG file, through matplotlib's object-oriented interface (no pyplot, no display)."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Outline

from amber.drawing.scene import Block, Curve, Scene, Shape, Text

_DPI = 100.0
# Agg cannot draw 2 ** 16 pixels or more in one direction.
_MOST_PIXELS = 60_000.0
_CODES = {"M": Outline.MOVETO, "L": Outline.LINETO, "C": Outline.CURVE4}


def write_png(scene: Scene, path: Path, scale: float = 2.0) -> None:
    """Draw a scene into a PNG file.

    Args:
        scene: What to draw.
        path: File to write.
        scale: Pixels of the file for each pixel of the scene; less where the picture would become too large.
    """
    scale = min(scale, _MOST_PIXELS / max(scene.width, scene.height))
    size = (round(scene.width * scale) / _DPI, round(scene.height * scale) / _DPI)
    figure = Figure(figsize=size, dpi=_DPI, facecolor=scene.background)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0.0, scene.width)
    axes.set_ylim(scene.height, 0.0)
    # Line widths and font sizes are in points, 72 to the inch.
    points = 72.0 / _DPI * scale
    for order, shape in enumerate(scene.shapes):
        _draw(axes, shape, points, order + 1)
    canvas.print_png(str(path), metadata={"Software": None})


def _draw(axes, shape: Shape, points: float, order: int) -> None:  # type: ignore[no-untyped-def]
    if isinstance(shape, Text):
        axes.text(
            shape.x,
            shape.y,
            shape.text,
            fontsize=shape.size * points,
            color=shape.colour,
            fontweight="bold" if shape.bold else "normal",
            fontfamily="DejaVu Sans",
            ha={"start": "left", "middle": "center"}[shape.anchor],
            va="baseline",
            parse_math=False,
            zorder=order,
        )
    elif isinstance(shape, Block):
        rect = shape.rect
        axes.add_patch(
            FancyBboxPatch(
                (rect.x, rect.y),
                rect.width,
                rect.height,
                boxstyle=f"round,pad=0,rounding_size={shape.radius}",
                facecolor=shape.fill,
                edgecolor=shape.stroke,
                linewidth=1.5 * points,
                zorder=order,
            )
        )
    elif isinstance(shape, Curve):
        vertices = [point for _, group in shape.commands for point in group]
        codes = [_CODES[letter] for letter, group in shape.commands for _ in group]
        axes.add_patch(
            PathPatch(
                Outline(vertices, codes),
                fill=False,
                edgecolor=shape.colour,
                linewidth=shape.width * points,
                zorder=order,
            )
        )
    else:
        axes.add_patch(Polygon(shape.points, closed=True, facecolor=shape.colour, linewidth=0, zorder=order))

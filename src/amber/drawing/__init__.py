"""Draw a computation graph so that a person understands it: SVG text, or an SVG or PNG file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from amber.backend import prepare_keras
from amber.drawing.scene import make_scene
from amber.drawing.svg import to_svg

prepare_keras()

from amber.errors import ConfigError
from amber.files import replacing, write_whole

if TYPE_CHECKING:
    from amber.graph.cost import GraphCost
    from amber.graph.graph import ComputationGraph

__all__ = ["draw", "draw_svg"]


def draw_svg(
    graph: ComputationGraph,
    *,
    title: str = "",
    subtitle: str = "",
    theme: str = "light",
    costs: GraphCost | None = None,
    loss_weights: Mapping[str, float] | None = None,
) -> str:
    """Draw a graph as a self-contained SVG document.

    Each group of nodes is one box. The longest path runs straight down; all edges that leave one box for
    elsewhere share one coloured line. Where many layers read several inputs, coloured labels in the layers name the
    inputs instead of lines.

    Args:
        graph: What to draw.
        title: Heading; none by default.
        subtitle: Second line of the heading; none by default.
        theme: `"light"` or `"dark"`.
        costs: What `amber.graph.cost.measure(graph)` returned; adds shapes and parameter counts.
        loss_weights: How much the loss of each output counts, by its name; written into its box.

    Raises:
        ConfigError: For an unknown theme.
    """
    return to_svg(
        make_scene(graph, title=title, subtitle=subtitle, theme=theme, costs=costs, loss_weights=loss_weights)
    )


def draw(
    graph: ComputationGraph,
    path: str | Path,
    *,
    title: str = "",
    subtitle: str = "",
    theme: str = "light",
    costs: GraphCost | None = None,
    loss_weights: Mapping[str, float] | None = None,
) -> Path:
    """Draw a graph into a file, in the format that its suffix names.

    Args:
        graph: What to draw.
        path: File to write, `.svg` or `.png` (with two pixels for each of the SVG's). Its folder must exist.
        title: Heading; none by default.
        subtitle: Second line of the heading; none by default.
        theme: `"light"` or `"dark"`.
        costs: What `amber.graph.cost.measure(graph)` returned; adds shapes and parameter counts.
        loss_weights: How much the loss of each output counts, by its name; written into its box.

    Returns:
        The path of the file.

    Raises:
        ConfigError: For another suffix or an unknown theme.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".svg", ".png"):
        raise ConfigError(f"Cannot draw '{path}'; expected the suffix .svg or .png. Received: {path.suffix!r}")
    scene = make_scene(graph, title=title, subtitle=subtitle, theme=theme, costs=costs, loss_weights=loss_weights)
    if suffix == ".svg":
        write_whole(path, to_svg(scene))
    else:
        # matplotlib takes a second to import, which those who want SVG need not wait for.
        from amber.drawing.png import write_png

        with replacing(path) as aside:
            write_png(scene, aside)
    return path

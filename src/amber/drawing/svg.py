"""Write a scene as SVG text."""

from __future__ import annotations

import re

from amber.drawing.scene import Block, Curve, Scene, Shape, Text

# Characters that XML 1.0 cannot hold even when escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    """Return text that is safe as XML content and as an attribute; what XML cannot hold becomes U+FFFD."""
    text = _FORBIDDEN.sub("\ufffd", text)
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(char, entity)
    return text


def to_svg(scene: Scene) -> str:
    """Return a self-contained SVG document."""
    width, height = _number(scene.width), _number(scene.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" role="img">',
        f"<title>{escape(scene.title or 'Computation graph')}</title>",
        f'<rect width="{width}" height="{height}" fill="{scene.background}"/>',
    ]
    lines += [_shape(shape) for shape in scene.shapes]
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _points(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _shape(shape: Shape) -> str:
    if isinstance(shape, Text):
        weight = ' font-weight="bold"' if shape.bold else ""
        anchor = f' text-anchor="{shape.anchor}"' if shape.anchor != "start" else ""
        return (
            f'<text x="{_number(shape.x)}" y="{_number(shape.y)}" font-size="{_number(shape.size)}"'
            f'{weight}{anchor} fill="{shape.colour}" xml:space="preserve">{escape(shape.text)}</text>'
        )
    if isinstance(shape, Block):
        rect = shape.rect
        body = (
            f'<rect x="{_number(rect.x)}" y="{_number(rect.y)}" width="{_number(rect.width)}" '
            f'height="{_number(rect.height)}" rx="{_number(shape.radius)}" fill="{shape.fill}" '
            f'stroke="{shape.stroke}" stroke-width="1.5"'
        )
        return f"{body}><title>{escape(shape.tooltip)}</title></rect>" if shape.tooltip else f"{body}/>"
    if isinstance(shape, Curve):
        path = " ".join(f"{letter}{_points(points)}" for letter, points in shape.commands)
        return f'<path d="{path}" fill="none" stroke="{shape.colour}" stroke-width="{_number(shape.width)}"/>'
    return f'<polygon points="{_points(shape.points)}" fill="{shape.colour}"/>'

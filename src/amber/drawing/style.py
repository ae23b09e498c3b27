"""Colours, families and text widths of the drawings."""

from __future__ import annotations

from dataclasses import dataclass

from amber.errors import ConfigError

# Families in the order of the legend.
FAMILIES = {
    "input": "input",
    "convolution": "convolution",
    "pool": "pooling",
    "dense": "dense",
    "identity": "identity",
    "sequence": "recurrent / attention",
    "merge": "merge",
    "reduce": "reduction",
    "other": "other",
}
# Okabe and Ito's colours, which people with any common colour blindness can tell apart.
_FAMILY_COLOURS = {
    "input": "#6b7280",
    "convolution": "#0072b2",
    "pool": "#e69f00",
    "dense": "#009e73",
    "identity": "#999999",
    "sequence": "#cc79a7",
    "merge": "#d55e00",
    "reduce": "#56b4e9",
    "other": "#b8a800",
}


@dataclass(frozen=True)
class Theme:
    """Colours of one theme, all `#rrggbb`."""

    background: str
    text: str
    muted: str
    main_edge: str
    edges: tuple[str, ...]
    tint: float
    """Share of the family colour in the fill of a box; the rest is the background."""

    def family(self, family: str) -> str:
        """Return the strong colour of a family of operations."""
        return _FAMILY_COLOURS[family]

    def fill(self, family: str) -> str:
        """Return the pale (in the dark theme: deep) fill of a box of a family."""
        return _mix(_FAMILY_COLOURS[family], self.background, self.tint)


THEMES = {
    "light": Theme(
        background="#ffffff",
        text="#111827",
        muted="#4b5563",
        main_edge="#374151",
        edges=("#0072b2", "#d55e00", "#00805d", "#b3568c", "#a87400", "#5b5bb5"),
        tint=0.14,
    ),
    "dark": Theme(
        background="#14181f",
        text="#f3f4f6",
        muted="#b6bdc9",
        main_edge="#cbd5e1",
        edges=("#56b4e9", "#f08a4b", "#2cc79b", "#e39cc6", "#e6b422", "#a5a5f0"),
        tint=0.26,
    ),
}


def get_theme(name: str) -> Theme:
    """Return a theme by name.

    Args:
        name: `"light"` or `"dark"`.

    Raises:
        ConfigError: For another name.
    """
    if name not in THEMES:
        raise ConfigError(f"Unknown drawing theme; expected one of {sorted(THEMES)}. Received: {name!r}")
    return THEMES[name]


def _mix(colour: str, other: str, share: float) -> str:
    pairs = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Estimate the width of a text in pixels, for DejaVu Sans, one of the widest sans-serif fonts.

    Args:
        text: One line.
        size: Font size in pixels.
        bold: Whether the font is bold.
    """
    total = 0.0
    for char in text:
        if char in "ijl.,:;'|!()[]/ It·":
            total += 0.38
        elif char in "mwMW@%—":
            total += 0.97
        elif char.isupper() or char in "+<>=_~#":
            total += 0.78
        else:
            total += 0.63 if ord(char) < 0x2E80 else 1.0
    return total * size * (1.1 if bold else 1.0)

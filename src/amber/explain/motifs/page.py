"""What a network reads, as one HTML page: no script, no request to anywhere, every string escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

from amber.data.motifs.logos import heights_svg
from amber.data.motifs.motif import Motif, logo_svg
from amber.data.motifs.names import LARGEST_Q, NO_NAME, title_of
from amber.display import one_line
from amber.explain.motifs.highlights import Highlight
from amber.explain.motifs.naming import Match, is_informative


@dataclass(frozen=True)
class NamedMotif:
    """A motif of a network.

    Attributes:
        motif: what was found.
        matches: the known ones that it resembles most, the best first; see `names`.
        effect: what it does to the output, such as `raises the output` or `speaks for free`; empty where that is not
            known.
    """

    motif: Motif
    matches: Sequence[Match]
    effect: str = ""
    __repr__ = one_line

    @property
    def names(self) -> list[Match]:
        """The known motifs that it resembles well enough to be called by their names, the best first."""
        return [each for each in self.matches if each.is_name] if is_informative(self.motif) else []

    @property
    def title(self) -> str:
        """The name of the best known motif that resembles it well enough, or why it has none."""
        if not is_informative(self.motif):
            return "too flat to be named"
        if not self.names:
            return NO_NAME
        known = self.names[0].motif
        return title_of(known.name, known.alternative)

    @property
    def places(self) -> str:
        """Where it stands: the middle half of the starts of its places."""
        starts = sorted(each.start for each in self.motif.seqlets)
        if not starts:
            return ""
        first, last = starts[len(starts) // 4], starts[(3 * len(starts)) // 4]
        return str(first) if first == last else f"{first} to {last}"

    @property
    def examples(self) -> int:
        """The number of sequences that hold it."""
        return len({each.example for each in self.motif.seqlets})


@dataclass(frozen=True)
class Section:
    """The motifs of one output.

    Attributes:
        title: the output, and the class.
        motifs: in the order shown.
        note: one sentence about how they were found, or why there are none.
    """

    title: str
    motifs: Sequence[NamedMotif]
    note: str
    __repr__ = one_line


def render_page(title: str, summary: str, sections: Sequence[Section], drawn: Sequence[Highlight] = ()) -> str:
    """Return the page as text.

    Args:
        title: of the data.
        summary: what was explained, in sentences.
        sections: the motifs of each output.
        drawn: stretches of sequences with their contributions.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("amber.explain.motifs"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Matplotlib escapes what a logo holds, and letters are all that it holds.
    motifs = [
        (section, [(each, Markup(logo_svg(each.motif)), _contributions(each.motif)) for each in section.motifs])
        for section in sections
    ]
    stretches = [(each, Markup(heights_svg(each.heights))) for each in drawn]
    page = environment.get_template("explain.html")
    return page.render(title=title, summary=summary, sections=motifs, stretches=stretches, largest_q=LARGEST_Q)


def _contributions(motif: Motif) -> Markup:
    return Markup("" if motif.contributions is None else logo_svg(motif, use_contributions=True))

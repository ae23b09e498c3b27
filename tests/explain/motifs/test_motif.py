from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from amber.errors import DataError
from amber.experiment.explaining import Explanation
from amber.explain.motifs import Match, Motif, Seqlet, logo_svg
from amber.explain.motifs.page import NamedMotif, Section, render_page

EVEN = [0.25] * 4
MOTIF = Motif(
    "positive_1",
    np.array([EVEN, [1, 0, 0, 0], [0, 0, 0.5, 0.5], EVEN, EVEN]),
    contributions=np.array([[0.0] * 4, [3, 0, 0, 0], [0, 0, 1, -1], [0.1] * 4, [0.0] * 4]),
    seqlets=[Seqlet(0, 10, 15, False), Seqlet(3, 20, 25, True)],
)


def test_information_is_in_bits() -> None:
    np.testing.assert_allclose(MOTIF.information, [0, 2, 1, 0, 0], atol=1e-6)


def test_trimming_moves_the_places_by_strand() -> None:
    trimmed = MOTIF.trimmed()
    assert trimmed.consensus == "AG"
    assert trimmed.seqlets == [Seqlet(0, 11, 13, False), Seqlet(3, 22, 24, True)]
    assert trimmed.contributions is not None and trimmed.contributions.shape == (2, 4)


def test_another_shape_is_refused() -> None:
    with pytest.raises(DataError, match=r"\(4, 3\)"):
        Motif("a", np.zeros((4, 3)))


def test_logos_are_drawings_that_hold_a_shape_for_each_letter() -> None:
    for contributions in (False, True):
        drawing = ElementTree.fromstring(logo_svg(MOTIF, contributions))
        assert drawing.tag.endswith("svg")
    plain, signed = (logo_svg(MOTIF, each).count('id="patch_') for each in (False, True))
    assert signed > 0 and plain > 0


def test_the_page_shows_names_and_escapes_them() -> None:
    letters = np.eye(4)[[0, 1, 2, 3, 0]]
    sharp = Motif("positive_1", letters, sites=50, contributions=letters, seqlets=MOTIF.seqlets)
    known = Motif("MA1", sharp.probabilities, "<REB1>")
    named = NamedMotif(sharp, [Match(known, 1e-6, 1e-3)])
    weak = NamedMotif(sharp, [Match(known, 0.1, 0.6)])
    page = render_page("yeast & co", "Explained.", [Section("y: bound", [named, weak], "2 motifs.")])
    assert named.title == "<REB1> (MA1)" and weak.title == "no known motif"
    assert NamedMotif(MOTIF, [Match(known, 1e-6, 1e-3)]).title == "too flat to be named"
    assert weak.names == [] and page.count("&lt;REB1&gt;") == 2  # a heading, and a row of its table
    assert "&lt;REB1&gt; (MA1)" in page and "<REB1>" not in page and "yeast &amp; co" in page
    assert page.count("<svg") == 4 and "<script" not in page and "http-equiv" in page
    assert (named.examples, named.places) == (2, "10 to 20")
    once = replace(sharp, seqlets=[Seqlet(row, 97, 102, False) for row in range(3)])
    assert NamedMotif(once, []).places == "97"


def test_motifs_show_name_and_logo() -> None:
    motif = Motif("a<b", np.eye(4), "CREB1", sites=7)
    assert repr(motif) == "Motif('a<b', 'CREB1', ACGT, sites=7)"
    html = motif._repr_html_()
    assert html.startswith("<p><b>a&lt;b CREB1</b>, 7 sites (bits)</p><svg") and " at 0x" not in html
    explained = Explanation((), ("output: 1 motif",), motifs=(motif,))._repr_html_()
    assert explained.startswith("<p>output: 1 motif</p><p><b>a&lt;b CREB1</b>") and explained.endswith("</svg>\n")

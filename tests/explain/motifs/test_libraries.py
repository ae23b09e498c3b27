"""Discovery, names and instances, by the libraries of the extra `motifs`; compiling them takes most of the time."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from amber.errors import ConfigError, DataError
from amber.explain.motifs import Motif, discover_motifs, jaspar, match_motifs, scan, write_meme
from amber.explain.motifs.discovery import conservation
from amber.explain.motifs.naming import is_informative
from amber.explain.motifs.page import NamedMotif

KNOWN = {motif.alternative: motif for motif in jaspar("fungi")}


def planted(motifs: list[Motif], count: int = 300, length: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Sequences with one motif each, and hypothetical contributions that stand out there."""
    generator = np.random.default_rng(0)
    x = np.eye(4, dtype="float32")[generator.integers(0, 4, (count, length))]
    hypothetical = generator.normal(0, 0.02, x.shape)
    for row in range(count):
        motif = motifs[row % len(motifs)].probabilities
        start = int(generator.integers(10, length - len(motif) - 10))
        for position, chances in enumerate(motif, start):
            x[row, position] = np.eye(4)[generator.choice(4, p=chances)]
        hypothetical[row, start : start + len(motif)] += motif - 0.25
    return x, hypothetical - hypothetical.mean(axis=-1, keepdims=True)


@pytest.mark.slow
def test_planted_motifs_are_found_and_nothing_else() -> None:
    wanted = ["REB1", "RAP1"]
    found = discover_motifs(*planted([KNOWN[name] for name in wanted]))
    best = [matches[0] for matches in match_motifs(found, jaspar("fungi"))]
    assert sorted(match.motif.alternative for match in best) == sorted(wanted)
    assert all(match.q_value < 0.05 for match in best)
    assert all(motif.name.startswith("positive") and motif.sites > 30 for motif in found)


def test_a_motif_is_named_as_itself() -> None:
    turned = KNOWN["ABF1"].probabilities[::-1, ::-1]
    ((first, second),) = match_motifs([Motif("query", turned)], jaspar("fungi"), most=2)
    assert first.motif.alternative == "ABF1" and first.q_value < 1e-3
    assert first.p_value <= first.q_value and first.p_value <= second.p_value


def test_what_is_flat_has_no_name() -> None:
    known = jaspar("fungi")
    flat = Motif("flat", np.full((12, 4), 0.25) + np.array([0.06, -0.02, -0.02, -0.02]), sites=5000)
    # Few places of nothing have much in common by chance.
    counts = np.random.default_rng(0).multinomial(10, [0.25] * 4, size=12)
    few = Motif("few", (counts + 0.1) / (counts + 0.1).sum(axis=1, keepdims=True), sites=10)
    assert few.information.sum() > 3
    unnamed, also, named = match_motifs([flat, few, KNOWN["REB1"]], known)
    assert unnamed == also == [] and named[0].motif.alternative == "REB1"
    assert NamedMotif(flat, unnamed).title == "too flat to be named"
    assert all(is_informative(motif) for motif in jaspar())


@pytest.mark.slow
def test_instances_are_found_on_both_strands(tmp_path: Path) -> None:
    from amber.experiment.scanning import scan_fasta

    motif = Motif("reb", np.eye(4)[KNOWN["REB1"].probabilities.argmax(axis=1)])
    x = np.eye(4, dtype="float32")[np.random.default_rng(1).integers(0, 4, (2, 50))]
    x[0, 7:16] = motif.probabilities
    x[1, 30:39] = motif.probabilities[::-1, ::-1]
    found = {(hit.example, hit.start, hit.end, hit.strand) for hit in scan([motif], x)}
    assert {(0, 7, 16, "+"), (1, 30, 39, "-")} <= found
    write_meme(tmp_path / "m.meme", [motif])
    letters = ["".join("ACGT"[base] for base in row.argmax(axis=-1)) for row in x]
    (tmp_path / "s.fa").write_text(f">one\n{letters[0]}\n>two\n{letters[1]}\n>short\nACG\n")
    text, count = scan_fasta(tmp_path / "m.meme", tmp_path / "s.fa", 1e-4)
    assert count == len(text.splitlines()) - 1 == len(found)
    assert any(line.startswith("one\t7\t16\treb\tforward\t") for line in text.splitlines())


def test_what_cannot_be_compared_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="at least 42"):
        discover_motifs(np.zeros((2, 20, 4)), np.zeros((2, 20, 4)))
    with pytest.raises(DataError, match="one shape"):
        discover_motifs(np.zeros((2, 50, 4)), np.zeros((2, 50)))
    with pytest.raises(ConfigError, match="threshold"):
        scan([], np.zeros((1, 50, 4)), 0)
    monkeypatch.setitem(sys.modules, "memelite.tomtom", None)
    with pytest.raises(ConfigError, match=r"amber-nas\[motifs\]"):
        match_motifs([KNOWN["REB1"]], jaspar("fungi"))


def test_only_patterns_whose_contributing_bases_are_conserved_are_motifs(monkeypatch: pytest.MonkeyPatch) -> None:
    conserved = np.eye(4)[[3, 3, 0, 1, 1, 1, 2]] * 0.96 + 0.01
    chance = np.full((7, 4), 0.25) + np.array([0.15, -0.05, -0.05, -0.05])

    def pattern(probabilities: np.ndarray, sites: int) -> SimpleNamespace:
        places = [SimpleNamespace(example_idx=row, start=3, end=10, is_revcomp=False) for row in range(sites)]
        return SimpleNamespace(sequence=probabilities, contrib_scores=probabilities - 0.25, seqlets=places)

    found = ([pattern(chance, 60), pattern(conserved, 30)], [pattern(chance, 20)])
    library = SimpleNamespace(TFMoDISco=lambda **given: found)
    monkeypatch.setitem(sys.modules, "modiscolite.tfmodisco", library)
    x = np.eye(4)[np.random.default_rng(0).integers(0, 4, (5, 50))]
    (motif,) = discover_motifs(x, x)
    assert motif.name == "positive_1" and motif.consensus == "TTACCCG" and motif.sites == 30
    names = [each.name for each in discover_motifs(x, x, least_information=0)]
    assert names == ["positive_1", "positive_2", "negative_1"]


def test_conservation_is_less_for_few_places() -> None:
    certain = np.eye(4)[[0, 1, 2]]
    contributions = certain.copy()
    assert conservation(Motif("many", certain, sites=10_000, contributions=contributions)) == pytest.approx(2, abs=1e-3)
    assert conservation(Motif("few", certain, sites=20, contributions=contributions)) == pytest.approx(
        2 - 0.108, abs=1e-3
    )
    half = np.concatenate([certain, np.full((3, 4), 0.25)])
    elsewhere = np.concatenate([np.zeros((3, 4)), certain])
    assert conservation(Motif("beside", half, sites=10_000, contributions=elsewhere)) == pytest.approx(0, abs=1e-3)

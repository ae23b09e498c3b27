"""Effects of variants, beside predictions of sequences put together by hand, on every backend."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from tests.explain.networks import fill_weights

from amber.data.encoding.sequences import encode_sequences
from amber.data.genomics import Genome, read_variants
from amber.errors import ConfigError, DataError
from amber.explain.variants import VariantEffects, variant_effects

layers = keras.layers
LENGTH = 24
HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
CHROMOSOME = "".join(np.random.default_rng(2).choice(list("ACGT"), 80))

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def model() -> keras.Model:
    sequence = keras.Input((LENGTH, 4))
    hidden = layers.Flatten()(layers.Conv1D(6, 5, activation="relu")(sequence))
    classes = layers.Dense(3, "softmax", name="classes")(hidden)
    return fill_weights(keras.Model(sequence, [classes, layers.Dense(1, name="number")(hidden)]))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "g.fa").write_text(f">chr1\n{CHROMOSOME}\n")
    rows = [
        (31, CHROMOSOME[30], "A,C,G,T".replace(f"{CHROMOSOME[30]},", "").replace(f",{CHROMOSOME[30]}", "")),
        (3, CHROMOSOME[2:5], CHROMOSOME[2]),
        (79, CHROMOSOME[78], CHROMOSOME[78] + "GATTACA"),
        (50, "A" if CHROMOSOME[49] != "A" else "C", "G"),
    ]
    lines = [f"chr1\t{position}\t.\t{before}\t{after}\t.\t.\t.\n" for position, before, after in rows]
    (tmp_path / "v.vcf").write_text(HEADER + "".join(lines))
    return tmp_path / "v.vcf", tmp_path / "g.fa"


def expected(
    model: keras.Model, position: int, before: str, after: str, reverse: bool
) -> tuple[np.ndarray, np.ndarray]:
    start = position - 1 - LENGTH // 2 + 2 * LENGTH
    padded = "N" * 2 * LENGTH + CHROMOSOME + "N" * 2 * LENGTH
    changed = padded[: start + LENGTH // 2] + after + padded[start + LENGTH // 2 + len(before) :]
    x = encode_sequences([each[start : start + LENGTH] for each in (padded, changed)])
    if reverse:
        x = np.ascontiguousarray(x[:, ::-1, ::-1])
    one, other = np.concatenate([np.asarray(each) for each in model.predict(x, verbose=0)], axis=-1)
    return one, other


@pytest.mark.parametrize("both_strands", [False, True])
def test_effects_are_predictions_of_both_alleles(
    model: keras.Model, files: tuple[Path, Path], both_strands: bool
) -> None:
    variants, genome = read_variants(files[0]), Genome(files[1])
    seen: list[tuple[int, int]] = []
    effects = variant_effects(
        model,
        variants,
        genome,
        both_strands=both_strands,
        batch_size=3,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert len(variants) == 6 and seen[-1] == (5, 5)
    assert effects.reference.shape == effects.alternative.shape == (6, 4)
    for row in range(5):
        of = (int(variants.position[row]) + 1, variants.reference[row], variants.alternative[row])
        strands = [expected(model, *of, reverse) for reverse in ((False, True) if both_strands else (False,))]
        for found, place in ((effects.reference, 0), (effects.alternative, 1)):
            np.testing.assert_allclose(found[row], np.mean([each[place] for each in strands], axis=0), atol=1e-5)
    np.testing.assert_allclose(effects.difference[:5], (effects.alternative - effects.reference)[:5])
    assert np.abs(effects.difference[:5]).max(axis=1).min() > 1e-4
    for values in (effects.difference, effects.log2_ratio, effects.log2_odds_ratio):
        assert np.isnan(values[5]).all()


def test_ratios() -> None:
    effects = VariantEffects(None, np.array([[0.5, 0.0, -1.0, 1.0]]), np.array([[0.8, 0.5, 2.0, 0.5]]))  # type: ignore[arg-type]
    np.testing.assert_allclose(effects.log2_ratio, [[np.log2(1.6), np.nan, np.nan, -1.0]])
    odds = effects.log2_odds_ratio
    np.testing.assert_allclose(odds[0, 0], 2.0)
    assert np.isfinite(odds).all() and odds[0, 1] > 20 and odds[0, 3] < -20


def test_what_does_not_fit_is_refused(model: keras.Model, files: tuple[Path, Path]) -> None:
    variants, genome = read_variants(files[0]), Genome(files[1])
    two = keras.Model(
        [a := keras.Input((LENGTH, 4)), b := keras.Input((3,))], layers.Dense(1)(b + layers.Flatten()(a)[:, :3])
    )
    with pytest.raises(
        DataError,
        match=r"one input of one-hot sequences, shape \(length, 4\). Received: inputs of shape \(24, 4\), \(3,\)",
    ):
        variant_effects(two, variants, genome)
    with pytest.raises(DataError, match="Variants are of DNA. Received: the alphabet ACDEFG"):
        variant_effects(model, variants, genome, alphabet="protein")
    with pytest.raises(ConfigError, match="batch_size must be a positive integer. Received: 0"):
        variant_effects(model, variants, genome, batch_size=0)

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amber.backend.batch_order import BatchOrder, OrderedBatches
from amber.data.batches.augmentation import Augmentation, Profile, mean_of_strands
from amber.data.batches.streamed import PackedLabels, StreamedProfile, streamed_inputs
from amber.data.dataset import Split, flat, rows_of, shapes_of
from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.one_hot import one_hot, one_hot_complement
from amber.data.examples import ArrayExamples, NumbersInput, Ragged, SequenceInput
from amber.data.fingerprints import fingerprint
from amber.data.targets.scaling import Scaling
from amber.errors import DataError
from amber.types import StreamedArray

DNA = Alphabet.of("dna")
KINDS = {"dna": SequenceInput(DNA, 12), "age": NumbersInput(2)}


class Counted(ArrayExamples):
    """Examples that count how often they are read."""

    reads = 0

    def read(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        type(self).reads += 1
        return super().read(rows)


def examples(count: int = 40) -> Counted:
    rng = np.random.default_rng(0)
    arrays = {
        "dna": rng.integers(0, 5, (count, 12), dtype=np.uint8),
        "age": rng.random((count, 2), dtype=np.float32),
    }
    return Counted(arrays, KINDS)


def test_inputs_are_read_as_a_network_reads_them() -> None:
    source, rows = examples(), np.array([3, 0, 39])
    x = streamed_inputs(source, rows, unknown="zeros", scaling={"age": Scaling((1.0, 2.0), (2.0, 4.0))})
    assert shapes_of(x) == {"dna": (12, 4), "age": (2,)} and all(len(each) == 3 for each in x.values())
    assert all(isinstance(each, StreamedArray) for each in x.values())
    codes, numbers = source.arrays["dna"][rows], source.arrays["age"][rows]
    assert np.array_equal(x["dna"][np.array([2, 0])], one_hot(codes[[2, 0]], DNA, unknown="zeros"))
    assert np.asarray(x["age"]) == pytest.approx((numbers - [1, 2]) / [2, 4])


def test_all_inputs_of_a_batch_are_read_once() -> None:
    source = examples()
    x = streamed_inputs(source, np.arange(40))
    Counted.reads = 0
    rows = np.array([5, 1])
    x["dna"][rows], x["age"][rows], x["dna"][np.array([1, 5])]
    assert Counted.reads == 2


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 9), st.integers(0, 3), st.integers(0, 1000))
def test_batches_are_the_same_for_any_number_of_workers(size: int, epoch: int, seed: int) -> None:
    source, order = examples(), BatchOrder(np.random.default_rng(seed).permutation(40))
    x = streamed_inputs(source, np.arange(40), augmentation=Augmentation(True, 3, seed=seed))
    seen = {name: each.in_epoch(epoch) for name, each in x.items()}
    batches = OrderedBatches((seen, np.arange(40.0)), order, size)
    alone = [batches[number] for number in range(len(batches))]
    # Another process, which asks for its batches in another order.
    other = pickle.loads(pickle.dumps(batches))
    for number in reversed(range(len(batches))):
        there = other[number]
        assert all(np.array_equal(alone[number][0][name], there[0][name]) for name in KINDS)
        assert np.array_equal(alone[number][1], there[1])
    together = np.concatenate([batch[0]["dna"] for batch in alone])
    assert np.array_equal(together, seen["dna"][order.rows])


def test_an_epoch_has_views_of_its_own_and_validation_has_none() -> None:
    x = streamed_inputs(examples(), np.arange(40), augmentation=Augmentation(True, 3))["dna"]
    plain = one_hot(examples().arrays["dna"], DNA)
    assert np.array_equal(x[:], plain) and np.array_equal(x.in_epoch(4).in_epoch(None)[:], plain)
    assert not np.array_equal(x.in_epoch(0)[:], x.in_epoch(1)[:])


def test_a_part_has_the_views_of_its_examples() -> None:
    x = streamed_inputs(examples(), np.arange(40), augmentation=Augmentation(True, 3))["dna"]
    rows = np.array([7, 30])
    assert np.array_equal(x.part(rows).in_epoch(2)[:], x.in_epoch(2)[rows])
    assert np.array_equal(rows_of({"dna": x}, rows)["dna"][:], x[rows])


def test_the_other_strand_for_the_mean_of_both() -> None:
    x = streamed_inputs(examples(), np.arange(40), augmentation=Augmentation(shift=2))["dna"]
    turned = x.other_strand()
    assert np.array_equal(turned[:], one_hot_complement(x[:], DNA))
    weights = np.random.default_rng(1).random((12, 4))
    both = mean_of_strands(np.tensordot(x[:], weights), np.tensordot(turned[:], weights))
    assert both == pytest.approx(np.tensordot(x[:], (weights + weights[::-1, ::-1]) / 2), abs=1e-6)


def test_profiles_follow_the_sequence() -> None:
    augmentation = Augmentation(True, 4, {"p": Profile(4)}, seed=5)
    codes = np.random.default_rng(2).integers(0, 4, (30, 12), dtype=np.uint8)
    source = ArrayExamples({"dna": codes}, {"dna": SequenceInput(DNA, 12)})
    # How many C and G there are: the same on both strands.
    counts = np.isin(codes, (1, 2)).reshape(30, 3, 4).sum(axis=2).astype(float)
    x = streamed_inputs(source, np.arange(30), augmentation=augmentation)["dna"]
    y = StreamedProfile(counts, Profile(4), augmentation, np.arange(30))
    assert isinstance(y, StreamedArray) and y.shape == (30, 3)
    seen, profile = x.in_epoch(1)[:], y.in_epoch(1)[:]
    known = ~np.isnan(profile)
    assert 60 < known.sum() < 90
    assert np.array_equal(seen[:, :, 1:3].sum(axis=2).reshape(30, 3, 4).sum(axis=2)[known], profile[known])
    rows = np.array([4, 2])
    assert np.array_equal(y.part(rows).in_epoch(1)[:], profile[rows], equal_nan=True)
    assert np.array_equal(y[:], counts)


@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 100), st.booleans())
def test_labels_are_packed_and_unpacked(labels: int, count: int, seed: int, holes: bool) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2, (count, labels)).astype(np.float32)
    if holes:
        values[rng.random(values.shape) < 0.3] = np.nan
    packed = PackedLabels.of(values)
    assert isinstance(packed, StreamedArray) and packed.shape == (count, labels)
    assert packed.bits.nbytes == count * -(-labels // 8)
    assert np.array_equal(np.asarray(packed), values, equal_nan=True)
    rows = rng.permutation(count)[:3]
    assert np.array_equal(packed.part(rows)[:], packed[rows], equal_nan=True)
    assert fingerprint(packed) == fingerprint(PackedLabels.of(values.copy()))


def test_other_values_are_not_labels() -> None:
    with pytest.raises(DataError, match="0, 1 or missing. Received: 2.0 of example 1"):
        PackedLabels.of(np.array([[0, 1], [1, 2.0]]))
    with pytest.raises(DataError, match=r"shape \(3,\)"):
        PackedLabels.of(np.zeros(3))


def test_a_split_of_streamed_arrays_knows_its_content_without_reading_it() -> None:
    source = examples()
    split = Split(streamed_inputs(source, np.arange(40)), np.zeros(40))
    Counted.reads = 0
    first = split.fingerprint
    assert Counted.reads == 0 and len(split) == 40
    assert first == Split(streamed_inputs(source, np.arange(40)), np.zeros(40)).fingerprint
    assert first != Split(streamed_inputs(source, np.arange(40)[::-1]), np.zeros(40)).fingerprint
    assert flat(split.x).shape == (40, 50)


def test_all_of_it_is_read_only_where_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    x = streamed_inputs(examples(), np.arange(40))["dna"]
    monkeypatch.setattr("amber.data.text.reading.machine_memory", lambda: 1000)
    with pytest.raises(DataError, match=r"fit into the memory.*Received: shape \(40, 12, 4\)"):
        np.asarray(x)


def test_sequences_of_unequal_length_are_refused() -> None:
    ragged = Ragged(np.zeros(5, dtype=np.uint8), np.array([2, 5]))
    with pytest.raises(DataError, match="Input 'dna': sequences of one length are needed"):
        streamed_inputs(ArrayExamples({"dna": ragged}, {"dna": SequenceInput(DNA, None)}), np.arange(2))

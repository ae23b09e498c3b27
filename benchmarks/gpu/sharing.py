"""Shared weights on a card: a supernet's step beside its children's, and many architectures at once."""

from __future__ import annotations

from benchmarks import networks, supernets
from benchmarks.gpu.measuring import Clock, Found, Measurement, Sizes
from benchmarks.results import Row

_TWENTY_TIMES = 20.0


def steps(sizes: Sizes, clock: Clock) -> list[Measurement]:
    """Both supernets, another architecture each step, beside stand-alone children."""
    kinds = (
        ("feed-forward", supernets.ann_builder, supernets.ann_data),
        ("convolutional", supernets.cnn_builder, networks.residual_data),
    )

    def measurement(number: int) -> Measurement:
        kind, make, data = kinds[number]

        def run() -> Found:
            size, count = sizes.supernet_batches[number], sizes.supernet_steps[number]
            rows = supernets.beside_children(kind, make, data, size, count, sizes.children, sizes.repeats)
            # The memory of the process says nothing of the card's.
            return [row for row in rows if row.unit != "MiB"]

        return Measurement(f"{kind} supernet", run)

    return [measurement(number) for number in range(len(kinds))]


def many(sizes: Sizes, clock: Clock) -> list[Measurement]:
    """Many feed-forward children at once, evaluated and trained, beside one at a time."""

    def run() -> Found:
        rows = supernets.many_at_once(sizes.rows, sizes.repeats, (1, sizes.many), sizes.many, _TWENTY_TIMES)
        speed = {row.what: row.value for row in rows}
        gain = speed[f"{sizes.many} at once: trained"] / speed["1 at once: trained"]
        what = f"{sizes.many} at once: training beside one at a time"
        return [*rows, Row(what, "torch", gain, "x", _TWENTY_TIMES)]

    return [Measurement(f"{sizes.many} children at once", run)]

"""How a file is compressed, by its first bytes."""

from __future__ import annotations

import gzip
import io

import pytest

from amber.data.text.reading import compression_of

BGZIP = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "none"),
        (b"chr1\t1\t5\n", "none"),
        (gzip.compress(b"ACGT" * 10, mtime=0), "gzip"),
        (BGZIP, "bgzip"),
        (BGZIP[:17], "gzip"),
        (BGZIP[:3] + b"\x01" + BGZIP[4:], "gzip"),  # no extra field: the letters are part of the data
        (BGZIP[:12] + b"XY" + BGZIP[14:], "gzip"),
    ],
)
def test_the_first_bytes_say_it(head: bytes, kind: str) -> None:
    stream = io.BytesIO(head)
    assert compression_of(stream) == kind
    assert stream.tell() == 0

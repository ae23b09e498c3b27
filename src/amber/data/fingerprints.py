"""A short name for the content of arrays, by which changed data are noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

_DIGEST_BYTES = 16


def fingerprint(content: object) -> str:
    """Return 32 hexadecimal digits that stand for arrays: the same digits for the same arrays, in any process.

    Args:
        content: an array, text, None, what has a `fingerprint` of its own, or mappings and sequences of such, of any
            depth. The order of a mapping's keys does not matter.
    """
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    _add(digest, content)
    return digest.hexdigest()


def _add(digest: Any, content: object) -> None:
    if isinstance(content, Mapping):
        digest.update(f"{{{len(content)}".encode())
        for name in sorted(content):
            _add(digest, str(name))
            _add(digest, content[name])
    elif isinstance(content, (list, tuple)):
        digest.update(f"[{len(content)}".encode())
        for each in content:
            _add(digest, each)
    elif content is None or isinstance(content, str):
        digest.update(f"t{content!r}".encode("utf-8", "backslashreplace"))
    elif not isinstance(content, np.ndarray) and isinstance(own := getattr(content, "fingerprint", None), str):
        digest.update(f"f{own}".encode())
    else:
        array = np.ascontiguousarray(content)
        digest.update(f"a{array.dtype.str}{array.shape}".encode())
        digest.update(array.data if array.dtype != object else repr(array.tolist()).encode())

"""What may be said of an operation when it is registered."""

from __future__ import annotations

import pytest

from amber.operations import register_operation


def test_an_option_of_another_name_is_refused() -> None:
    with pytest.raises(TypeError, match=r"aliases, replace, required, .* Received: flop"):
        register_operation("counted_otherwise", lambda name=None: None, flop=None)  # type: ignore[call-arg]

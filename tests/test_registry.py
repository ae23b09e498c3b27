"""Names and aliases: whatever takes over, every name stands for what was registered last."""

from __future__ import annotations

import pytest

from amber.errors import ConfigError, DataError
from amber.registry import Registry


def make() -> Registry[int]:
    registry: Registry[int] = Registry("thing")
    registry.register("Dense", 1, aliases=("fc", "Linear"))
    registry.register("conv", 2)
    return registry


@pytest.mark.parametrize("name", ["fc", "FC", " fc ", "linear", "LINEAR"])
def test_a_name_takes_over_an_alias(name: str) -> None:
    registry = make()
    registry.register(name, 3, replace=True)
    assert registry.get(name) == registry.get(name.upper()) == 3
    assert registry.get("dense") == 1
    assert registry.names() == sorted(["dense", "conv", name.strip().lower()])
    (other,) = {"fc", "linear"} - {name.strip().lower()}
    assert registry.get(other) == 1


def test_an_alias_takes_over_a_name_with_its_aliases() -> None:
    registry = make()
    registry.register("mlp", 3, aliases=("DENSE",), replace=True)
    assert [registry.get(name) for name in ("mlp", "dense", "fc", "linear", "conv")] == [3, 3, 3, 3, 2]
    assert registry.names() == ["conv", "mlp"]


def test_an_alias_takes_over_an_alias() -> None:
    registry = make()
    registry.register("conv", 4, aliases=("fc",), replace=True)
    assert (registry.get("fc"), registry.get("conv"), registry.get("dense"), registry.get("linear")) == (4, 4, 1, 1)


def test_a_name_registered_anew_keeps_its_aliases() -> None:
    registry = make()
    registry.register("DENSE", 5, aliases=("dense", "Dense"), replace=True)
    assert registry.get("fc") == registry.get("dense") == 5
    assert registry.names() == ["conv", "dense"]


def test_an_entry_moves_to_its_alias_and_back() -> None:
    registry = make()
    registry.register("fc", 6, aliases=("dense",), replace=True)
    assert {registry.get(name) for name in ("fc", "dense", "linear")} == {6}
    registry.register("dense", 7, aliases=("fc",), replace=True)
    assert {registry.get(name) for name in ("fc", "dense", "linear")} == {7}
    assert registry.names() == ["conv", "dense"]


@pytest.mark.parametrize(
    ("name", "aliases"),
    [("FC", ()), ("new", ("dense",)), ("new", ("other", "Linear")), (" dense", ()), ("", ()), ("new", (" ",))],
)
def test_what_is_refused_changes_nothing(name: str, aliases: tuple[str, ...]) -> None:
    registry = make()
    with pytest.raises(ConfigError):
        registry.register(name, 9, aliases=aliases)
    with pytest.raises(ConfigError, match="list of names"):
        registry.register("new", 9, aliases="dense", replace=True)
    assert [registry.get(known) for known in ("dense", "fc", "linear", "conv")] == [1, 1, 1, 2]
    assert registry.names() == ["conv", "dense"] and "new" not in registry and "other" not in registry


def test_an_alias_without_an_entry_is_free() -> None:
    registry = make()
    registry._entries.pop("dense")
    assert "fc" not in registry
    with pytest.raises(ConfigError, match="Unknown thing"):
        registry.get("fc")
    registry.register("fc", 8)
    assert registry.get("FC") == 8


def test_long_names_are_shown_shortly() -> None:
    registry = make()
    for name in ("x" * 100_000, ["y"] * 100_000):
        with pytest.raises(ConfigError) as caught:
            registry.get(name)  # type: ignore[arg-type]
        assert len(str(caught.value)) < 1_000
    registry.register("x" * 100_000, 1)
    with pytest.raises(ConfigError, match="is registered already") as caught:
        registry.register("x" * 100_000, 1)
    assert len(str(caught.value)) < 1_000


def test_no_message_is_beyond_all_measure() -> None:
    message = str(ConfigError("z" * 10_000_000 + " the way out"))
    assert len(message) < 9_000
    assert message.endswith("the way out")
    assert "characters left out" in message


def test_a_very_long_word_is_shortened_wherever_it_is_quoted() -> None:
    message = str(DataError(f"d.csv, line 2: a split must be 'train' or 'test'. Received: {'x' * 5000!r}. Write one."))
    assert len(message) < 500 and message.startswith("d.csv, line 2") and message.endswith("Write one.")
    assert "characters left out" in message


def test_many_short_words_are_kept() -> None:
    message = " ".join(["word"] * 1000)
    assert str(DataError(message)) == message

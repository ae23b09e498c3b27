"""What JAX has compiled is kept in the user's cache folder, unless the user has said otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from jax import monitoring
from jax.experimental.compilation_cache import compilation_cache
from tests.backend.torch.twins import COMPILE, small_data, small_model

from amber.backend.jax import cache

pytestmark = pytest.mark.parity
SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_compilation_cache_max_size",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_enable_compilation_cache",
)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Begins without a folder, and puts JAX's settings back."""
    before = {name: getattr(jax.config, name) for name in SETTINGS}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    jax.config.update("jax_compilation_cache_dir", None)
    cache.use_cache.cache_clear()
    yield
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def test_a_second_network_of_an_architecture_is_read_and_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_WORTH_KEEPING", 0.0)
    hits: list[str] = []

    def listen(event: str, **about: object) -> None:
        if event.endswith("cache_hits"):
            hits.append(event)

    x, y = small_data(12)
    losses = []
    monitoring.register_event_listener(listen)
    try:
        for seed in (1, 2):
            jax.clear_caches()
            model = small_model()
            model.set_weights([np.full(weight.shape, 0.01 * seed, "float32") for weight in model.weights])
            model.compile("adam", **COMPILE)
            hits.clear()
            losses.append(model.fit(x, y, batch_size=12, verbose=0).history["loss"][0])
    finally:
        monitoring.unregister_event_listener(listen)
    assert hits and losses[0] != losses[1]
    assert cache.cache_folder().is_dir() and any(cache.cache_folder().iterdir())


def test_without_a_folder_that_can_be_written_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cache.use_cache()
    assert jax.config.jax_compilation_cache_dir is None


@pytest.mark.parametrize(
    "setting, value", [("jax_compilation_cache_dir", "/own"), ("jax_enable_compilation_cache", False)]
)
def test_what_the_user_has_set_stays(setting: str, value: object) -> None:
    jax.config.update(setting, value)
    cache.use_cache()
    assert getattr(jax.config, setting) == value
    assert jax.config.jax_compilation_cache_dir in (None, "/own") and not cache.cache_folder().exists()


def test_another_processor_has_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    here = cache.cache_folder()
    monkeypatch.setattr(cache, "_processor", lambda: "another")
    assert cache.cache_folder() != here and cache.cache_folder().parent == here.parent

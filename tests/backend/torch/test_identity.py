"""To anyone who asks, the model is Keras' Functional; its file needs no AMBER, its history keeps no model."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.models.functional import Functional
from tests.backend.torch.twins import small_data, small_model, twins
from tests.new_process import run_code

from amber.backend.models import ChildModel

LOADER = """
import sys
sys.modules["amber"] = None
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1] + "/m.keras")
case = np.load(sys.argv[1] + "/case.npz")
np.testing.assert_allclose(model.predict(case["x"], verbose=0), case["p"], rtol=1e-5, atol=1e-6)
model.fit(case["x"], case["y"], verbose=0)
print(type(model).__name__, int(model.optimizer.iterations))
"""


@pytest.mark.parity
def test_a_saved_model_loads_and_trains_on_without_amber(tmp_path: Path) -> None:
    model = small_model()
    model.compile(optimizer="adam", loss="mse")
    x, y = small_data(32)
    model.fit(x, y, verbose=0)
    np.savez(tmp_path / "case.npz", x=x, y=y, p=model.predict(x, verbose=0))
    model.save(tmp_path / "m.keras")
    done = run_code(LOADER, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["Functional", "2"]


@pytest.mark.parity
def test_looks_like_functional() -> None:
    model = small_model()
    assert isinstance(model, Functional) and isinstance(model, keras.Model) and isinstance(model, ChildModel)
    assert model.__class__ is Functional
    assert "amber" not in model.to_json()
    assert repr(model).startswith("<Functional")


def test_copies_run_the_same_and_fast() -> None:
    model, _ = twins(small_model())
    x, y = small_data(8)
    model.fit(x, y, verbose=0)
    expected = model.predict(x, verbose=0)
    for duplicate in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert type(duplicate) is ChildModel
        np.testing.assert_allclose(duplicate.predict(x, verbose=0), expected, rtol=1e-6)
        duplicate.fit(x, y, verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    assert type(keras.models.clone_model(model)) is Functional


@pytest.mark.parity
def test_the_history_does_not_keep_the_model() -> None:
    model = small_model()
    model.compile(optimizer="adam", loss="mse")
    history = model.fit(*small_data(8), verbose=0)
    assert history.model is model and model.history is history
    seen = weakref.ref(model)
    del model
    gc.collect()
    assert seen() is None and history.model is None
    assert len(history.history["loss"]) == 1 and history.params["epochs"] == 1
    assert pickle.loads(pickle.dumps(history)).history == history.history

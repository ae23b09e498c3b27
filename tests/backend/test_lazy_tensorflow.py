"""TensorFlow beside torch: it is not imported to save, seed or copy a model, and known once something imports it.

A package of that name stands for it, which tells of its import.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import amber

STAND_IN = """
print("TensorFlow was imported")
class TensorShape:
    _dims = (2, 3)
    def as_list(self): return [2, 3]
class DType: ...
class TypeSpec: ...
"""
SCRIPT = """
import sys
import amber.modeler, keras
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 5)), "mse")
keras.utils.set_random_seed(1)
model.save(sys.argv[1])
keras.models.load_model(sys.argv[1])
keras.models.clone_model(model)
print("without it")
import tensorflow
print(keras.saving.serialize_keras_object(tensorflow.TensorShape()))
"""


@pytest.mark.slow
def test_saving_and_seeding_do_not_import_tensorflow(tmp_path: Path) -> None:
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text(STAND_IN)
    path = os.pathsep.join([str(tmp_path), str(Path(amber.__file__).parents[1])])
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "model.keras")],
        env={**os.environ, "KERAS_BACKEND": "torch", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.splitlines() == ["without it", "TensorFlow was imported", "[2, 3]"], run.stderr

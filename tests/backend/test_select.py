"""The choice of backend, in fresh interpreters that see only the packages each test makes.

``-S`` hides the installed packages; empty packages of the right names stand for installed backends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import amber
from amber.backend import select

SOURCE = Path(amber.__file__).parents[1]
SCRIPT = """
import logging, os, sys
logging.basicConfig(level=logging.INFO, format="%(message)s")
if "keras" in sys.argv: import keras
from amber.backend import select
from amber.errors import ConfigError
try:
    print(select(), os.environ.get("KERAS_BACKEND"))
except ConfigError as error:
    print("ConfigError", error)
"""


class World:
    """An interpreter with chosen packages, keras.json and environment."""

    def __init__(self, folder: Path) -> None:
        self.packages = folder / "packages"
        self.home = folder / "home"
        self.packages.mkdir()
        self.home.mkdir()

    def install(self, *names: str, code: str = "") -> None:
        for name in names:
            (self.packages / name).mkdir()
            (self.packages / name / "__init__.py").write_text(code)

    def configure(self, text: str, folder: Path | None = None) -> None:
        folder = folder or self.home / ".keras"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "keras.json").write_text(text)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("KERAS_", "PYTHON"))}
        paths = os.pathsep.join([str(SOURCE), str(self.packages)])
        return subprocess.run(
            [sys.executable, "-S", "-c", SCRIPT, *arguments],
            env={**inherited, "HOME": str(self.home), "PYTHONPATH": paths, **environment},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=True,
        )

    def choice(self, *arguments: str, **environment: str) -> str:
        return self.run(*arguments, **environment).stdout.strip()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        (("tensorflow", "jax", "torch"), "torch"),
        (("tensorflow", "jax"), "jax"),
        (("tensorflow",), "tensorflow"),
    ],
)
def test_first_installed_of_the_order_is_chosen(world: World, installed: tuple[str, ...], expected: str) -> None:
    world.install(*installed)
    assert world.choice() == f"{expected} {expected}"


def test_variable_decides_over_keras_json(world: World) -> None:
    world.install("torch", "jax", "tensorflow")
    world.configure(json.dumps({"backend": "tensorflow"}))
    assert world.choice(KERAS_BACKEND="jax") == "jax jax"


def test_empty_variable_counts_as_unset(world: World) -> None:
    world.install("jax")
    assert world.choice(KERAS_BACKEND="") == "jax jax"


@pytest.mark.parametrize("name", ["theano", "numpy", "Torch"])
def test_unknown_variable_is_an_error_that_names_the_choices(world: World, name: str) -> None:
    world.install("torch")
    message = world.choice(KERAS_BACKEND=name)
    assert message.startswith("ConfigError")
    assert "torch, jax, tensorflow" in message
    assert f"Received: KERAS_BACKEND='{name}'" in message


def test_variable_naming_a_missing_backend_is_an_error_that_says_how_to_install(world: World) -> None:
    world.install("torch")
    message = world.choice(KERAS_BACKEND="jax")
    assert message.startswith("ConfigError")
    assert "amber-nas[jax]" in message


def test_keras_json_decides_if_its_backend_is_installed(world: World) -> None:
    world.install("torch", "jax")
    world.configure(json.dumps({"backend": "jax"}))
    assert world.choice() == "jax jax"


@pytest.mark.parametrize("text", ['{"backend": "tensorflow"}', '{"backend": "numpy"}', "{", "[]", '{"backend": 3}'])
def test_keras_json_without_a_usable_backend_is_passed_over(world: World, text: str) -> None:
    world.install("torch")
    world.configure(text)
    assert world.choice() == "torch torch"


def test_keras_home_moves_keras_json(world: World, tmp_path: Path) -> None:
    world.install("torch", "jax", "tensorflow")
    world.configure(json.dumps({"backend": "jax"}))
    world.configure(json.dumps({"backend": "tensorflow"}), folder=tmp_path / "elsewhere")
    assert world.choice(KERAS_HOME=str(tmp_path / "elsewhere")) == "tensorflow tensorflow"


def test_no_backend_is_an_error(world: World) -> None:
    message = world.choice()
    assert message.startswith("ConfigError No Keras backend is installed")
    assert "amber-nas[torch]" in message


def test_empty_folder_of_that_name_is_not_an_installed_backend(world: World) -> None:
    (world.packages / "torch").mkdir()
    world.install("jax")
    assert world.choice() == "jax jax"


def test_imported_keras_is_never_altered(world: World) -> None:
    world.install("torch", "jax")
    world.install("keras", code="class config:\n    backend = staticmethod(lambda: 'jax')\n")
    assert world.choice("keras", KERAS_BACKEND="torch") == "jax torch"


def test_choice_is_logged_with_its_reason(world: World) -> None:
    world.install("torch")
    assert "Keras backend: torch (KERAS_BACKEND)." in world.run(KERAS_BACKEND="torch").stderr


@pytest.mark.parity
def test_real_keras_runs_on_the_selected_backend() -> None:
    selected = select()
    import keras

    assert keras.config.backend() == selected == os.environ["KERAS_BACKEND"]
    assert float(keras.ops.sum(keras.ops.ones((2, 3)))) == 6.0

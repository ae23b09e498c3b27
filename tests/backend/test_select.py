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
from amber.backend import choice, select
from amber.errors import ConfigError
try:
    print(select(), os.environ.get("KERAS_BACKEND"))
    if "why" in sys.argv: print(choice().reason, choice().guessed)
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
    assert "set it to an installed one (torch)" in message


def test_keras_json_decides_if_its_backend_is_installed(world: World) -> None:
    world.install("torch", "jax")
    world.configure(json.dumps({"backend": "jax"}))
    assert world.choice() == "jax jax"


@pytest.mark.parametrize(
    "text", ['{"backend": "tensorflow"}', '{"backend": "numpy"}', "{", '{"backend": 3}', "\x00\xff"]
)
def test_keras_json_without_a_usable_backend_is_passed_over(world: World, text: str) -> None:
    world.install("torch")
    world.configure(text)
    assert world.choice() == "torch torch"


KERAS_WROTE = {"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow", "image_data_format": "channels_last"}


def test_keras_json_that_keras_wrote_decides_nothing(world: World) -> None:
    world.install("torch", "jax", "tensorflow")
    world.configure(json.dumps(KERAS_WROTE, indent=4))
    assert world.choice() == "torch torch"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"backend": "tensorflow"}, "tensorflow"),
        ({**KERAS_WROTE, "backend": "jax"}, "jax"),
        ({**KERAS_WROTE, "floatx": "float64"}, "tensorflow"),
        ({"floatx": "float64"}, "torch"),
    ],
)
def test_keras_json_that_the_user_wrote_decides(world: World, content: dict[str, object], expected: str) -> None:
    world.install("torch", "jax", "tensorflow")
    world.configure(json.dumps(content))
    assert world.choice() == f"{expected} {expected}"


@pytest.mark.parametrize(
    ("environment", "content", "expected"),
    [
        ({"KERAS_BACKEND": "jax"}, None, "KERAS_BACKEND False"),
        ({}, {"backend": "jax"}, ".keras/keras.json False"),
        ({}, KERAS_WROTE, "the first installed of torch, jax, tensorflow True"),
        ({}, {"backend": "numpy"}, "keras.json names 'numpy', which is not one of those installed True"),
    ],
)
def test_choice_says_why_and_whether_it_was_guessed(
    world: World, environment: dict[str, str], content: dict[str, object] | None, expected: str
) -> None:
    world.install("torch", "jax", "tensorflow")
    if content is not None:
        world.configure(json.dumps(content))
    assert world.choice("why", **environment).splitlines()[1].endswith(expected)


def test_keras_json_that_is_a_pipe_is_an_error_at_once(world: World) -> None:
    world.install("torch")
    (world.home / ".keras").mkdir()
    os.mkfifo(world.home / ".keras" / "keras.json")
    message = world.choice(KERAS_BACKEND="torch")
    assert message.startswith("ConfigError")
    assert "KERAS_HOME" in message
    assert message.endswith("Received: a pipe")


@pytest.mark.parametrize(
    "text", ["[" * 30000, "[]", " " * 70000 + "{}", '{"floatx": "int8"}', '{"epsilon": 1}', '{"image_data_format": 3}']
)
def test_keras_json_that_keras_cannot_be_imported_with_is_an_error(world: World, text: str) -> None:
    world.install("torch")
    world.configure(text)
    message = world.choice()
    assert message.startswith("ConfigError")
    assert "keras.json" in message
    assert "KERAS_HOME" in message


def test_home_that_cannot_be_written_or_is_not_there(world: World) -> None:
    world.install("torch", "jax")
    assert world.choice(HOME=str(world.home / "none")) == "torch torch"


@pytest.mark.slow
def test_ten_real_processes_in_an_empty_home_choose_the_same(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KERAS_")}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(SOURCE)}
    script = "from amber.backend import choice; print(choice())"
    keras_too = "from amber.backend import choice; choice(); import keras; print(keras.config.backend(), choice())"
    said = [
        subprocess.run([sys.executable, "-c", each], env=environment, capture_output=True, text=True, check=True).stdout
        for each in (keras_too, *[script] * 8, keras_too)
    ]
    assert (tmp_path / ".keras" / "keras.json").is_file()
    expected = "torch (the first installed of torch, jax, tensorflow)\n"
    assert said == [f"torch {expected}", *[expected] * 8, f"torch {expected}"]


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

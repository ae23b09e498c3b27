"""The rules of the house that can be read off the source: who imports whom, file length, no print, no assert.

`ARCHITECTURE.md` states the rules; `ALLOWED` is the same table for the machine. Every rule is also shown a
source that breaks it, so that a checker that finds nothing because it looks at nothing is noticed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import amber

ROOT = Path(amber.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MAXIMUM_LINES = 400

CONTROLLERS = "amber.architect.controllers"
NETWORKS = {"amber.architect", "amber.operations", "amber.graph"}
MODELS = {*NETWORKS, "amber.modeler", "amber.supernet"}
EXPERIMENT = {
    CONTROLLERS,
    *MODELS,
    "amber.drawing",
    "amber.training",
    "amber.search",
    "amber.data",
    "amber.evaluation",
    "amber.explain",
    "amber.presets",
    "amber.report",
}
ANYONE = {
    "amber",
    "amber.errors",
    "amber.registry",
    "amber.checks",
    "amber.deprecation",
    "amber.files",
    "amber.known_names",
    "amber.measures",
    "amber.weighted_measures",
    "amber.metric_names",
    "amber.display",
    "amber.redaction",
    "amber.types",
    "amber.wording",
    "amber.backend",
    "amber.plugins",
}
ALLOWED = {
    "amber": set(),
    "amber.errors": set(),
    "amber.registry": set(),
    "amber.checks": set(),
    "amber.deprecation": set(),
    "amber.files": set(),
    "amber.known_names": set(),
    "amber.measures": set(),
    "amber.weighted_measures": set(),
    "amber.metric_names": set(),
    "amber.display": set(),
    "amber.plugins": set(),
    "amber.redaction": set(),
    "amber.types": set(),
    "amber.wording": set(),
    "amber.backend": set(),
    "amber.architect": {"amber.architect"},
    CONTROLLERS: {"amber.architect"},
    "amber.operations": {"amber.architect"},
    "amber.graph": {"amber.architect", "amber.operations"},
    "amber.drawing": {"amber.architect", "amber.operations", "amber.graph"},
    "amber.modeler": NETWORKS,
    "amber.training": {*NETWORKS, "amber.modeler"},
    "amber.supernet": {*NETWORKS, "amber.modeler", "amber.training"},
    "amber.search": {CONTROLLERS, *MODELS, "amber.training"},
    "amber.data": {"amber.data"},
    "amber.evaluation": {"amber.data", "amber.evaluation"},
    "amber.explain": {*NETWORKS, "amber.data", "amber.explain"},
    "amber.presets": set(),
    "amber.report": {*MODELS, "amber.drawing", "amber.search"},
    "amber.experiment": EXPERIMENT,
    "amber.starting": {*EXPERIMENT, "amber.experiment"},
    "amber.sklearn": {*EXPERIMENT, "amber.experiment", "amber.starting"},
    "amber.cli": {*EXPERIMENT, "amber.experiment", "amber.starting"},
    "amber.__main__": {"amber.cli"},
}
# What users of the first AMBER import from where it was: thin faces of amber.compat, and allowed what it is.
COMPAT = "amber.compat"
FACES = {
    "amber.architect.manager",
    "amber.architect.reward",
    "amber.architect.store",
    "amber.architect.trainEnv",
    "amber.bootstrap",
    "amber.getter",
    "amber.modeler.child",
    "amber.modeler.dag",
    "amber.modeler.enasModeler",
    "amber.modeler.kerasModeler",
    "amber.objective",
    "amber.plots",
    "amber.utils",
    "amber.utils.io",
}
ALLOWED[COMPAT] = {*EXPERIMENT, "amber.experiment"}
# The package itself offers the first AMBER's supernets beside what is in it, and may be imported as what is in it.
FACE_OF_MODELER = "amber.modeler"
BACKEND_LIBRARIES = {"torch", "jax", "jaxlib", "tensorflow"}
# Parts of amber.backend that are made of Keras; importing the package itself does not load them.
LOADED_ON_DEMAND = (
    "amber.backend.base_model",
    "amber.backend.batch_order",
    "amber.backend.distribution",
    "amber.backend.common_model",
    "amber.backend.given_batches",
    "amber.backend.gradients",
    "amber.backend.history",
    "amber.backend.jax",
    "amber.backend.keras_internals",
    "amber.backend.models",
    "amber.backend.numpy_dense",
    "amber.backend.selected_conv",
    "amber.backend.stock_models",
    "amber.backend.stock_parts",
    "amber.backend.tensorflow",
    "amber.backend.torch",
)
WITHOUT_KERAS = {
    "amber",
    "amber.errors",
    "amber.registry",
    "amber.checks",
    "amber.deprecation",
    "amber.files",
    "amber.known_names",
    "amber.measures",
    "amber.weighted_measures",
    "amber.metric_names",
    "amber.plugins",
    "amber.redaction",
    "amber.types",
    "amber.wording",
    "amber.backend",
    "amber.architect",
    "amber.data",
    "amber.experiment",
    "amber.evaluation",
    "amber.presets",
}


@dataclass(frozen=True)
class Import:
    """One imported module; ``at_load`` says that importing the file runs it."""

    name: str
    line: int
    at_load: bool


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path) for path in FILES}


def home_of(module: str) -> str:
    """The entry of `ALLOWED` a module belongs to: its package, with the controllers as one of their own."""
    if module in FACES:
        return COMPAT
    if module == CONTROLLERS or module.startswith(CONTROLLERS + "."):
        return CONTROLLERS
    return ".".join(module.split(".")[:2])


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def imports_of(source: str, module: str, is_package: bool = False) -> Iterator[Import]:
    """Every import of a source, those inside functions too, as absolute module names."""

    def visit(node: ast.AST, at_load: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, at_load)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".") if is_package else module.split(".")[:-1]
                anchor = package[: len(package) - node.level + 1]
                base = ".".join([*anchor, base] if base else anchor)
            for alias in node.names:
                # ``from amber import data`` imports a module; ``from amber import __version__`` does not.
                inner = f"{base}.{alias.name}"
                is_module = inner in MODULES or inner in ALLOWED
                yield Import(inner if is_module else base, node.lineno, at_load)
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        at_load = at_load and not inside and not is_type_checking(node)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, at_load)

    yield from visit(ast.parse(source), True)


def import_violations(source: str, module: str, is_package: bool = False) -> list[str]:
    """What a source imports that its home may not, as ``line N: reason``."""
    home = COMPAT if module == FACE_OF_MODELER else home_of(module)
    if home not in ALLOWED:
        return [f"{module} has no home: give {home} one in ARCHITECTURE.md and in ALLOWED"]
    found = []
    for item in imports_of(source, module, is_package):
        top = item.name.split(".")[0]
        target = home_of(item.name)
        if top == "amber":
            allowed = ALLOWED[home] | (ANYONE if home != "amber" else set())
            lazily_offered = home == "amber.architect" and target == CONTROLLERS and not item.at_load
            if target not in allowed and target != home and not lazily_offered:
                found.append(f"line {item.line}: {home} must not import {item.name}")
        elif top in BACKEND_LIBRARIES and home != "amber.backend":
            found.append(f"line {item.line}: only amber.backend may import {top}")
        elif top == "keras" and home in WITHOUT_KERAS and item.at_load and not module.startswith(LOADED_ON_DEMAND):
            found.append(f"line {item.line}: importing {home} must not import Keras")
    return found


def forbidden_statements(source: str) -> list[str]:
    """Every print and assert of a source."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            found.append(f"line {node.lineno}: assert (raise an error of amber.errors)")
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id == "print":
            found.append(f"line {node.lineno}: print (use logging, or a rich console)")
    return found


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=label)
def test_file_keeps_the_rules(path: Path) -> None:
    """Imports follow the arrows, nothing prints or asserts, and the file is short enough to hold one idea."""
    source = path.read_text("utf-8")
    found = import_violations(source, module_name(path), path.name == "__init__.py") + forbidden_statements(source)
    if len(source.splitlines()) > MAXIMUM_LINES:
        found.append(f"{len(source.splitlines())} lines; {MAXIMUM_LINES} are enough for one idea")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("amber.architect.operation", "import amber.modeler"),
        ("amber.architect.operation", "from amber import search"),
        ("amber.architect.operation", "from ..graph.graph import ComputationGraph"),
        ("amber.operations.registry", "from amber.graph.graph import ComputationGraph"),
        ("amber.graph.cost", "from amber.drawing import style"),
        ("amber.graph.graph", "def build(self):\n    from amber.modeler.builders import base"),
        ("amber.modeler.builders.base", "from amber.supernet.base import Supernet"),
        ("amber.modeler.builders.base", "from amber.modeler.dag import DAG"),
        ("amber.architect.operation", "def later():\n    from amber.modeler import graph"),
        ("amber.architect.operation", "import keras"),
        ("amber.architect.operation", "from amber.architect.controllers import Controller"),
        ("amber.architect.controllers.policy", "from amber.modeler import graph"),
        ("amber.graph.graph", "from amber.search import study"),
        ("amber.graph.graph", "from amber.data import load_dataset"),
        ("amber.graph.graph", "import torch.nn"),
        ("amber.training.train", "from amber.search.trial import Trial"),
        ("amber.training.train", "from amber.supernet.child import SupernetModel"),
        ("amber.graph.graph", "from amber.training.settings import FitSettings"),
        ("amber.graph.graph", "def later():\n    import tensorflow as tf"),
        ("amber.search.study", "import amber.cli.main"),
        ("amber.search.study", "from amber.experiment import Experiment"),
        ("amber.report.page", "import amber.experiment"),
        ("amber.experiment.resolving", "from amber.cli import main"),
        ("amber.search.study", "from amber.data import load_dataset"),
        ("amber.data.sequence", "from amber.architect import Operation"),
        ("amber.data.sequence", "try:\n    import keras\nexcept ImportError:\n    keras = None"),
        ("amber.backend.extra", "from amber.architect import Operation"),
        ("amber.errors", "from amber.architect import Operation"),
        ("amber.utilities", "import os"),
        ("amber.search.study", "from amber.compat.managers import GeneralManager"),
        ("amber.search.study", "import amber.plots"),
        ("amber.cli.main", "from amber.architect.manager import GeneralManager"),
        ("amber.compat.managers", "from amber.cli import main"),
    ],
)
def test_checker_finds_an_import_against_the_arrows(module: str, source: str) -> None:
    assert len(import_violations(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("amber.architect.controllers.policy", "import keras\nfrom amber.architect import TokenLayout"),
        ("amber.architect", "def __getattr__(name):\n    from amber.architect import controllers"),
        ("amber.graph.graph", "import keras\nfrom amber.architect import Operation"),
        ("amber.search.study", "from amber import __version__\nfrom amber.modeler import graph"),
        ("amber.data.sequence", "from amber.errors import DataError"),
        (
            "amber.cli.main",
            "def main():\n    from amber.data import load_dataset\n    from amber.search import study",
        ),
        ("amber.cli.main", "from amber.experiment import resolve, run"),
        ("amber.experiment.resolving", "from amber.report import render_report\nfrom amber.search import run_search"),
        ("amber.backend.extra", "import torch\nfrom amber.errors import ConfigError"),
        ("amber.architect.manager", "from amber.compat.managers import GeneralManager"),
        ("amber.compat.managers", "import keras\nfrom amber.search import run_search"),
        ("amber.modeler", "from amber.compat.supernets.builders import EnasAnnModelBuilder"),
    ],
)
def test_checker_accepts_an_import_along_the_arrows(module: str, source: str) -> None:
    assert import_violations(source, module, is_package=module == "amber.architect") == []


def test_checker_finds_print_and_assert() -> None:
    assert len(forbidden_statements("assert 1\nprint(2)\nconsole.print(3)")) == 2


COMMAND_HELP = """
import amber.cli.main, sys
sys.argv = ["amber", "--help"]
try:
    amber.cli.main.main()
except SystemExit as stop:
    if stop.code: raise
"""


@pytest.mark.parametrize(
    "code",
    ["import amber", "import amber.architect", "import amber.backend", "import amber.data", COMMAND_HELP],
    ids=["amber", "amber.architect", "amber.backend", "amber.data", "amber --help"],
)
def test_starts_without_loading_keras_or_a_backend(code: str) -> None:
    heavy = sorted({"keras", *BACKEND_LIBRARIES})
    probe = f"{code}\nimport sys\nsys.stderr.write('loaded ' + repr([m for m in {heavy} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("loaded []"), done.stderr

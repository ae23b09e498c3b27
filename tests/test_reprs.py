"""No public object shows an address, and what notebooks show is HTML without one."""

from __future__ import annotations

import gc
import importlib
import inspect
import re
import runpy
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.data import load_dataset
from amber.display import PlainRepr, html_table, one_line
from amber.evaluation.evaluate import evaluate_classes
from amber.modeler import KerasResidualCnnBuilder
from amber.search import MemoryStore, Objective, RunDirectory, SearchResult, Study, Trial

ROOT = Path(__file__).parents[1]
MODULES = runpy.run_path(str(ROOT / "docs" / "build.py"))["MODULES"]
SPACE = ModelSpace.from_dict([[{"Layer_type": "conv1d", "filters": 4, "kernel_size": k} for k in (4, 8)]] * 2)
TRIALS = (
    Trial(0, (1, 0, 0), "f", "complete", score=0.5, parameters=1234, seconds=2.0, architecture="conv4(k8)-<b>"),
    Trial(1, (9, 0, 0), "", "invalid", error="no network"),
)


def public_classes() -> dict[str, type]:
    found = {}
    for module in map(importlib.import_module, MODULES):
        for name in getattr(module, "__all__", ()):
            member = getattr(module, name)
            if inspect.isclass(member):
                found[f"{member.__module__}.{member.__qualname__}"] = member
    return found


def test_no_public_class_is_shown_by_address() -> None:
    classes = public_classes()
    assert len(classes) > 100
    bare = {
        name
        for name, cls in classes.items()
        # Nobody has an object of a protocol or an abstract class.
        if cls.__repr__ is object.__repr__ and not getattr(cls, "_is_protocol", False) and not inspect.isabstract(cls)
    }
    assert not bare


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    dataset = load_dataset("splice")
    builder = KerasResidualCnnBuilder(
        Operation("input", shape=dataset.input_shape),
        Operation("dense", units=3, activation="softmax"),
        fc_units=8,
        flatten_mode="GAP",
        model_space=SPACE,
        model_compile_dict={"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    )
    objective = Objective(builder, (dataset.train.x, dataset.train.y), (dataset.validation.x, dataset.validation.y))
    labels = np.array([0, 1] * 20)
    return {
        "space": SPACE,
        "dataset": dataset,
        "builder": builder,
        "graph": builder.plan([0, 1, 1]),
        "objective": objective,
        "study": Study(objective, seed=0),
        "store": MemoryStore(),
        "directory": RunDirectory(tmp_path_factory.mktemp("run") / "new"),
        "trial": TRIALS[0],
        "result": SearchResult(TRIALS, "val_loss", "minimize", 0),
        "evaluation": evaluate_classes(labels, np.eye(2)[labels], ["no", "yes"]),
    }


def made(folder: Path) -> list[Any]:
    """Return objects of as many public classes as a few lines make."""
    from amber import compat, presets, sklearn, starting
    from amber.architect.controllers import GeneralController
    from amber.experiment import ExperimentResult
    from amber.search import Budget, SearchProgress, make_sampler
    from amber.search.fitted_table import FoldedWords
    from amber.search.one_shot import OneShotProgress, OneShotSettings
    from amber.search.pace import Pace

    facts = presets.DataFacts({"input": (400, 4)}, examples=10_000)
    layout = TokenLayout(SPACE)
    return [
        sklearn.AmberClassifier(),
        sklearn.AmberRegressor(budget=3),
        facts,
        presets.preset_space("motif_cnn", facts),
        presets.PRESETS,
        starting.Found(folder, ExperimentResult(folder)),
        compat.LossReward(),
        compat.LossAucReward(),
        layout,
        layout.decode([0, 1, 0]),
        GeneralController(SPACE),
        Budget(parameters=5),
        SearchProgress(),
        make_sampler("nsga2", layout, 0),
        make_sampler("surrogate", layout, 0),
        FoldedWords("conv8-dense4"),
        OneShotProgress(),
        OneShotSettings(),
        Pace(),
    ]


def test_no_live_object_shows_an_address(shown: dict[str, Any], tmp_path: Path) -> None:
    """Look at the objects that were made, and at all of public classes that this process holds."""
    kept = [*made(tmp_path), *shown.values()]
    public = set(public_classes().values())
    for thing in [*kept, *(each for each in gc.get_objects() if type(each) in public)]:
        assert not re.search(r" object at 0x[0-9a-f]+>", repr(thing)), type(thing)


# Results that no `__all__` names: whoever calls a function gets them.
RESULTS = (
    "data.examples.ArrayExamples data.genomics.alleles.AlleleWindows data.genomics.fasta.Fasta data.motifs.motif.Motif "
    "data.genomics.intervals.Intervals data.genomics.variants.Variants data.genomics.windows.Windows "
    "data.new_part.NewPart data.tables.examples.TableExamples experiment.comparing.Comparison "
    "experiment.designing.Designs experiment.evaluating.ModelScores experiment.explaining.Explanation "
    "experiment.final.scores.FinalScores experiment.final.training.FinalModel experiment.new_files.NewInputs "
    "experiment.trained.allele_predictions.AllelePredictions experiment.trained.bundle_contents.Bundle "
    "experiment.trained.fine_tuning.FineTuned experiment.trained.genomic_files.GenomicPredictions "
    "experiment.trained.preprocessing.Preprocessing experiment.variant_scoring.ScoredVariants explain.design.Designed "
    "explain.motifs.highlights.Highlight explain.motifs.naming.Match explain.motifs.page.Section "
    "explain.variants.VariantEffects starting.card.DataCard"
).split()
# They show what they hold in words of their own, of objects that are whole, as other tests do.
OF_WHOLE_OBJECTS = {
    "Dataset", "Evaluation", "Found", "Motif", "ScoredVariants", "SearchResult", "Table", "TrainedModel",
}  # fmt: skip
LONGEST = 320


def large(annotation: object) -> Any:
    """Return a value of a field that would fill a screen, or shows its address."""
    text = str(annotation)
    if "Array" in text or "Inputs" in text:
        return np.zeros((100, 100))
    if text.startswith(("Mapping", "dict")):
        return {f"name {number}": 0.5 for number in range(500)}
    if text.startswith(("tuple", "list", "Sequence", "frozenset")):
        return tuple(f"name {number}" for number in range(500))
    if text.split(" ")[0] in ("int", "float", "bool", "Shape"):
        return 3
    return "a name" if "str" in text or text in ("Kind", "Centre", "Strand") else object()


def shown_dataclasses() -> dict[str, type]:
    found = public_classes()
    for name in RESULTS:
        module, _, cls = f"amber.{name}".rpartition(".")
        found[f"{module}.{cls}"] = getattr(importlib.import_module(module), cls)
    return {name: each for name, each in found.items() if is_dataclass(each) and not inspect.isabstract(each)}


def test_whatever_a_dataclass_holds_it_is_shown_in_one_short_line() -> None:
    classes = shown_dataclasses()
    assert len(classes) > 90
    long = {}
    for name, cls in classes.items():
        if cls.__name__ in OF_WHOLE_OBJECTS:
            continue
        thing = object.__new__(cls)
        for each in fields(cls):
            object.__setattr__(thing, each.name, large(each.type))
        text = repr(thing)
        if len(text) > LONGEST or "\n" in text or " at 0x" in text or not text.startswith(cls.__name__):
            long[name] = text[:100]
    assert not long


def test_one_line_leaves_defaults_out_and_tells_arrays_by_their_shape() -> None:
    @dataclass
    class Result:
        values: Any
        names: tuple[str, ...] = ()
        seed: int = 0
        hidden: str = field(default="", repr=False)
        __repr__ = one_line

    start = f"{Result.__name__}("
    assert repr(Result(np.zeros((3, 4), np.float32))) == f"{start}values=float32(3, 4))"
    assert repr(Result(len, ("a",), 3, "x")) == f"{start}values=len, names=('a',), seed=3)"
    many = repr(Result({str(number): number for number in range(50)}))
    assert many.startswith(f"{start}values={{'0': 0, ") and len(many) < 80
    assert repr(Result("postgresql://me:secret@host/db")) == f"{start}values='postgresql://me:***@host/db')"
    assert " at 0x" not in repr(Result(object())) and " at 0x" not in repr(Result([object()] * 3))


def test_objects_are_shown_in_one_line_without_an_address(shown: dict[str, Any]) -> None:
    for name, thing in shown.items():
        assert " at 0x" not in repr(thing), name
    assert repr(shown["dataset"]).startswith("Dataset('splice': 2,230 train, 320 validation, 640 test; input (60, 4)")
    assert shown["dataset"].test_opened == 0
    assert repr(shown["result"]) == "SearchResult(2 proposals, finished; best: val_loss 0.5000, conv4(k8)-<b>)"


@pytest.mark.parametrize("name", ["space", "dataset", "graph", "study", "trial", "result", "evaluation"])
def test_notebooks_show_html(name: str, shown: dict[str, Any]) -> None:
    html = shown[name]._repr_html_()
    assert html.lstrip().startswith("<") and "0x" not in html
    assert "<b>)" not in html and "conv4(k8)-<b>" not in html  # escaped


def test_what_the_tables_say(shown: dict[str, Any]) -> None:
    assert (
        "<td>1,234</td>" in shown["result"]._repr_html_() and "1 complete, 1 invalid" in shown["result"]._repr_html_()
    )
    assert "not run yet" in shown["study"]._repr_html_()
    assert "<svg" in shown["graph"]._repr_html_()
    assert "<td>output</td><td>classes EI, IE, N</td>" in shown["dataset"]._repr_html_()
    assert "<td>0</td><td>conv1d (filters 4, kernel_size 4); conv1d (filters 4, kernel_size 8)</td>" in (
        shown["space"]._repr_html_()
    )
    for name in ("AUROC", "balanced accuracy"):  # in the table and in the plot
        assert shown["evaluation"]._repr_html_().count(name) == 2
    assert "95% interval" in shown["evaluation"]._repr_html_()
    assert html_table("a<b", ("x",), [(1.5,)]).count("<td>1.5000</td>") == 1


def test_results_as_pandas(shown: dict[str, Any]) -> None:
    pandas = pytest.importorskip("pandas")
    table = shown["result"].to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert table["status"].tolist() == ["complete", "invalid"] and table["score"][0] == 0.5


def test_passwords_are_not_shown() -> None:
    class Connection(PlainRepr):
        def __init__(self) -> None:
            self.url, self.retries, self._hidden = "postgresql://me:secret@host/db", 3, "no"

    assert repr(Connection()) == "Connection(retries=3, url='postgresql://me:***@host/db')"

"""The model card of a bundle, in Markdown: the task, the scores, and the limits of the network."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amber.data.motifs.names import NO_NAME, is_name, title_of
from amber.data.targets.target import Binary, Labels, Numbers
from amber.experiment.final.tables import leading, measure_text, own_scores
from amber.experiment.trained.preprocessing import Preprocessing
from amber.metric_names import measure_name
from amber.types import JsonObject

_MOST_NAMES = 12
_MOST_MOTIFS = 15
_UNKNOWN = {"mean": "an unknown letter is the mean of all", "zeros": "an unknown letter is zeros"}


@dataclass(frozen=True)
class CardContents:
    """The contents of a card.

    Attributes:
        name: of the run.
        record: its `best.json`.
        test: its `test.json`; empty where the run has none.
        preprocessing: inputs and outputs.
        parts: part -> number of examples; empty where the data are not available.
        split: how the examples were divided, in words.
        motifs: `motifs.csv` of `amber explain`; empty where it was not run.
        files: name of each file of the bundle -> what it is.
        fine_tuned: from what and how the network was fine-tuned, in words; empty for that of a search.
    """

    name: str
    record: JsonObject
    test: JsonObject
    preprocessing: Preprocessing
    parts: Mapping[str, int] = field(default_factory=dict)
    split: str = ""
    motifs: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    fine_tuned: str = ""


def card_text(contents: CardContents) -> str:
    """Return a model card: Markdown with the front matter that model hubs read."""
    sections = [
        _head(contents),
        _use(contents),
        _task(contents.preprocessing),
        _data(contents),
        _scores(contents.test),
        _network(contents.record, contents.test),
        _motifs(contents.motifs),
        _limits(contents),
        _rights(),
        [
            "## Files",
            "| file | what |",
            "|---|---|",
            *(f"| `{name}` | {what} |" for name, what in contents.files.items()),
        ],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _head(contents: CardContents) -> list[str]:
    outputs = contents.preprocessing.task.outputs
    what = "; ".join(_outcome(each) for each in outputs.values())
    return [
        "---",
        "library_name: keras",
        "tags: [genomics, neural-architecture-search, amber]",
        "---",
        f"# {_plain(contents.name)}",
        f"A neural network that AMBER {_made(contents.fine_tuned)}. It predicts {what}.",
    ]


def _made(fine_tuned: str) -> str:
    return f"fine-tuned {_plain(fine_tuned)}" if fine_tuned else "found by architecture search and trained"


def _use(contents: CardContents) -> list[str]:
    readings = contents.preprocessing.sequences
    example = '["ACGT..."]' if readings and len(contents.preprocessing.task.inputs) == 1 else "{input: values}"
    lengths = ", ".join(f"{each.length} letters of {each.alphabet}" for each in readings.values())
    lines = [
        "## Use",
        "```python",
        "import amber",
        "",
        'model = amber.load("this folder")',
        f"model.predict({example})",
        "```",
    ]
    lines += [f"It reads sequences of {lengths}."] if lengths else []
    return [
        *lines,
        "",
        'Without AMBER: `keras.saving.load_model("model.keras")`, or `model.onnx` where there is one. '
        "`preprocessing.json` says how data become arrays: letters are one-hot in the order given, float32; numbers "
        "are (value - mean) / scale; outputs are in the order given, and predicted numbers are value * scale + mean.",
    ]


def _task(preprocessing: Preprocessing) -> list[str]:
    rows = [f"| input | `{_plain(name)}` | {_input(preprocessing, name)} |" for name in preprocessing.task.inputs]
    rows += [
        f"| output | `{_plain(name)}` | {_outcome(each)}{_unit_of_pair(each)} |"
        for name, each in preprocessing.task.outputs.items()
    ]
    return ["## Task", "| | name | what |", "|---|---|---|", *rows]


def _input(preprocessing: Preprocessing, name: str) -> str:
    shape = preprocessing.task.inputs[name]
    reading = preprocessing.sequences.get(name)
    if reading is None:
        return f"numbers of shape {shape}"
    fitted = f", others cut or padded ({reading.align})" if reading.align else ""
    return f"sequences of {reading.length} letters ({reading.alphabet}){fitted}; {_UNKNOWN[reading.unknown]}"


def _outcome(outcome: Any) -> str:
    if outcome is None:
        return "a number"
    if isinstance(outcome, Numbers):
        return _numbers(outcome)
    names = list(outcome.names if isinstance(outcome, Labels) else outcome)
    more = f", ... ({len(names)})" if len(names) > _MOST_NAMES else ""
    kind = "independent labels" if isinstance(outcome, Labels) else "one of the classes"
    return f"{kind}: {', '.join(map(_plain, names[:_MOST_NAMES]))}{more}"


def _unit_of_pair(outcome: Any) -> str:
    """Return what the one number of two classes is; nothing for other outputs, which have a number for each name."""
    if not isinstance(outcome, Binary):
        return ""
    return f"; the network gives one number, the probability of {_plain(outcome.positive)}"


def _numbers(numbers: Numbers) -> str:
    names = ", ".join(map(_plain, numbers.channels[:_MOST_NAMES]))
    more = f", ... ({len(numbers.channels)})" if len(numbers.channels) > _MOST_NAMES else ""
    if numbers.bins == 1:
        return f"numbers: {names}{more}"
    return (
        f"a profile of {numbers.bins} bins of {numbers.bin_width} bases: {names}{more}; the numbers of a bin stand "
        "together, in the order of the sequence"
    )


def _data(contents: CardContents) -> list[str]:
    parts = ", ".join(f"{count:,} {part}" for part, count in contents.parts.items())
    lines = (
        [f"- examples: {parts}"] if parts else ["- examples: the data were not available when this card was written"]
    )
    lines += [f"- split: {_plain(contents.split)}"] if contents.split else []
    return ["## Data", f"- data set: {_plain(str(contents.test.get('data') or contents.name))}", *lines]


def _scores(test: JsonObject) -> list[str]:
    lines = ["## Evaluation"]
    evaluations = test.get("evaluation") or {}
    if not evaluations:
        return [*lines, "The network was not tested."]
    lines += [
        "On the test split, which was used neither for training nor for selection. In brackets: 95 % intervals.",
        "",
    ]
    for output, evaluation in evaluations.items():
        first = dict(list(evaluation.get("baselines", {}).items())[:1])
        differences = evaluation.get("differences", {})
        lines += [f"Output `{_plain(output)}`, {evaluation.get('examples', 0):,} examples:", ""] if output else []
        heading = ["measure", "this network", *first, *(f"difference from {each}" for each in first)]
        lines += [f"| {' | '.join(heading)} |", "|" + "---|" * len(heading)]
        for key, value in evaluation.get("scores", {}).items():
            cells = [measure_name(key), _interval(key, value)]
            cells += [_interval(key, scores.get(key)) for scores in first.values()]
            cells += [_interval(key, differences[each].get(key)) for each in first if each in differences]
            lines.append(f"| {' | '.join(cells)} |")
        lines += ["", *_own(evaluation), *_further(evaluation)]
    return lines[:-1]


def _own(evaluation: JsonObject) -> list[str]:
    """Return a table of the leading measures of each class, label or number; nothing where there is only one number."""
    found = own_scores(evaluation)
    if found is None:
        return []
    rows = [f"| {_plain(name)} | {' | '.join(texts)} |" for name, texts in found.rows.items()]
    heading = ["class, label or number", *map(measure_name, found.keys)]
    note = [f"{found.note.replace('test.json', '`scores.json`')}.", ""] if found.note else []
    return [f"| {' | '.join(heading)} |", "|" + "---|" * len(heading), *rows, "", *note]


def _further(evaluation: JsonObject) -> list[str]:
    """Return a table of the two leading measures of each simple model but the first; nothing where there are none."""
    rows = [
        f"| {_plain(name)} | {measure_name(key)} | {_interval(key, scores[key])} "
        f"| {_interval(key, evaluation['differences'][name].get(key))} |"
        for name, scores in list(evaluation.get("baselines", {}).items())[1:]
        for key in leading(scores)
    ]
    return (
        ["| simple model | measure | its score | this network minus it |", "|---|---|---|---|", *rows, ""]
        if rows
        else []
    )


def _interval(key: str, value: Any) -> str:
    if not isinstance(value, dict):
        return "-"
    low, high = measure_text(key, value.get("low")), measure_text(key, value.get("high"))
    return f"{measure_text(key, value.get('value'))} ({low} to {high})"


def _network(record: JsonObject, test: JsonObject) -> list[str]:
    count, weights = len(test.get("networks") or ()), test.get("linear_weights") or {}
    linear = ", ".join(f"{weight:.0%} in {_plain(name)}" for name, weight in weights.items() if weight)
    known = record.get("versions", {})
    versions = ", ".join(f"{name} {known[name]}" for name in ("amber", "keras", "backend", "python") if name in known)
    return [
        "## The network",
        f"- architecture: `{_plain(record['description'])}`",
        f"- {record['parameters']:,} parameters{_flops(record)}, each network",
        *([f"- the model is the mean of {count} networks of this architecture"] if count > 1 else []),
        *([f"- combined with a linear model of the inputs: {linear}"] if linear else []),
        f"- made with {versions}",
    ]


def _flops(record: JsonObject) -> str:
    return f" and {record['flops']:,} FLOPs for one example" if "flops" in record else ""


def _motifs(table: str) -> list[str]:
    lines = ["## Motifs"]
    rows = list(csv.DictReader(io.StringIO(table)))[:_MOST_MOTIFS]
    if not rows:
        return [*lines, "None: `amber explain`, which finds and names motifs, was not run or found none."]
    return [
        *lines,
        "| motif | consensus | places | resembles | q |",
        "|---|---|---|---|---|",
        *(
            f"| {_plain(row['motif'])} | `{_plain(row['consensus'])}` | {row['places']} | {_resembles(row)} |"
            for row in rows
        ),
    ]


def _resembles(row: Mapping[str, str]) -> str:
    """Return the name of a motif and its q value; tables of earlier versions also hold matches that are not names."""
    q_value = float(row["q"]) if row["q"] else math.inf
    if not is_name(q_value):
        return f"{NO_NAME} | -"
    return f"{_plain(title_of(row['resembles'], row['factor']))} | {q_value:.2g}"


def _limits(contents: CardContents) -> list[str]:
    looks, warnings = contents.record.get("looks"), contents.test.get("warnings") or ()
    times = "once" if looks == 1 else f"{looks} times"
    return [
        "## Limits",
        "- It knows only what its training data show: test it before use on other organisms, cell types or assays.",
        "- Probabilities are meant for classes as frequent as in the training data.",
        *([f"- The test split was used {times}; with every use its scores become more optimistic."] if looks else []),
        *(f"- {_plain(each['text'])}" for each in warnings),
        "- Not a medical device.",
    ]


def _rights() -> list[str]:
    return [
        "## Licence and citation",
        "Licence: not stated. State one before you share this model; the data have their own licence.",
        "",
        "AMBER: Zhang, Park, Theesfeld and Troyanskaya, An automated framework for efficiently designing deep "
        "convolutional neural networks in genomics. Nature Machine Intelligence 3 (2021), 392-400.",
    ]


def _plain(text: str) -> str:
    """Return text escaped so that it breaks no table and runs nothing in a page made from it."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def files_of(names: Sequence[str], configured: str) -> dict[str, str]:
    """Return a description of each file of a bundle.

    Args:
        names: of the files.
        configured: what the configuration is of.
    """
    known = {
        "model.keras": "the network, for Keras 3",
        "model.onnx": "the network, for any ONNX runtime",
        "preprocessing.json": "how data become its inputs, and what its outputs mean",
        "examples.json": "some validation examples, with the predictions of `amber.load(...).predict`",
        "README.md": "this card",
        "config.yaml": f"the configuration of the {configured}",
        "scores.json": "all test scores",
    }
    return {name: known[name] for name in names}

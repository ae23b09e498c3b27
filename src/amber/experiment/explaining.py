"""Which motifs the network of a run reads: attributions, motifs, names, and the files of all that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from amber.data import Dataset, Target
from amber.errors import DataError
from amber.experiment.before_keras.explained import FOUND
from amber.experiment.data import load_data
from amber.experiment.explained import Found
from amber.experiment.final.scores import called
from amber.experiment.run_files.changed_data import remark_on_changed_data
from amber.experiment.run_files.recorded import config_of, load_model, model_file, record_beside
from amber.explain import deep_lift
from amber.explain.motifs import Motif, discover_motifs, filter_motifs, jaspar, match_motifs, read_meme, write_meme
from amber.explain.motifs.highlights import Highlight, highlights
from amber.explain.motifs.page import NamedMotif, Section, render_page
from amber.explain.saving import save_attributions
from amber.files.csv_text import STRANDS, csv_text
from amber.files.strict_json import json_text, read_json
from amber.files.whole import write_whole
from amber.types import Array, Inputs

if TYPE_CHECKING:
    import keras

Source = Literal["contributions", "filters", "none"]
_MOST_UNITS, _MOST_DRAWN = 12, 8
_MOTIF_COLUMNS = ("motif", "consensus", "places", "sequences", "resembles", "factor", "q")
_PLACE_COLUMNS = ("motif", "example", "start", "end", "strand")
_NOTHING = "No motif recurs often enough: discovery needs some hundred places, so more examples may help."


@dataclass(frozen=True)
class ExplainSettings:
    """How a run is explained.

    Attributes:
        motifs: where motifs are looked for: in `contributions`, in the `filters` of the first convolution, or `none`.
        examples: the most examples that are explained: of the validation part, and where it has fewer of the training
            part. Those of the test part are not looked at.
        shuffles: dinucleotide shuffles that each example is compared with.
        database: MEME file of known motifs; JASPAR CORE by default.
        both_strands: explain the mean of both strands.
        seed: of the shuffles.
    """

    motifs: Source = "contributions"
    examples: int = 1000
    shuffles: int = 5
    database: Path | None = None
    both_strands: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Explanation:
    """What came of explaining a run.

    Attributes:
        paths: of the files that were written.
        found: one line for each output: the motifs that were found, with their names.
        warnings: what makes them doubtful.
        motifs: that were found, of all outputs; a notebook shows their logos.
    """

    paths: tuple[Path, ...]
    found: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    motifs: tuple[Motif, ...] = ()

    def _repr_html_(self) -> str:
        """Return what was found, with the logos, for notebooks."""
        lines = "".join(f"<p>{escape(line)}</p>" for line in (*self.found, *self.warnings))
        return lines + "".join(motif._repr_html_() for motif in self.motifs)


def explain_run(
    run: Path, folder: Path, settings: ExplainSettings, progress: Callable[[int, int], None] | None = None
) -> Explanation:
    """Explain the best network of a run on examples that are not its test, and write the files.

    Args:
        run: run directory, its `best.json`, or the model file in it.
        folder: made where it is missing: `explain.html`, `explained.json`, `contributions.h5`, `motifs.meme`,
            `motifs.csv`, `places.csv`.
        settings: see `ExplainSettings`.
        progress: called with the number of examples explained and of all, for all units together.

    Raises:
        ConfigError: a library of the extra `motifs` is missing.
        DataError: the network reads no sequences, or a file of motifs that cannot be read.
    """
    record = record_beside(run)
    if record is None:
        raise DataError(f"{run}: expected a run directory, whose data are known. Received: a model without a run")
    database = read_meme(settings.database) if settings.database else jaspar()
    data = load_data(config_of(record, model_file(run)))
    remark = remark_on_changed_data(run, data)
    model = load_model(run)
    examples = _explained(data, settings.examples)
    name, sequences = _sequences(model, examples)
    units = _units(model, data.targets)
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Array] = {"examples": sequences}
    sections: list[Section] = []
    drawn: list[Highlight] = []
    for done, (title, output) in enumerate(units):
        hypothetical = deep_lift(
            model,
            examples,
            output,
            "shuffles",
            hypothetical=True,
            shuffles=settings.shuffles,
            seed=settings.seed,
            both_strands=settings.both_strands,
            progress=_part_of(progress, done, len(units)),
        )
        table: Array = hypothetical[name] if isinstance(hypothetical, Mapping) else np.asarray(hypothetical)
        arrays[f"hypothetical/{title}"] = table
        arrays[f"contributions/{title}"] = table * sequences
        if len(drawn) < _MOST_DRAWN:
            drawn += highlights(title, sequences, table)
        if settings.motifs == "contributions":
            sections.append(_section(title, discover_motifs(sequences, table), database))
    if settings.motifs == "filters":
        sections.append(_section("Filters of the first convolution", filter_motifs(model, examples), database))
    found = Found(_called(run), f"{len(sequences):,}", tuple(sections), tuple(drawn[:_MOST_DRAWN]))
    written = _write(folder, data.name, arrays, found, settings)
    return replace(written, warnings=(remark,)) if remark else written


def _explained(data: Dataset, most: int) -> Inputs:
    """Return the inputs of the first validation examples, and where these are too few of the first training ones."""
    others = max(most - len(data.validation), 0)

    def first(validation: Array, training: Array) -> Array:
        return np.concatenate([np.asarray(validation[:most]), np.asarray(training[:others])])

    validation, training = data.validation.x, data.train.x
    if isinstance(validation, Mapping) and isinstance(training, Mapping):
        return {name: first(array, training[name]) for name, array in validation.items()}
    return first(cast(Array, validation), cast(Array, training))


def _sequences(model: keras.Model, examples: Any) -> tuple[str, Array]:
    """Return the name and the array of the input that holds sequences."""
    blocks = examples if isinstance(examples, Mapping) else {model.inputs[0].name: examples}
    for name, array in blocks.items():
        if array.ndim == 3 and array.shape[-1] == 4:
            return name, np.asarray(array, dtype=np.float32)
    shapes = {name: array.shape[1:] for name, array in blocks.items()}
    raise DataError(f"Motifs need an input of one-hot sequences, shape (length, 4). Received: {shapes}")


def _units(model: keras.Model, targets: Sequence[Target]) -> list[tuple[str, tuple[int, int]]]:
    """Return what is explained: a title, and output and unit. Of two classes the second says it all."""
    found = []
    for position, tensor in enumerate(model.outputs[: len(targets)]):
        target, count = targets[position], int(tensor.shape[-1])
        classes = target.classes or ()
        for unit in range(1 if count == 2 and len(classes) == 2 else 0, count):
            label = classes[1] if count == 1 and len(classes) == 2 else classes[unit] if unit < len(classes) else ""
            title = f"{target.name}: {label}" if label else target.name if count == 1 else f"{target.name}: {unit}"
            found.append((title, (position, unit)))
    return found[:_MOST_UNITS]


def _part_of(progress: Callable[[int, int], None] | None, part: int, parts: int) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(part * total + done, parts * total)


def _section(title: str, motifs: list[Motif], database: list[Motif]) -> Section:
    named = [NamedMotif(motif, matches) for motif, matches in zip(motifs, match_motifs(motifs, database), strict=True)]
    count = f"{len(motifs)} motifs." if len(motifs) != 1 else "1 motif."
    note = f"{count} Positive ones raise the output, negative ones lower it." if motifs else _NOTHING
    return Section(title, named, note)


def _called(run: Path) -> str:
    """Return what the best model of a run is, such as `mean of 8 networks`."""
    path = (run if run.is_dir() else run.parent) / "test.json"
    if not path.is_file():
        return "best network"
    record = read_json(path, what="the scores of a run", nan_is_null=True)
    return called(len(record.get("networks", ())), record.get("linear_weights", {}))


def _write(
    folder: Path, name: str, arrays: Mapping[str, Array], found: Found, settings: ExplainSettings
) -> Explanation:
    about = {"method": "deep_lift", "references": "shuffles", "shuffles": settings.shuffles, "seed": settings.seed}
    paths = [save_attributions(folder / "contributions.h5", arrays, about)]
    sections = found.sections
    summary = (
        f"Network: {found.model}. Explained: {found.examples} validation and training examples, each against "
        f"{settings.shuffles} shuffles."
    )
    lines = tuple(_in_words(section) for section in sections)
    paths.append(write_whole(folder / "explain.html", render_page(name, summary, sections, found.drawn)))
    paths.append(write_whole(folder / FOUND, json_text(found.to_dict()) + "\n"))
    if not any(section.motifs for section in sections):
        return Explanation(tuple(paths), lines)
    motifs: list[Motif] = []
    rows: list[list[object]] = []
    places: list[list[object]] = []
    for section in sections:
        for named in section.motifs:
            motif, best = named.motif, named.matches[0] if named.matches else None
            unique = f"{section.title}_{motif.name}".replace(" ", "_")
            motifs.append(replace(motif, name=unique, alternative=named.title))
            known = [best.motif.name, best.motif.alternative, best.q_value] if best else [None] * 3
            rows.append([unique, motif.consensus, motif.sites, named.examples, *known])
            places += [[unique, s.example, s.start, s.end, STRANDS[s.is_reverse]] for s in motif.seqlets]
    paths.append(write_meme(folder / "motifs.meme", motifs))
    paths.append(write_whole(folder / "motifs.csv", csv_text(_MOTIF_COLUMNS, rows)))
    paths.append(write_whole(folder / "places.csv", csv_text(_PLACE_COLUMNS, places)))
    return Explanation(tuple(paths), lines, motifs=tuple(motifs))


def _in_words(section: Section) -> str:
    if not section.motifs:
        return f"{section.title}: {_NOTHING}"
    names = ", ".join(f"{each.title} at {each.motif.sites} places" for each in section.motifs)
    count = "1 motif" if len(section.motifs) == 1 else f"{len(section.motifs)} motifs"
    return f"{section.title}: {count}: {names}"

"""Which motifs the network of a run reads: attributions, motifs, names, and the files of all that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Literal

import numpy as np

from amber.data import Target
from amber.data.targets.target import PAIR
from amber.display import one_line
from amber.errors import DataError
from amber.experiment.before_keras.explained import FOUND, input_of_sequences
from amber.experiment.chosen_examples import chosen_examples
from amber.experiment.data import load_data
from amber.experiment.explained import Found
from amber.experiment.explained_tracks import check_tracks, names_of_tracks, write_tracks
from amber.experiment.explained_units import chosen_units, units_of_model
from amber.experiment.final.scores import called
from amber.experiment.run_files.changed_data import remark_on_changed_data
from amber.experiment.run_files.recorded import config_of, load_model, model_file, record_beside
from amber.explain import deep_lift
from amber.explain.motifs import Motif, discover_motifs, filter_motifs, jaspar, match_motifs, read_meme, write_meme
from amber.explain.motifs.highlights import Highlight, highlights
from amber.explain.motifs.naming import is_informative
from amber.explain.motifs.page import NamedMotif, Section, render_page
from amber.explain.saving import save_attributions
from amber.files.csv_text import STRANDS, csv_text
from amber.files.output import writing_folder
from amber.files.strict_json import json_text, read_json
from amber.files.whole import write_whole
from amber.types import Array

Source = Literal["contributions", "filters", "none"]
_MOST_DRAWN = 8
_OF_MOTIFS = ("motifs.meme", "motifs.csv", "places.csv")
_MOTIF_COLUMNS = ("motif", "consensus", "places", "sequences", "resembles", "factor", "q")
_PLACE_COLUMNS = ("motif", "example", "start", "end", "strand")
_NOTHING = "No motif recurs often enough: discovery needs some hundred places, so more examples may help."


@dataclass(frozen=True)
class ExplainSettings:
    """How a run is explained.

    Attributes:
        motifs: where motifs are looked for: in `contributions`, in the `filters` of the first convolution, or `none`.
        examples: the most examples that are explained; see `chosen_examples`. Those of the test part are not looked at.
        shuffles: dinucleotide shuffles that each example is compared with.
        database: MEME file of known motifs; JASPAR CORE by default.
        both_strands: explain the mean of both strands.
        seed: of the shuffles.
        outputs: classes, labels or outputs that are explained; empty: all, up to twelve.
        bigwig: write contributions along the genome; None: where the examples are windows of one.
    """

    motifs: Source = "contributions"
    examples: int = 1000
    shuffles: int = 5
    database: Path | None = None
    both_strands: bool = False
    seed: int = 0
    outputs: tuple[str, ...] = ()
    bigwig: bool | None = None
    __repr__ = one_line


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
    __repr__ = one_line

    def _repr_html_(self) -> str:
        """Return what was found, with the logos, for notebooks."""
        lines = "".join(f"<p>{escape(line)}</p>" for line in (*self.found, *self.warnings))
        return lines + "".join(motif._repr_html_() for motif in self.motifs)


def explain_run(
    run: Path,
    folder: Path,
    settings: ExplainSettings,
    progress: Callable[[int, int], None] | None = None,
    begin: Callable[[str], None] = lambda what: None,
) -> Explanation:
    """Explain the best network of a run on examples that are not its test, and write the files.

    Args:
        run: run directory, its `best.json`, or the model file in it.
        folder: made where it is missing: `explain.html`, `explained.json`, `contributions.h5`, `motifs.meme`,
            `motifs.csv`, `places.csv`, and `contributions.bw`, or one of these for each output.
        settings: see `ExplainSettings`.
        progress: called with the number of examples explained and of all, for all units together.
        begin: called with what is done next, in words, where that takes long.

    Raises:
        ConfigError: a library of the extra `motifs` is missing, there is no output of a name, or bigWig is asked for
            where examples are not windows of a genome.
        DataError: the network reads no sequences, or a file of motifs that cannot be read.
    """
    record = record_beside(run)
    if record is None:
        raise DataError(f"{run}: expected a run directory, whose data are known. Received: a model without a run")
    database = read_meme(settings.database) if settings.database else jaspar()
    data = load_data(config_of(record, model_file(run)))
    remark = remark_on_changed_data(run, data)
    check_tracks(data, run, asked=settings.bigwig is True)
    model = load_model(run)
    known = units_of_model(model, data.targets)
    units, files = chosen_units(known, settings.outputs, data.targets), names_of_tracks([title for title, _ in known])
    chosen = chosen_examples(data, [place for _, place in units.shown], settings.examples)
    examples, places = chosen.x, None if settings.bigwig is False else chosen.places
    name = input_of_sequences(record, run)
    sequences = np.asarray(examples[name] if isinstance(examples, Mapping) else examples, dtype=np.float32)
    arrays: dict[str, Array] = {"examples": sequences}
    sections: list[Section] = []
    drawn: list[Highlight] = []
    for done, (title, output) in enumerate(units.shown):
        begin(f"Explaining {title}")
        hypothetical = deep_lift(
            model,
            examples,
            output,
            "shuffles",
            hypothetical=True,
            shuffles=settings.shuffles,
            seed=settings.seed,
            both_strands=settings.both_strands,
            progress=_part_of(progress, done, len(units.shown)),
        )
        table: Array = hypothetical[name] if isinstance(hypothetical, Mapping) else np.asarray(hypothetical)
        arrays[f"hypothetical/{title}"] = table
        arrays[f"contributions/{title}"] = table * sequences
        if len(drawn) < _MOST_DRAWN:
            drawn += highlights(title, sequences, table)
        if settings.motifs == "contributions":
            begin(f"Looking for motifs of {title}, which takes minutes where its library is compiled first")
            motifs = discover_motifs(sequences, table)
            sections.append(_section(title, motifs, database, _other_class(data.targets, output)))
    if settings.motifs == "filters":
        sections.append(_filters(filter_motifs(model, examples), database))
    found = Found(_called(run), f"{len(sequences):,}", tuple(sections), tuple(drawn[:_MOST_DRAWN]))
    with writing_folder(folder) as aside:
        written = _write(aside, data.name, arrays, found, settings)
        tracks = write_tracks(aside, files, arrays, places)
    written = replace(written, paths=(*written.paths, *tracks))
    paths = tuple(folder / path.name for path in written.paths)
    for path in {folder / name for name in (*_OF_MOTIFS, *files.values())}.difference(paths):
        path.unlink(missing_ok=True)  # of what was found before
    return replace(written, paths=paths, warnings=tuple(filter(None, (remark, units.left_out))))


def _part_of(progress: Callable[[int, int], None] | None, part: int, parts: int) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(part * total + done, parts * total)


def _section(title: str, motifs: list[Motif], database: list[Motif], other: str) -> Section:
    """Return the motifs of an output, those with most places first; `other` is the other one of two classes."""
    ordered = sorted(motifs, key=lambda each: -each.sites)
    lowers = f"speaks for {other}" if other else "lowers the output"
    named = [
        NamedMotif(motif, matches, lowers if _is_negative(motif) else "raises the output")
        for motif, matches in zip(ordered, match_motifs(ordered, database), strict=True)
    ]
    count = f"{len(motifs)} motifs, the most frequent first." if len(motifs) != 1 else "1 motif."
    return Section(title, named, count if motifs else _NOTHING)


def _is_negative(motif: Motif) -> bool:
    return motif.contributions is not None and float(np.sum(motif.contributions)) < 0


def _other_class(targets: Sequence[Target], place: tuple[int, int]) -> str:
    """Return the other one of two classes; empty where there are not two."""
    classes = targets[place[0]].classes or ()
    return classes[0] if len(classes) == PAIR else ""


def _filters(motifs: list[Motif], database: list[Motif]) -> Section:
    """Return the filters, the most informative first."""
    ordered = sorted(motifs, key=lambda each: -float(each.information_beyond_chance.sum()))
    named = [NamedMotif(motif, found) for motif, found in zip(ordered, match_motifs(ordered, database), strict=True)]
    flat = sum(not is_informative(each) for each in ordered)
    note = f"{len(ordered)} filters that react, the most informative first; {flat} are too flat to be named."
    return Section("Filters of the first convolution", named, note if named else "No filter reacts often enough.")


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
            motif, best = named.motif, named.names[0] if named.names else None
            unique = f"{section.title}_{motif.name}".replace(" ", "_")
            motifs.append(replace(motif, name=unique, alternative=named.title))
            known = [best.motif.name, best.motif.alternative, best.q_value] if best else [None] * 3
            rows.append([unique, motif.consensus, motif.sites, named.examples, *known])
            places += [[unique, s.example, s.start, s.end, STRANDS[s.is_reverse]] for s in motif.seqlets]
    of_motifs, of_matches, of_places = (folder / name for name in _OF_MOTIFS)
    paths.append(write_meme(of_motifs, motifs))
    paths.append(write_whole(of_matches, csv_text(_MOTIF_COLUMNS, rows)))
    paths.append(write_whole(of_places, csv_text(_PLACE_COLUMNS, places)))
    return Explanation(tuple(paths), lines, motifs=tuple(motifs))


def _lowering(named: NamedMotif) -> str:
    return f" ({named.effect})" if _is_negative(named.motif) else ""


def _in_words(section: Section) -> str:
    if not section.motifs:
        return f"{section.title}: {_NOTHING}"
    shown = [each for each in section.motifs if is_informative(each.motif)]
    names = [f"{each.title} at {each.motif.sites} places{_lowering(each)}" for each in shown]
    flat = len(section.motifs) - len(shown)
    names += [f"{flat} too flat to be named"] if flat else []
    count = "1 motif" if len(section.motifs) == 1 else f"{len(section.motifs)} motifs"
    return f"{section.title}: {count}: {', '.join(names)}"

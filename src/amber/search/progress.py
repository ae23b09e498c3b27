"""A search as it runs: a live display in a terminal, one line per proposal elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from amber.search.callbacks import SearchCallback
from amber.search.pace import Pace, PlannedWork
from amber.search.result import SearchResult, rank
from amber.search.trial import TRAINED, Trial, short_tokens

# What needs not be said of a proposal that is called invalid.
_INVALID = "InvalidArchitectureError: "
# So many proposals in a row that are not trained have lines of their own.
_SKIPPED_LINES = 3


class SearchProgress(SearchCallback):
    """Shows how far a search is, the best so far, the time left and what is being trained.

    Args:
        console: where to; by default the standard error stream, so that standard output stays clean.
        describe: puts tokens into words while they are trained; by default they are shown as they are.
        work: what is known before of the search and of what follows it, which the time left includes; None: nothing
            follows.
    """

    def __init__(
        self,
        console: Console | None = None,
        describe: Callable[[tuple[int, ...]], str] = short_tokens,
        work: PlannedWork | None = None,
    ) -> None:
        self._console = console or Console(stderr=True)
        self._describe = describe
        self._work, self._rung = work, 0
        self._live: Live | None = None
        self._wanted = 0
        self._metric, self._direction = "score", "maximize"
        self._counts: Counter[str] = Counter()
        self._best: Trial | None = None
        self._last_failed: Trial | None = None
        # Of what is not trained: how many in a row, and the last one without a line of its own.
        self._skipped = 0
        self._last_skipped: Trial | None = None
        self._started = 0.0
        self._pace = Pace(work=work)
        self._now = ""
        # What this search is called, and to how many epochs a rung trains.
        self._title, self._limit = "Search", ""

    def on_rung_begin(self, rung: int, rungs: int, epochs: int) -> None:
        """Call what follows by its rung."""
        self._rung = rung - 1
        self._title = f"Rung {rung} of {rungs}"
        self._limit = f", {epochs} {'epoch' if epochs == 1 else 'epochs'} each"

    def on_search_begin(self, trials: int, metric: str, direction: str) -> None:
        """Start the display."""
        self._wanted, self._metric, self._direction = trials, metric, direction
        self._counts, self._best, self._now = Counter(), None, "starting"
        self._last_failed = self._last_skipped = None
        self._skipped = 0
        self._started, self._pace = time.monotonic(), Pace(work=self._work, rung=self._rung)
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._render, console=self._console, refresh_per_second=4)
            self._live.start()
        else:
            of = "Search of" if self._title == "Search" else f"{self._title}:"
            self._say(f"{of} {trials} architectures{self._limit} for {_wish(direction)} {metric}")

    def on_resume(self, trials: Sequence[Trial]) -> None:
        """Count what an earlier search settled."""
        self._counts.update(trial.status for trial in trials)
        complete = [trial for trial in rank(trials, self._direction) if trial.status == "complete"]
        self._best = complete[0] if complete else None
        if self._live is None:
            best = "" if self._best is None else f", best {self._metric} {self._best.score:.4f}"
            self._say(f"Taken up after {len(trials)} proposals, {self._done()} trained{best}")

    def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
        """Show what is being trained."""
        self._pace.begin(number)
        self._now = f"trial {number}, building {self._describe(tokens)}"

    def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        """Show the epoch of the trial."""
        self._pace.epoch(number, epoch, epochs)
        value = metrics.get(self._metric)
        reached = "" if value is None else f", {self._metric} {value:.4f}"
        self._now = f"trial {number}, epoch {epoch}/{epochs}{reached}"

    def on_trial_end(self, trial: Trial) -> None:
        """Count a proposal, and elsewhere than in a terminal prints its line."""
        self._counts[trial.status] += 1
        is_best = trial.status == "complete" and self._is_better(trial)
        if is_best:
            self._best = trial
        trained = trial.status in TRAINED
        seconds = trial.seconds or None
        self._pace.end(trial.number, trained, bool(trial.reference), trial.flops, is_best, seconds)
        if trial.status == "failed":
            self._last_failed = trial
        if self._live is None:
            self._say_what_became_of(trial)

    def _say_what_became_of(self, trial: Trial) -> None:
        """Print the line of a proposal; of many in a row that are not trained, those after the first are counted."""
        skipped = trial.status not in (*TRAINED, "failed")
        self._skipped += skipped
        if not skipped:
            self._say_how_many_more()
        elif self._skipped > _SKIPPED_LINES:
            self._last_skipped = trial
            return
        self._say(f"[{self._done()}/{self._wanted}] trial {trial.number} {trial.status}  {self._outcome(trial)}")

    def _say_how_many_more(self) -> None:
        """Print how many proposals in a row were not trained beyond those shown, and what the last one was."""
        last, more = self._last_skipped, self._skipped - _SKIPPED_LINES
        self._skipped, self._last_skipped = 0, None
        if last is not None:
            were = "more proposal was not trained; it" if more == 1 else "more proposals were not trained; the last"
            self._say(f"{more} {were} was trial {last.number}, {last.status}  {self._outcome(last)}")

    def _outcome(self, trial: Trial) -> str:
        """Return what became of a proposal; of one that was trained also the best so far and the pace."""
        score = "" if trial.score is None else f"{self._metric} {trial.score:.4f}  "
        reason = (trial.error or "").removeprefix(_INVALID)
        if trial.status not in TRAINED:
            return f"{score}{trial.title}: {reason}"
        note = f"{trial.seconds:.1f} s  " if trial.status == "complete" else ""
        best = "" if self._best is None else f"best {self._best.score:.4f}  "
        ended = trial.title if trial.status == "complete" else f"{trial.title}: {reason}"
        return f"{score}{note}{best}{self._pace_text()}  {ended}"

    def on_search_end(self, result: SearchResult) -> None:
        """End the display with its last state."""
        self._now = f"{result.stopped} after {_clock(time.monotonic() - self._started)}"
        if self._live is not None:
            self._live.stop()
            self._live = None
        else:
            self._say_how_many_more()
            best = "none" if result.best is None else f"{result.best.score:.4f} (trial {result.best.number})"
            failed = f", {self._counts['failed']} failed" if self._counts["failed"] else ""
            self._say(f"{self._title} {self._now}: best {self._metric} {best}{failed}")

    def _is_better(self, trial: Trial) -> bool:
        if self._best is None or self._best.score is None or trial.score is None:
            return True
        gain = trial.score - self._best.score
        return gain > 0 if self._direction == "maximize" else gain < 0

    def _done(self) -> int:
        return sum(self._counts[status] for status in TRAINED)

    def _pace_text(self) -> str:
        """Return the rate since the start and the time left; empty before the first epoch."""
        rate = _rate(self._pace.seconds_each()) if self._pace.done else ""
        left = self._pace.seconds_left(self._wanted - self._done())
        return ", ".join(each for each in (rate, "" if left is None else f"about {_clock(left)} left") if each)

    def _render(self) -> Group:
        first = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(1, self._wanted), completed=self._done(), width=20)
        first.add_row(
            Text(self._title + self._limit, style="bold"),
            bar,
            f"{self._done()}/{self._wanted} trained",
            self._pace_text(),
        )
        rest = Table.grid(padding=(0, 1))
        rest.add_column(style="dim", no_wrap=True, min_width=len("skipped"))
        rest.add_column(no_wrap=True, overflow="ellipsis")
        rest.add_row("best", self._best_line())
        rest.add_row("now", Text(self._now))
        rest.add_row("failed", self._failed_line())
        rest.add_row("time", Text(_clock(time.monotonic() - self._started)))
        skipped = (f"{self._counts[name]} {name}" for name in ("duplicate", "invalid", "over budget", "pruned"))
        rest.add_row("skipped", Text(", ".join(skipped)))
        return Group(first, rest)

    def _failed_line(self) -> Text:
        if self._last_failed is None:
            return Text("none", style="dim")
        last = f"{self._counts['failed']}, last trial {self._last_failed.number}: {self._last_failed.error}"
        return Text(last, style="red", no_wrap=True, overflow="ellipsis")

    def _best_line(self) -> Text:
        if self._best is None:
            return Text("none yet", style="dim")
        return Text.assemble(
            (f"{self._metric} {self._best.score:.4f}", "bold green"),
            f"  trial {self._best.number}  {self._best.title}",
        )

    def _say(self, line: str) -> None:
        # A notebook cuts long lines off; a terminal and a log fold them themselves.
        whole = not self._console.is_jupyter
        self._console.print(line.rstrip(), markup=False, highlight=False, soft_wrap=whole)


def _wish(direction: str) -> str:
    return "the highest" if direction == "maximize" else "the lowest"


def _rate(seconds: float) -> str:
    """Return the rate of trainings of so many seconds each, in the unit in which it is a readable number."""
    per_minute = 60.0 / seconds
    return f"{per_minute:.3g} a minute" if per_minute >= 1 else f"{60 * per_minute:.3g} an hour"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

"""The report as one HTML page: no script, no request to anywhere, every string escaped by the template engine."""

from __future__ import annotations

import jinja2
from markupsafe import Markup

from amber.report.contents import DrawnMotif, Reading, ReportContents
from amber.report.evaluation_charts import evaluation_plots
from amber.report.learning_chart import learning_chart
from amber.report.search_charts import score_by_cost, score_over_time
from amber.report.terms import terms_in
from amber.search.costs import COSTS

_FAILURES_SHOWN = 50


def environment() -> jinja2.Environment:
    """Return what renders the pages of `templates`; they share the style of `style.css`."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("amber.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_report(contents: ReportContents) -> str:
    """Return the page as text."""
    result, use = contents.result, contents.use
    unsuccessful = [trial for trial in result.trials if trial.status in ("failed", "invalid")]
    templates = environment()
    body = templates.get_template("body.html").render(
        report=contents,
        result=result,
        summary=_summary(result.counts()),
        failed=result.counts()["failed"],
        # The charts and drawings escape what they show themselves.
        time_chart=Markup(score_over_time(result)),
        cost_charts=_cost_charts(contents),
        cost_names=COSTS,
        learning=Markup(learning_chart(contents.learning)),
        plots=[(each, [(plot, Markup(plot.svg)) for plot in evaluation_plots(each)]) for each in contents.curves],
        reading=_reading(contents.reading),
        stretches=[(heading, Markup(svg)) for heading, svg in contents.reading.stretches] if contents.reading else [],
        drawings=[(each.heading, Markup(each.light), Markup(each.dark)) for each in contents.drawings],
        sources=[f"layer {layer}" for layer in range(len(use.skips) - 1)] if use else [],
        unsuccessful=unsuccessful[:_FAILURES_SHOWN],
        left_out=max(0, len(unsuccessful) - _FAILURES_SHOWN),
    )
    # The templates escaped every string of the body. Of its words those that need it are explained; cells are apart.
    words = Markup(body.replace("<", " <")).striptags()
    return templates.get_template("report.html").render(report=contents, body=Markup(body), terms=terms_in(words))


def _reading(reading: Reading | None) -> list[tuple[str, str, list[tuple[DrawnMotif, Markup, Markup]]]]:
    """Return the motifs of each output with their logos."""
    return [
        (title, note, [(each, Markup(each.bits), Markup(each.contributions)) for each in motifs])
        for title, note, motifs in (reading.sections if reading else ())
    ]


def _cost_charts(contents: ReportContents) -> list[tuple[str, Markup]]:
    """Return heading and chart of each cost: parameters always, others where the search weighed or measured them."""
    result = contents.result
    timed = any(trial.latency is not None for trial in result.ranked)
    shown = {"parameters": True, "flops": "flops" in contents.costs, "latency": timed}
    headings = {"parameters": "Size against score", "flops": "FLOPs against score", "latency": "Latency against score"}
    charts = [(headings[cost], score_by_cost(result, cost)) for cost, wanted in shown.items() if wanted]
    return [(heading, Markup(svg)) for heading, svg in charts if svg]


def _summary(counts: dict[str, int]) -> str:
    """Return what became of the proposals, such as `12 networks trained, 1 training failed`."""
    words = {
        "complete": ("network trained", "networks trained"),
        "failed": ("training failed", "trainings failed"),
        "duplicate": ("proposal the same network as an earlier one", "proposals the same network as an earlier one"),
        "over budget": ("proposal over the budget", "proposals over the budget"),
        "invalid": ("proposal that is not a network", "proposals that are not networks"),
    }
    shown = [f"{counts[key]} {one if counts[key] == 1 else more}" for key, (one, more) in words.items() if counts[key]]
    return ", ".join(shown) or "No proposal yet"

"""The report as one HTML page: no script, no request to anywhere, every string escaped by the template engine."""

from __future__ import annotations

import jinja2
from markupsafe import Markup

from amber.report.contents import ReportContents
from amber.report.search_charts import score_by_parameters, score_over_time


def render_report(contents: ReportContents) -> str:
    """Returns the page as text."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("amber.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result = contents.result
    return environment.get_template("report.html").render(
        report=contents,
        result=result,
        counts=result.counts(),
        # The charts and drawings escape what they show themselves.
        time_chart=Markup(score_over_time(result)),
        size_chart=Markup(score_by_parameters(result)),
        drawings=[(each.heading, Markup(each.light), Markup(each.dark)) for each in contents.drawings],
        unsuccessful=[trial for trial in result.trials if trial.status in ("failed", "invalid")],
    )

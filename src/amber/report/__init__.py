"""The report of a search: one HTML page that needs nothing else, and every trial as CSV or JSON."""

from __future__ import annotations

from amber.report.contents import ReportContents, TestRow
from amber.report.export import trials_csv, trials_json
from amber.report.page import render_report

__all__ = ["ReportContents", "TestRow", "render_report", "trials_csv", "trials_json"]

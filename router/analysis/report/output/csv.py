"""Renders the report as one tidy CSV file: section, key, metric, value; one figure a line."""

from __future__ import annotations

from router.analysis.report.figures import Report
from router.analysis.report.output.json import report_object
from router.rendering.tidy_csv import tidy_csv

KEYED_BY = {
    "levels": ("level",),
    "tiers": ("level", "tier", "model"),
    "domains": ("name",),
    "request_types": ("name",),
    "tenants": ("name",),
    "keys": ("name",),
    "models": ("name",),
    "adapters": ("name",),
    "policies": ("name",),
    "tags": ("name",),
    "each_tag": ("name",),
    "endpoints": ("name",),
    "days": ("name",),
    "replies": ("reply",),
    "accepted_on": ("grounds",),
    "waste": ("kind",),
    "outcomes": ("measure",),
    "escalation_reasons": ("reason",),
    "reasons": ("reason",),
    "unanswered": ("ending", "code"),
    "roles": ("role",),
    "cost_bases": ("basis",),
    "savings": ("baseline",),
    "observed_savings": ("baseline",),
}
"""Lists the fields that make the key of a list's entries; the other fields are metrics."""


def report_csv(report: Report) -> str:
    """Returns the figures and names of the JSON. Unknown is an empty value, never 0."""
    return tidy_csv(report_object(report), KEYED_BY)

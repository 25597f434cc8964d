"""Names the sections of the report, the same on the page and in a terminal."""

from __future__ import annotations

from enum import StrEnum


class Title(StrEnum):
    """Holds the title of a section; a table or a chart alone in it has the same."""

    REPLIES = "What the requests got"
    SAVINGS = "Savings"
    GROUNDS = "What accepted answers rest on"
    DAYS = "Spend over time"
    TIERS = "Tiers"
    OUTCOMES = "Outcomes"
    CHARGEBACK = "Chargeback"
    ENDINGS = "Requests without a reply"
    MODELS = "Models"
    ADAPTERS = "Adapters"
    POLICIES = "Policies"
    REASONS = "Why requests went where they did"
    WASTE = "Waste"
    ROLES = "What the calls were for"
    UNKNOWN = "Cost not known"
    NOTES = "How to read this"
    GLOSSARY = "Words of this report"

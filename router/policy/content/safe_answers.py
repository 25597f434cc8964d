"""Reads approved safe answers, which replace an answer that must not be released.

It has the file's schema, its loading, and the choice of wording, which is pure. It knows nothing
about the reason of a missing verified answer. The gateway decides that and files the review item.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from router.policy.content.knowledge import contains_any
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import load_yaml
from router.policy.schema import Section
from router.types import Domain

_PLACE = "{review_id}"
MAX_FACTS = 8
HOLDING = (
    "A person checks the answer to this before it goes out. Your reference is {review_id}; the "
    "answer will be found under it, or somebody will tell you. Please do not rely on anything "
    "else said here until then."
)
"""Holds the text sent while a reviewer judges, for files without `holding` of the domain or in
general."""

NO_MODEL = (
    "I am sorry, I cannot answer this. I answer from approved texts and calculate (sums, "
    "percentages, dates, units); this installation has no language model for other questions. "
    '(For operators: add a model under `tiers` of the policy. The section "A policy" of the README '
    "shows how.)"
)
"""Holds the text sent where no model may answer, for files without `no_model`."""

_LIFE_DOMAINS = (Domain.GENERAL, Domain.MEDICAL, Domain.ENGINEERING_SAFETY)
"""Lists domains whose emergency terms count in every domain. A missed one costs more than a false
alarm."""


class EmergencySection(Section):
    """Gives the terms that name an emergency, and the text to send then."""

    terms: list[Annotated[str, Field(min_length=2, max_length=80)]] = Field(min_length=1)
    text: str = Field(min_length=1, max_length=2000)


class SafeAnswerSection(Section):
    """Holds the wording for one domain."""

    default: str = Field(min_length=1, max_length=2000)
    holding: str | None = Field(default=None, min_length=1, max_length=2000)
    no_model: str | None = Field(default=None, min_length=1, max_length=2000)
    emergency: EmergencySection | None = None
    facts_heading: str = "What we noted from your message"

    @field_validator("default", "holding")
    @classmethod
    def _names_the_review(cls, text: str | None) -> str | None:
        if text is not None and _PLACE not in text:
            raise ValueError(f"{_PLACE} in the text, so that the client can refer to the review")
        return text


class SafeAnswers(Section):
    """Holds a whole file of safe answers. A domain without an entry uses `general`."""

    version: Literal[1]
    name: str
    reviewed: date | None = None
    general: SafeAnswerSection
    customer_support: SafeAnswerSection | None = None
    technology: SafeAnswerSection | None = None
    science_math: SafeAnswerSection | None = None
    finance: SafeAnswerSection | None = None
    legal: SafeAnswerSection | None = None
    medical: SafeAnswerSection | None = None
    engineering_safety: SafeAnswerSection | None = None
    business_strategy: SafeAnswerSection | None = None

    def of(self, domain: Domain) -> SafeAnswerSection:
        """Returns the wording for `domain`."""
        by_domain = {
            Domain.CUSTOMER_SUPPORT: self.customer_support,
            Domain.TECHNOLOGY: self.technology,
            Domain.SCIENCE_MATH: self.science_math,
            Domain.FINANCE: self.finance,
            Domain.LEGAL: self.legal,
            Domain.MEDICAL: self.medical,
            Domain.ENGINEERING_SAFETY: self.engineering_safety,
            Domain.BUSINESS_STRATEGY: self.business_strategy,
        }
        return by_domain.get(domain) or self.general


def parse_safe_answers(file: str, text: str) -> SafeAnswers:
    """Returns the safe answers in `text`. Raises PolicyError with every mistake."""
    tree, lines = load_yaml(file, text)
    return validated(SafeAnswers, tree, lines)


def load_safe_answers(path: Path) -> SafeAnswers:
    """Returns the safe answers at `path`. Raises PolicyError, also for an unreadable file."""
    return parse_safe_answers(str(path), text_of(path))


def safe_answer(
    domain: Domain,
    text: str,
    review_id: str,
    answers: SafeAnswers,
    facts: Sequence[str] = (),
    now: bool = False,
) -> str:
    """Returns the text sent instead of a failed answer.

    `now` says that somebody's life may be in danger by what triage found, in whichever language.

    When `text` names an emergency, it is the emergency wording. The domain's own emergency terms
    come first, then those that protect life. `facts` follow as a list under the domain's heading,
    but never after an emergency: then only the call for help matters.
    """
    wording = emergency_wording(domain, text, answers, now)
    if wording is not None:
        return wording.replace(_PLACE, review_id)
    section = answers.of(domain)
    default_text = section.default.replace(_PLACE, review_id)
    if not facts:
        return default_text
    listed = "\n".join(f"- {fact}" for fact in facts[:MAX_FACTS])
    return f"{default_text}\n\n{section.facts_heading}:\n{listed}"


def holding_text(domain: Domain, review_id: str, answers: SafeAnswers | None = None) -> str:
    """Returns the text sent while a person judges the draft.

    It is the domain's `holding`, the general one or ours. It never replaces an emergency's wording;
    the caller asks for that first.
    """
    own_text = None if answers is None else answers.of(domain).holding or answers.general.holding
    return (own_text or HOLDING).replace(_PLACE, review_id)


def no_model_text(domain: Domain, answers: SafeAnswers) -> str:
    """Returns the text sent where no model of the installation may answer by itself."""
    return answers.of(domain).no_model or answers.general.no_model or NO_MODEL


def emergency_wording(
    domain: Domain, text: str, answers: SafeAnswers, now: bool = False
) -> str | None:
    """Returns the emergency text that `text` or `now` calls for, or None without an emergency."""
    # The domain's own terms come first, and no domain is read twice.
    for each in dict.fromkeys((domain, *_LIFE_DOMAINS)):
        emergency = answers.of(each).emergency
        if emergency is not None and contains_any(text, tuple(emergency.terms)):
            return emergency.text
    medical = answers.of(Domain.MEDICAL).emergency
    return medical.text if now and medical is not None else None

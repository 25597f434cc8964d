"""Tells that people state what an approved answer states against: "my money is gone". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.regexes.late import late_regex

_CLAIMS = (
    (
        late_regex(
            r"\b(?:money|amount|payment|cash|it|funds|sum|(?<![\d.,])\d[\d.,]{0,20})\b[^.?!]{0,30}"
            r"\b(?:gone|taken|debited|deducted|charged|left my|missing|vanished|disappeared)\b"
            r"|\b(?:you|they|bank|shop|been|was|were|got|still|have|i'm|am|i) "
            r"(?:\w+ )?(?:took|charged|debited|deducted)\b",
            re.IGNORECASE,
        ),
        late_regex(r"\bno money (?:was|is|has been) taken|\bnot been charged", re.IGNORECASE),
    ),
)
"""What people state, and what an answer states against it."""
_ASKED = late_regex(
    r"\b(?:have|has|was|were|did|do|will|am|is|are) (?:i|my|the|it|you|they|money|any)\b",
    re.IGNORECASE,
)
"""Finds a question: "have I been charged" states nothing."""


def claims_against(answer: str) -> list[re.Pattern[str]]:
    """Returns what finds the claims that an answer speaks against."""
    return [claim for claim, said in _CLAIMS if said.search(answer)]


def is_claimed(text: str, claims: Sequence[re.Pattern[str]]) -> bool:
    """Returns True for a text that states one of these claims, and does not ask about it."""
    return any([claim.search(text) for claim in claims]) and not _ASKED.search(text)

"""Keeps grave and harmful requests off the shelf, whatever the match says. Pure.

A match compares words and meaning with what people usually ask; it does not weigh what is at
stake. This veto reads only the signals, and holds in every decision mode. An intent that was
approved for such requests says so (`grave: true`).
"""

from __future__ import annotations

from router.policy.content.knowledge import IntentSection
from router.types import MatchBasis, Signals

STAKES_AT = 0.34
"""The default of `decision.high_stakes_at`; the veto holds in modes without triggers, too."""
TOXIC_AT = 0.8
"""The default of `decision.unsafe_at`: abuse gets no canned text."""
RISK_AT = 0.77
"""Chance of finance, law, medicine or engineering safety from which an answer must be of that
domain. As many harmless lines reach it as reached .7 before the head was made less sure; at .5 of
that scale one in seventy routine requests of the shop would be kept off for nothing."""

SURE, GRAVE_WHERE_SURE = 0.85, 0.95
"""Chance of a match from which the bar of level 3 counts. Of 3,500 texts about health, law, money
and harm none matched an answer of nine companies so surely, while the reader finds 4 % of our own
utterances between the two bars."""

HARM, HARM_AT = "harm", 0.8
"""The head of requests to harm, where the policy reads it, and its chance at even odds from which
no canned text goes out. Of our own utterances one in a hundred is above it; a policy refuses from
.94 on."""

GRAVE_AT = 0.8
"""Chance of a grave matter, at even odds, from which no canned text goes out; level 3 may ask for
more."""


def kept_off_shelf(signals: Signals, intent: IntentSection) -> bool:
    """Returns True when a request is too grave or too hostile for this approved answer."""
    if intent.grave:
        return False
    match = signals.match
    if match is not None and match.intent_id != intent.id:
        match = None  # it speaks for its own answer only
    sure = match is not None and match.confidence >= SURE
    grave_at = GRAVE_WHERE_SURE if sure else GRAVE_AT
    if signals.stakes_high >= STAKES_AT or signals.toxic >= TOXIC_AT or signals.grave >= grave_at:
        return True
    # Whoever wrote that very question under this answer knows its subject, and that it is no harm.
    if match is not None and match.basis is MatchBasis.WRITTEN:
        return False
    if any([r.name == HARM and dict(r.classes).get(HARM, 0.0) >= HARM_AT for r in signals.heads]):
        return True
    return signals.risk_p >= RISK_AT and signals.risk_domain is not intent.domain

"""Finds what a model's answer lacks as it stands: it refuses, knows nothing, or was cut. Pure.

The ledger notes it for reports, whatever the policy verifies: an answer that refuses is an answer
that was paid for, and not one that helped.
"""

from __future__ import annotations

from router.ledger.replies import Shortfall
from router.request.outgoing import below_opening
from router.routing.answers.unwilling import knows_nothing, refuses
from router.routing.routed_request import RoutedRequest
from router.routing.verification import ends_short
from router.types import Answer

FEW_TOKENS = 64
"""A client that caps its answer below this asks for a few words: their end is no shortfall."""


def shortfall_of(routed: RoutedRequest, answer: Answer | None) -> Shortfall | None:
    """Returns what an answer lacks, None where it shows nothing; approved words lack nothing."""
    if answer is None or answer.approved or not answer.choices:
        return None
    choice = below_opening(routed, answer).choices[0]
    if choice.refusal or choice.finish_reason == "content_filter":
        return Shortfall.REFUSED
    if not choice.tool_calls and refuses(choice.text):
        return Shortfall.REFUSED
    if not choice.tool_calls and knows_nothing(choice.text):
        return Shortfall.UNKNOWING
    cap = routed.request.sampling.max_output_tokens
    few = cap is not None and cap < FEW_TOKENS
    return Shortfall.CUT if ends_short(answer) and not few else None


def spares_nobody(routed: RoutedRequest, answer: Answer | None) -> bool:
    """Returns True for an answer after which a person still has to do the work."""
    return shortfall_of(routed, answer) in (Shortfall.REFUSED, Shortfall.UNKNOWING)

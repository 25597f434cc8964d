"""Has a person told of a matter, once for each turn that tells of one.

A turn that tells of no danger by itself, behind one that does, has no matter of its own: it refers
to the one that waits already, by the reference that its conversation has.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from router.regexes.late import late_regex
from router.request.conclusions.openings import as_sent
from router.request.final_answer import Conclusion
from router.request.progress import Progress
from router.request.veiling import as_stored
from router.routing.routed_request import RoutedRequest
from router.types import Ids, ReviewQueue, Urgency

_PREFIX = "rev_"
_REFERENCE = late_regex(rf"\b{_PREFIX}([0-9A-Za-z_-]{{8,64}})", re.ASCII)
MOST_ASKED = 4
"""References of a conversation that are looked up, newest first."""


class Referring:
    """Gives the id of a matter that waits already, in place of a new one."""

    def __init__(self, reference: str) -> None:
        self._reference = reference

    def new(self) -> str:
        """Returns the id without its prefix."""
        return self._reference.removeprefix(_PREFIX)


async def ids_for(reviews: ReviewQueue, routed: RoutedRequest, progress: Progress, ids: Ids) -> Ids:
    """Returns what names the request's matter: the one that waits already, else a new one.

    Only a matter of the same tenant and domain counts, which waits as an emergency. Notes it in
    `progress`. Raises LedgerError.
    """
    if not routed.signals.carried or not (routed.acute or routed.has_words):
        return ids
    for reference in _references(routed):
        item = await reviews.waiting(reference, routed.identity.tenant)
        if item is None or item.urgency is not Urgency.EMERGENCY:
            continue
        if item.domain is routed.matter_domain:
            progress.waits_already = True
            return Referring(reference)
    return ids


def _references(routed: RoutedRequest) -> list[str]:
    said = [one.text for one in reversed(routed.request.messages) if one.role == "assistant"]
    named = [match.group() for text in said for match in _REFERENCE.finditer(text)]
    return list(dict.fromkeys(named))[:MOST_ASKED]


async def told(
    reviews: ReviewQueue, routed: RoutedRequest, progress: Progress, conclusion: Conclusion
) -> Conclusion:
    """Returns what goes out once its matter waits for a person. Raises the error that is told."""
    if conclusion.review is not None:
        # Noted first: the row of a client that leaves meanwhile names the matter too.
        progress.review_id = conclusion.review.review_id
        if not progress.waits_already:
            await reviews.add(await as_stored(conclusion.review, routed.veil))
    if conclusion.error is not None:
        raise conclusion.error
    return replace(conclusion, candidate=as_sent(routed, progress, conclusion.candidate))

"""Hands the matter of a request over to a person before anything goes out."""

from __future__ import annotations

from msgspec.structs import replace

from router.request.conclusions.openings import as_sent
from router.request.final_answer import Conclusion
from router.request.progress import Progress
from router.request.veiling import as_stored
from router.routing.routed_request import RoutedRequest
from router.types import ReviewQueue


async def handed_over(
    reviews: ReviewQueue, routed: RoutedRequest, progress: Progress, conclusion: Conclusion
) -> Conclusion:
    """Returns what goes out once its matter, if any, waits for a person. Raises its error."""
    if conclusion.review is not None:
        # Noted first: the row of a client that leaves meanwhile names the matter too.
        progress.review_id = conclusion.review.review_id
        await reviews.add(await as_stored(conclusion.review, routed.veil))
    if conclusion.error is not None:
        raise conclusion.error
    return replace(conclusion, candidate=as_sent(routed, progress, conclusion.candidate))

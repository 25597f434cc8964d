"""Takes a client's feedback on the decision behind an answer: `POST /v1/feedback`.

A client has one entry for each decision. A later one replaces it, and the earlier ones stay in the
chain. The same entry again changes nothing but the comment, which a new one replaces, so a retry is
harmless.
"""

from __future__ import annotations

from collections.abc import Callable

from router.api.http.asgi import (
    Receive,
    Scope,
    Send,
    headers_of,
    read_body,
    require_json,
    send_bytes,
)
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import id_headers
from router.errors import NotFound
from router.ledger.row_reading import AFTERWARDS
from router.types import Clock, Feedback, FeedbackBook, FeedbackSource, Ledger
from router.types import Scope as KeyScope
from router.wire.feedback import feedback_view, parse_feedback
from router.wire.openai.render import to_json
from router.wire.public_ids import decision_id, request_id_of


class FeedbackEndpoint:
    """Handles the path. Raises TiergateError, which the server sends."""

    def __init__(
        self,
        book: FeedbackBook,
        ledger: Ledger,
        door: Doorkeeper,
        clock: Clock,
        max_body_bytes: Callable[[], int],
    ) -> None:
        self._book = book
        self._ledger = ledger
        self._door = door
        self._clock = clock
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.CHAT)
        require_json(headers)
        given = parse_feedback(await read_body(headers, receive, self._max_body_bytes()))
        row = await self._ledger.get(request_id_of(given.decision_id), identity.tenant)
        # Rows that were made after an answer are no decisions.
        if row is None or row.endpoint in AFTERWARDS:
            raise no_decision(given.decision_id)
        feedback = Feedback(
            request_id=row.request_id,
            tenant=row.tenant,
            source=FeedbackSource.CLIENT,
            key_id=identity.key_id,
            created_at_ms=self._clock.now_ms(),
            correct=given.correct,
            loss_nano_usd=given.loss_nano_usd,
            resolved_first_contact=given.resolved_first_contact,
            csat=given.csat,
            handle_minutes=given.handle_minutes,
        )
        heard, new = await self._book.add(feedback, given.corrected, given.comment)
        document = {
            "object": "feedback",
            "decision_id": decision_id(row.request_id),
            "new": new,
            **feedback_view(heard),
        }
        await send_bytes(send, 200, to_json(document), id_headers(row.request_id))


def no_decision(public_id: str) -> NotFound:
    """Returns the error for an unknown decision, or one of another tenant."""
    return NotFound(
        f"There is no decision {public_id[:80]!r} of yours. Ids are in the header "
        "x-tiergate-decision-id of each answer.",
        code="decision_not_found",
    )

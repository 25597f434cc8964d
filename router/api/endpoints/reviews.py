"""Lists reviews, shows one with its texts, and takes verdicts: `/v1/reviews`.

A key with the scope `review` sees its own tenant's reviews, an admin's key everyone's.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from router.api.endpoints.listing import limit_of, query_of
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
from router.api.http.decision_headers import request_header
from router.api.observability.log import Log
from router.errors import MethodNotAllowed
from router.request.review_verdicts import Judgement, Reviewer, no_review
from router.types import Identity, Ids, ReviewCase, ReviewDesk, TextReader
from router.types import Scope as KeyScope
from router.wire.checks import one_of
from router.wire.feedback import parse_verdict, review_view
from router.wire.openai.render import to_json
from router.wire.public_ids import decision_id

PREFIX = "/v1/reviews/"
STATUSES = ("pending", "decided", "done", "all")
MOST_LISTED = 1_000
LISTED = 100


class Reviews:
    """Handles the three operations. Raises TiergateError, which the server sends."""

    def __init__(
        self,
        desk: ReviewDesk,
        reviewer: Reviewer,
        texts: TextReader,
        door: Doorkeeper,
        ids: Ids,
        max_body_bytes: Callable[[], int],
    ) -> None:
        self._desk = desk
        self._reviewer = reviewer
        self._texts = texts
        self._door = door
        self._ids = ids
        self._max_body_bytes = max_body_bytes
        self._log = Log("tiergate.reviews")

    async def _admit(self, headers: dict[str, str]) -> Identity:
        """Admits a caller who may see reviews.

        Without keys, only requests under this machine's own name are admitted, because texts are
        shown.
        """
        identity = await self._door.admit(headers, KeyScope.REVIEW)
        self._door.require_own_name(headers, identity)
        return identity

    async def list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles `GET /v1/reviews?status=pending&limit=100`, the most urgent first."""
        identity = await self._admit(headers_of(scope))
        status, limit = _asked(scope)
        cases = await self._desk.cases(_whose(identity), status, limit)
        document = {"object": "list", "data": [_view(case) for case in cases]}
        await send_bytes(send, 200, to_json(document), request_header(self._ids.new()))

    async def one(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles `GET` of one review, or `POST` of its verdict."""
        identity = await self._admit(headers_of(scope))
        review_id = scope["path"].removeprefix(PREFIX)
        if scope["method"] == "POST":
            case = await self._decide(scope, receive, review_id, identity)
        elif scope["method"] in ("GET", "HEAD"):
            stored = await self._desk.case(review_id, _whose(identity))
            if stored is None:
                raise no_review(review_id)
            case = stored
        else:
            raise MethodNotAllowed(f"{PREFIX}{{id}} takes GET and POST, not {scope['method']}.")
        view = _view(case)
        steps = await self._texts.get(case.item.request_id, case.item.tenant, "steps")
        if steps is not None:
            view["reasoning"] = json.loads(steps)
        await send_bytes(send, 200, to_json(view), request_header(self._ids.new()))

    async def _decide(
        self, scope: Scope, receive: Receive, review_id: str, identity: Identity
    ) -> ReviewCase:
        headers = headers_of(scope)
        require_json(headers)
        verdict = parse_verdict(await read_body(headers, receive, self._max_body_bytes()))
        judgement = Judgement(
            verdict.verdict,
            verdict.minutes,
            verdict.corrected,
            verdict.by,
            identity.key_id,
            verdict.reason,
            verdict.new_class,
        )
        case = await self._reviewer.decide(review_id, _whose(identity), judgement)
        # The verdict stands without a price, but its cost is missing in every report.
        if case.reviewed is not None and case.reviewed.cost_nano_usd is None:
            self._log.warning("review_without_price", review=review_id, minutes=verdict.minutes)
        return case


def _whose(identity: Identity) -> str | None:
    """Returns the tenant whose reviews the caller sees; None: an admin's key sees all."""
    return None if KeyScope.ADMIN in identity.scopes else identity.tenant


def _view(case: ReviewCase) -> dict[str, object]:
    return review_view(case, decision_id(case.item.request_id))


def _asked(scope: Scope) -> tuple[str | None, int]:
    """Returns status and limit of the query. Raises RequestError for other keys and values."""
    query = query_of(scope, ("status", "limit"))
    status = one_of(query.get("status", "pending"), "status", STATUSES)
    limit = limit_of(query, LISTED, MOST_LISTED)
    return (None if status == "all" else status), limit

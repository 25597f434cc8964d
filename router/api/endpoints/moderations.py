"""`POST /v1/moderations`: what the safety heads say, in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from router.api.endpoints.analyze import texts_headers
from router.api.http.access import Doorkeeper
from router.api.http.asgi import (
    Receive,
    Scope,
    Send,
    headers_of,
    send_bytes,
)
from router.api.http.decision_views import decision_id
from router.api.observability.metrics import Metrics
from router.policy.head_conditions import readings_of
from router.routing.planner import Router
from router.specialists.builtin_models import require_own
from router.specialists.ledger_row import MODERATIONS
from router.specialists.moderation import document, moderated
from router.specialists.service import Analysed, Analyst, Found
from router.types import MODERATION_MODEL
from router.wire.openai.moderations import parse_moderation_request, render_moderations


class Moderations:
    """The handler, with what it needs. `moderation` finds the policy whose heads are asked."""

    def __init__(
        self,
        analyst: Analyst,
        moderation: Callable[[], Awaitable[Found]],
        router: Router,
        door: Doorkeeper,
        metrics: Metrics,
    ) -> None:
        self._analyst = analyst
        self._moderation = moderation
        self._router = router
        self._door = door
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        policy = self._router.default.policy
        identity, body = await self._door.receive(headers, receive, policy.max_body_bytes)
        asked = parse_moderation_request(body, headers)
        require_own(policy, asked.model, MODERATION_MODEL)
        found = await self._moderation()
        analysed = await self._analyst.analyse(
            found, asked.texts, identity, asked.tags, endpoint=MODERATIONS, model=asked.model
        )
        costs = [one.cost_nano_usd for one in analysed]
        self._metrics.analysed(found.runtime.policy.name, costs)
        answer = render_moderations(
            [_result(found, one) for one in analysed],
            id=f"modr-{analysed[0].request_id}",
            model=MODERATION_MODEL,
        )
        model = f"{MODERATION_MODEL}@{analysed[0].signals.triage_version}"
        told = [*texts_headers(found, analysed), (b"x-tiergate-model", model.encode())]
        await send_bytes(send, 200, answer, told)


def _result(found: Found, analysed: Analysed) -> dict[str, object]:
    """OpenAI's entry, and beside it what the policy's own rules say of the text."""
    said = analysed.said
    return {
        **document(moderated(readings_of(analysed.signals), found.runtime.head_classes)),
        "decision_id": decision_id(analysed.request_id),
        "verdict": said.verdict,
        "reason": said.reason,
    }

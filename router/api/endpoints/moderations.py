"""Serves the safety heads in OpenAI's form: `POST /v1/moderations`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from router.api.endpoints.analyze import texts_headers
from router.api.http.asgi import (
    Receive,
    Scope,
    Send,
    headers_of,
    send_bytes,
)
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import dropped_header
from router.api.observability.metrics import Metrics
from router.policy.head_conditions import readings_of
from router.routing.planner import Router
from router.specialists.builtin_models import require_own
from router.specialists.ledger_row import MODERATIONS
from router.specialists.moderation import document, moderated
from router.specialists.service import Analysed, Analyst, NamedSpecialist
from router.types import MODERATION_MODEL
from router.wire.openai.moderations import parse_moderation_request, render_moderations
from router.wire.public_ids import decision_id


class Moderations:
    """Handles the path. `moderation` finds the policy whose heads are used."""

    def __init__(
        self,
        analyst: Analyst,
        moderation: Callable[[], Awaitable[NamedSpecialist]],
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
        moderation_request = parse_moderation_request(body, headers)
        require_own(policy, moderation_request.model, MODERATION_MODEL)
        specialist = await self._moderation()
        analysed = await self._analyst.analyse(
            specialist,
            moderation_request.texts,
            identity,
            moderation_request.tags,
            endpoint=MODERATIONS,
            model=moderation_request.model,
        )
        cost_nano_usd = sum(text_analysis.cost_nano_usd for text_analysis in analysed)
        self._metrics.analysed(specialist.runtime.policy.name, len(analysed), cost_nano_usd)
        answer = render_moderations(
            [_result(specialist, text_analysis) for text_analysis in analysed],
            id=f"modr-{analysed[0].request_id}",
            model=MODERATION_MODEL,
        )
        model = f"{MODERATION_MODEL}@{analysed[0].signals.triage_version}"
        headers_sent = [
            *texts_headers(specialist, analysed),
            (b"x-tiergate-model", model.encode()),
            *dropped_header(moderation_request.dropped),
        ]
        await send_bytes(send, 200, answer, headers_sent)


def _result(specialist: NamedSpecialist, analysed: Analysed) -> dict[str, object]:
    """Returns OpenAI's entry with the decision of the policy's own rules."""
    result, runtime = analysed.said, specialist.runtime
    lists = [terms.name for terms in runtime.policy.terms]
    scores = moderated(readings_of(analysed.signals), runtime.head_classes, lists)
    return {
        **document(scores),
        "decision_id": decision_id(analysed.request_id),
        "verdict": result.verdict,
        "reason": result.reason,
    }

"""Serves the specialists: `POST /api/v1/{domain}/{task}/analyze` and `/batch`."""

from __future__ import annotations

from collections.abc import Sequence

from router.api.http.asgi import (
    Receive,
    Scope,
    Send,
    headers_of,
    send_bytes,
)
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import Headers, id_headers
from router.api.http.decision_views import usd
from router.api.observability.metrics import Metrics
from router.errors import NotFound
from router.routing.key_access import check_policy
from router.routing.planner import Router
from router.specialists.result import document
from router.specialists.service import Analysed, Analyst, NamedSpecialist
from router.types import Scope as KeyScope
from router.wire.analysis import parse_analysis, render_analysis
from router.wire.public_ids import decision_id

PREFIX = "/api/v1/"
VERBS = ("analyze", "batch")


class Analyses:
    """Handles both paths."""

    def __init__(
        self, analyst: Analyst, router: Router, door: Doorkeeper, metrics: Metrics
    ) -> None:
        self._analyst = analyst
        self._router = router
        self._door = door
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.CHAT)
        domain, task, verb = parts_of(scope["path"])
        specialist = self._analyst.find(domain, task)
        # A key may be limited to policies, and a specialist belongs to one.
        check_policy(identity, specialist.runtime.policy.name)
        most = self._router.default.policy.max_body_bytes
        body = await self._door.body_of(identity, headers, receive, most)
        batch = verb == "batch"
        analysis = parse_analysis(body, batch=batch)
        analysed = await self._analyst.analyse(specialist, analysis.texts, identity, analysis.tags)
        cost_nano_usd = sum(text_analysis.cost_nano_usd for text_analysis in analysed)
        self._metrics.analysed(specialist.runtime.policy.name, len(analysed), cost_nano_usd)
        common = _common(specialist, analysed[0])
        body = render_analysis(
            [_result(text_analysis) for text_analysis in analysed], common, batch=batch
        )
        await send_bytes(send, 200, body, texts_headers(specialist, analysed))


def parts_of(path: str) -> tuple[str, str, str]:
    """Returns domain, task and verb of a path. Raises NotFound."""
    parts = path.removeprefix(PREFIX).split("/")
    if len(parts) != 3 or parts[2] not in VERBS:
        raise NotFound(
            f"There is nothing at {path[:200]!r}. Analyses are at "
            f"{PREFIX}{{domain}}/{{task}}/analyze and /batch."
        )
    return parts[0], parts[1], parts[2]


def _common(specialist: NamedSpecialist, first: Analysed) -> dict[str, object]:
    return {
        "domain": specialist.section.domain,
        "task": specialist.task,
        "policy": f"{specialist.runtime.policy.name}@{specialist.runtime.policy_hash}",
        "model": first.signals.triage_version,
    }


def _result(analysed: Analysed) -> dict[str, object]:
    return {"id": decision_id(analysed.request_id), **document(analysed.said)}


def texts_headers(specialist: NamedSpecialist, analysed: Sequence[Analysed]) -> Headers:
    """Returns the headers of the whole request: the first text's decision, the cost of
    all texts.
    """
    first = analysed[0]
    policy = f"{specialist.runtime.policy.name}@{specialist.runtime.policy_hash}"
    return [
        *id_headers(first.request_id),
        (b"x-tiergate-tier", b"specialist"),
        (b"x-tiergate-policy", policy.encode()),
        (
            b"x-tiergate-cost-usd",
            usd(sum(text_analysis.cost_nano_usd for text_analysis in analysed)).encode(),
        ),
    ]

"""Shows rollouts: `GET /api/v1/rollouts`, and one with its arms by stratum below it.

    GET /api/v1/rollouts            {"object": "list", "data": [ROLLOUT, ...]}
    GET /api/v1/rollouts/{policy}   ROLLOUT and "arms", "strata"

`router.rollout.report.status` describes ROLLOUT. "arms" is {"base": ARM, "candidate": ARM}, and
"strata" a list of {"kind": domain | level | tenant, "name", "base": ARM, "candidate": ARM}, where
ARM is {"requests", "mean_usd", "errors": {"mean", "lower", "upper"}, "cost", "latency",
"complaints"}: shares, dollars, milliseconds. Figures are of all tenants, so the key needs the scope
admin; without any key everybody on this machine may read.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from router.api.http.asgi import Receive, Scope, Send, headers_of, send_bytes
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import request_header
from router.errors import NotFound
from router.types import Ids
from router.types import Scope as KeyScope
from router.wire.openai.render import to_json

PATH = "/api/v1/rollouts"


class Shown(Protocol):
    """Returns the state of rollouts; of one policy with its strata. Blocks; raises LedgerError."""

    def shown(self, policy: str | None = None) -> list[dict[str, object]]: ...


class RolloutViews:
    """Handles both paths. Raises TiergateError, which the server sends."""

    def __init__(self, rollouts: Shown, door: Doorkeeper, ids: Ids) -> None:
        self._rollouts = rollouts
        self._door = door
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the list, or one rollout."""
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.ADMIN)
        self._door.require_own_name(headers, identity)
        policy = scope["path"].removeprefix(PATH).removeprefix("/")
        shown = await asyncio.to_thread(self._rollouts.shown, policy or None)
        if policy and not shown:
            raise NotFound(
                f"The policy {policy[:80]!r} has had no rollout. {PATH} lists those that had one."
            )
        body = to_json(shown[0] if policy else {"object": "list", "data": shown})
        await send_bytes(send, 200, body, request_header(self._ids.new()))

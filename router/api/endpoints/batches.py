"""Serves `/v1/batches` as OpenAI does: create, get, list, cancel. The runner does the work."""

from __future__ import annotations

from collections.abc import Callable

from router.api.batches.lines import BY_DOMAIN, BY_DOMAIN_WORDS, ENDPOINTS
from router.api.batches.views import batch_view, page
from router.api.endpoints.files import no_file, owner_of, seconds_of
from router.api.endpoints.listing import limit_of, query_of
from router.api.http.asgi import Receive, Scope, Send, headers_of, send_bytes
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import request_header
from router.errors import MethodNotAllowed, NotFound, RequestError
from router.money.days import DAY_MS
from router.policy.sections.batches import BatchesSection
from router.types import Batch, BatchState, BatchStore, Clock, FileStore, Ids, Owner
from router.types import Scope as KeyScope
from router.wire.checks import (
    bounded_text,
    json_object,
    mapping,
    missing,
    one_of,
    text,
    unsupported,
    wrong_value,
)
from router.wire.openai.render import to_json

PATH = "/v1/batches"
WINDOW = "24h"
MAX_METADATA = 16
KEYS = ("input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after")
LISTED, MOST_LISTED = 20, 100


class Batches:
    """Handles the paths."""

    def __init__(
        self,
        batches: BatchStore,
        files: FileStore,
        door: Doorkeeper,
        bounds: Callable[[], BatchesSection],
        max_body_bytes: Callable[[], int],
        wake: Callable[[], None],
        *,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Takes the parts; `wake` tells this process's runner that there is work."""
        self._batches = batches
        self._files = files
        self._door = door
        self._bounds = bounds
        self._max_body_bytes = max_body_bytes
        self._wake = wake
        self._clock = clock
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles `/v1/batches`: POST creates, GET lists."""
        headers = headers_of(scope)
        if scope["method"] == "POST":
            identity, body = await self._door.receive(headers, receive, self._max_body_bytes())
            batch = await self._created(json_object(body), owner_of(identity))
            await self._say(send, batch_view(batch))
        elif scope["method"] in ("GET", "HEAD"):
            await self._say(send, await self._list(scope, await self._admit(headers)))
        else:
            raise MethodNotAllowed(f"{PATH} takes GET and POST.", allow="GET, HEAD, POST")

    async def one(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles `/v1/batches/{id}` and `/v1/batches/{id}/cancel`."""
        owner = await self._admit(headers_of(scope))
        batch_id, _, rest = scope["path"].removeprefix(f"{PATH}/").partition("/")
        if rest not in ("", "cancel"):
            raise NotFound(f"There is nothing at {scope['path'][:200]!r}.")
        method = "POST" if rest else "GET"
        if scope["method"] != method and not (method == "GET" and scope["method"] == "HEAD"):
            raise MethodNotAllowed(f"{scope['path'][:200]} takes {method}.", allow=method)
        if rest:
            batch = await self._batches.cancel(batch_id, owner)
            self._wake()
        else:
            batch = await self._batches.get(batch_id, owner)
        if batch is None:
            raise NotFound(
                f"No batch {batch_id[:80]!r} of this key was found.", code="batch_not_found"
            )
        await self._say(send, batch_view(batch))

    async def _admit(self, headers: dict[str, str]) -> Owner:
        identity = await self._door.admit(headers, KeyScope.CHAT)
        self._door.require_own_name(headers, identity)
        return owner_of(identity)

    async def _created(self, given: dict[str, object], owner: Owner) -> Batch:
        for key in given:
            if key not in KEYS:
                raise unsupported(key[:64], f"a batch has {', '.join(KEYS)}")
        for key in KEYS[:3]:
            if given.get(key) is None:
                raise missing(key, {"endpoint": f"one of {', '.join(ENDPOINTS)}"}.get(key, "text"))
        endpoint = text(given["endpoint"], "endpoint")
        if endpoint not in ENDPOINTS and not BY_DOMAIN.fullmatch(endpoint):
            allowed = ", ".join((*ENDPOINTS, BY_DOMAIN_WORDS))
            raise wrong_value("endpoint", endpoint, f"one of {allowed}")
        window = one_of(given["completion_window"], "completion_window", (WINDOW,))
        metadata = _metadata(given.get("metadata"))
        lasting = given.get("output_expires_after")
        lasting_s = 0
        if lasting is not None:
            lasting_s = seconds_of(mapping(lasting, "output_expires_after").get("seconds"))
        file_id = text(given["input_file_id"], "input_file_id")
        file = await self._files.get(file_id, owner)
        if file is None:
            raise no_file(file_id)
        now_ms = self._clock.now_ms()
        batch = Batch(
            batch_id=f"batch_{self._ids.new()}",
            owner=owner,
            endpoint=endpoint,
            input_file_id=file_id,
            state=BatchState.VALIDATING,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + DAY_MS,
            completion_window=window,
            metadata=metadata,
            output_expires_s=lasting_s,
        )
        most = self._bounds().max_running
        if not await self._batches.add(batch, most):
            raise RequestError(
                f"This key has {most} batches with work, which is the most. Wait for one to end, "
                "or cancel one.",
                code="too_many_batches",
            )
        self._wake()
        return batch

    async def _list(self, scope: Scope, owner: Owner) -> dict[str, object]:
        query = query_of(scope, ("limit", "after"))
        limit = limit_of(query, LISTED, MOST_LISTED)
        batches = await self._batches.listed(owner, query.get("after"), limit + 1)
        return page([batch_view(batch) for batch in batches[:limit]], more=len(batches) > limit)

    async def _say(self, send: Send, view: dict[str, object]) -> None:
        await send_bytes(send, 200, to_json(view), request_header(self._ids.new()))


def _metadata(value: object) -> dict[str, str]:
    if value is None:
        return {}
    given = mapping(value, "metadata")
    if len(given) > MAX_METADATA:
        raise wrong_value("metadata", given, f"at most {MAX_METADATA} entries")
    return {
        bounded_text(name, "metadata", 1, 64): bounded_text(
            content, f"metadata.{name[:64]}", 0, 512
        )
        for name, content in given.items()
    }

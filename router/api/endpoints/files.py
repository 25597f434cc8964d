"""Serves `/v1/files` as OpenAI does: upload, list, get, content, delete.

A file belongs to the key that uploaded it. An upload passes to the store in parts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from msgspec.structs import replace

from router.api.batches.views import file_view, page
from router.api.endpoints.listing import limit_of, query_of
from router.api.http.asgi import Receive, Scope, Send, headers_of, send_bytes
from router.api.http.authentication import Doorkeeper
from router.api.http.content_coding import coding_of
from router.api.http.decision_headers import request_header
from router.api.http.multipart import Form, boundary_of, file_of
from router.api.observability.log import Log
from router.errors import (
    BodyTooLarge,
    ClientGone,
    LedgerError,
    MethodNotAllowed,
    NotFound,
    RequestError,
    UnsupportedMedia,
)
from router.policy.sections.batches import BatchesSection
from router.types import PART_BYTES, Clock, FileStore, Identity, Ids, Owner, StoredFile
from router.types import Scope as KeyScope
from router.wire.checks import missing, one_of, unsupported, wrong_value
from router.wire.openai.render import to_json

PATH = "/v1/files"
FORM_BYTES = 64 * 1024
"""Bounds the bytes of a form beside its file: fields, headers and boundaries."""
LISTED, MOST_LISTED = 100, 1_000
SHORTEST_S, LONGEST_S = 3_600, 30 * 86_400


def owner_of(identity: Identity) -> Owner:
    """Returns the owner of what a caller uploads or starts."""
    return Owner(identity.tenant, identity.key_id)


def no_file(file_id: str) -> NotFound:
    """Returns the error for a file that does not exist for this key."""
    return NotFound(f"No file {file_id[:80]!r} of this key was found.", code="file_not_found")


class Files:
    """Handles both paths."""

    def __init__(
        self,
        files: FileStore,
        door: Doorkeeper,
        bounds: Callable[[], BatchesSection],
        *,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._files = files
        self._log = Log("tiergate.app")
        self._door = door
        self._bounds = bounds
        self._clock = clock
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles `/v1/files`: POST uploads, GET lists."""
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.CHAT)
        if scope["method"] == "POST":
            file = await self._uploaded(headers, receive, owner_of(identity))
            await self._say(send, file_view(file))
        elif scope["method"] in ("GET", "HEAD"):
            self._door.require_own_name(headers, identity)
            await self._say(send, await self._list(scope, owner_of(identity)))
        else:
            raise MethodNotAllowed(f"{PATH} takes GET and POST.", allow="GET, HEAD, POST")

    async def one(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles `/v1/files/{id}` and `/v1/files/{id}/content`."""
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.CHAT)
        self._door.require_own_name(headers, identity)
        owner = owner_of(identity)
        file_id, _, rest = scope["path"].removeprefix(f"{PATH}/").partition("/")
        if rest not in ("", "content"):
            raise NotFound(f"There is nothing at {scope['path'][:200]!r}.")
        if scope["method"] == "DELETE" and not rest:
            if not await self._files.delete(file_id, owner):
                raise no_file(file_id)
            await self._say(send, {"id": file_id, "object": "file", "deleted": True})
            return
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed("A file takes GET and DELETE.", allow="GET, HEAD, DELETE")
        file = await self._files.get(file_id, owner)
        if file is None:
            raise no_file(file_id)
        if rest:
            await self._content(file, send)
        else:
            await self._say(send, file_view(file))

    async def _uploaded(
        self, headers: dict[str, str], receive: Receive, owner: Owner
    ) -> StoredFile:
        """Reads the form and keeps its file; nothing is left of an upload that fails."""
        bounds = self._bounds()
        # A compressed upload could grow without bound, so none is taken.
        if coding_of(headers):
            raise UnsupportedMedia("A file is uploaded without Content-Encoding.")
        boundary = boundary_of(headers.get("content-type", ""))
        number, stored = await self._files.usage(owner)
        if number >= bounds.max_files or stored >= bounds.max_stored_bytes:
            raise RequestError(
                f"This key keeps {number} files with {stored} bytes; at most "
                f"{bounds.max_files} and {bounds.max_stored_bytes} are kept. Delete some. An "
                "upload that a crash ended counts for an hour and is in no list.",
                code="too_many_files",
            )
        now_ms = self._clock.now_ms()
        file = StoredFile(f"file-{self._ids.new()}", owner, "batch", "", 0, now_ms)
        most = min(bounds.max_file_bytes, bounds.max_stored_bytes - stored)
        form = Form()
        await self._files.begin(file)
        try:
            file = await self._kept(file, boundary, receive, form, most)
            file = replace(
                file, filename=form.filename or "", **_told(form, now_ms, bounds.retention_days)
            )
            await self._files.finish(file)
        except BaseException as error:
            if isinstance(error, LedgerError):
                self._log.warning(
                    "upload_refused",
                    file=file.file_id,
                    tenant=owner.tenant,
                    reason=error.message,
                )
            await self._files.delete(file.file_id, owner)
            raise
        return file

    async def _kept(
        self, file: StoredFile, boundary: bytes, receive: Receive, form: Form, most: int
    ) -> StoredFile:
        size, part, waiting = 0, 0, b""
        async for piece in file_of(_chunks(receive, most + FORM_BYTES), boundary, form):
            size += len(piece)
            if size > most:
                raise _too_large(most)
            waiting += piece
            while len(waiting) >= PART_BYTES:
                await self._add(file, part, waiting[:PART_BYTES])
                part, waiting = part + 1, waiting[PART_BYTES:]
        if form.filename is None:
            raise missing("file", "a field with the file's content")
        if waiting:
            await self._add(file, part, waiting)
        return replace(file, size=size)

    async def _add(self, file: StoredFile, part: int, content: bytes) -> None:
        """Keeps a part. Raises BodyTooLarge where its owner's files, which may grow at the same
        time, have too many bytes together.
        """
        kept = await self._files.append(file, part, content)
        most = self._bounds().max_stored_bytes
        if kept > most:
            others = kept - part * PART_BYTES - len(content)
            raise _too_large(max(0, most - others))

    async def _list(self, scope: Scope, owner: Owner) -> dict[str, object]:
        query = query_of(scope, ("purpose", "limit", "after", "order"))
        limit = limit_of(query, LISTED, MOST_LISTED)
        files = await self._files.listed(
            owner,
            purpose=query.get("purpose"),
            after=query.get("after"),
            limit=limit + 1,
            newest=one_of(query.get("order", "desc"), "order", ("asc", "desc")) == "desc",
        )
        return page([file_view(file) for file in files[:limit]], more=len(files) > limit)

    async def _content(self, file: StoredFile, send: Send) -> None:
        headers = [
            (b"content-type", b"application/octet-stream"),
            (b"content-length", str(file.size).encode()),
            *request_header(self._ids.new()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for part in self._files.parts(file):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _say(self, send: Send, view: dict[str, object]) -> None:
        await send_bytes(send, 200, to_json(view), request_header(self._ids.new()))


async def _chunks(receive: Receive, most: int) -> AsyncIterator[bytes]:
    size = 0
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientGone("The client closed the connection before its file was read.")
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        more = event.get("more_body", False)
        yield chunk


def _told(form: Form, now_ms: int, retention_days: int) -> dict[str, int]:
    """Returns the end of a file, from the form's fields. Raises RequestError for wrong ones."""
    fields = form.fields
    for name in fields:
        if name not in ("purpose", "expires_after[anchor]", "expires_after[seconds]"):
            raise unsupported(name[:64], "the form has file, purpose and expires_after")
    if "purpose" not in fields:
        raise missing("purpose", "`batch`: files for a message go inside it, as base64")
    if fields["purpose"] != "batch":
        raise wrong_value("purpose", fields["purpose"], "`batch`: no other purpose is served here")
    if fields.get("expires_after[anchor]", "created_at") != "created_at":
        raise wrong_value("expires_after.anchor", fields["expires_after[anchor]"], "`created_at`")
    seconds = retention_days * 86_400
    if "expires_after[seconds]" in fields:
        seconds = min(seconds, seconds_of(fields["expires_after[seconds]"]))
    return {"expires_at_ms": now_ms + seconds * 1000}


def seconds_of(value: object) -> int:
    """Returns the seconds of `expires_after`. Raises RequestError."""
    text = str(value)
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise wrong_value("expires_after.seconds", value, f"{SHORTEST_S} to {LONGEST_S}")
    return seconds


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The file has more than {most} bytes, which is what this key may still keep. Divide "
        "it, delete others, or raise batches.max_file_bytes in the policy."
    )

"""Tiergate inside a backend: the same path as the server, called as functions.

    from router import Gateway

    with Gateway.from_policy("customer_support") as gateway:
        print(gateway.route("How do I return a parcel?").rung.tier)
        print(gateway.complete("How do I return a parcel?").answer.text)

`route` needs no event loop and writes nothing. Everything else runs on one event loop, its home:
the loop that first awaits something here, or a thread of its own when the first call is
synchronous. Calls from elsewhere are handed over, so threads and loops may share one Gateway.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from msgspec.structs import replace

from router.api.compose.app import App
from router.api.compose.core import Core, Hosts, Settings, load_policies
from router.api.http.asgi import Handler, Receive, Scope, Send
from router.errors import TiergateError
from router.request.intake import decided_outcome
from router.types import ChatRequest, Hints, Identity, Message, Outcome, StreamEvent
from router.types import Scope as KeyScope
from router.wire.messages import read_messages

T = TypeVar("T")

CALLER = Identity("library", "none", frozenset({KeyScope.CHAT, KeyScope.HINTS_LOWER}))
"""Who pays for calls made in process: the backend itself, which may lower what it asks for."""

Asked = str | Sequence[Mapping[str, object] | Message] | ChatRequest


class Gateway:
    """A gateway over one policy. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        """Loads the policy and the triage model; raises PolicyError with all mistakes."""
        self._settings = settings
        self._environ = environ
        self._loaded = load_policies(settings, environ)
        self._core = Core(settings, self._loaded, environ)
        self._starting = threading.Lock()
        self._hosts: Hosts | None = None
        self._app: App | None = None
        self._home: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @classmethod
    def from_policy(
        cls,
        policy: str | Path = "default",
        *,
        database: str | Path = ".tiergate/ledger.db",
        environ: Mapping[str, str] | None = None,
    ) -> Gateway:
        """Returns a gateway for a shipped policy's name or a policy file. Raises PolicyError."""
        settings = Settings(
            policies=(str(policy),), database=database, watch=False, guard_origin=False
        )
        return cls(settings, os.environ if environ is None else environ)

    # --- what it does ---------------------------------------------------------------------------

    def route(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> Outcome:
        """Returns the decision alone: calls no tier, writes nothing.

        Raises NotCapable, ModelNotFound.
        """
        return decided_outcome(self._core.router, _request(asked, hints, context), identity)

    def complete(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> Outcome:
        """Returns the answer with its decision, for code without an event loop.

        Raises TiergateError.
        """
        request = _request(asked, hints, context)
        home = self._start_thread()
        task = self._complete(request, identity)
        return asyncio.run_coroutine_threadsafe(task, home).result()

    async def acomplete(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> Outcome:
        """Returns the outcome as `complete` does, awaited."""
        return await self._at_home(self._complete(_request(asked, hints, context), identity))

    async def stream(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> AsyncGenerator[StreamEvent, None]:
        """One Committed, any Deltas, one Outcome. Closing it cancels the upstream call."""
        request = _request(asked, hints, context, stream=True)
        events = self._events(request, identity)
        try:
            while (event := await self._at_home(_next(events))) is not None:
                yield event
        finally:
            await self._at_home(events.aclose())

    def asgi(self) -> Handler:
        """Returns the HTTP surface, to mount: `app.mount("/llm", gateway.asgi())`."""
        return self._serve

    # --- the event loop it lives on -------------------------------------------------------------

    async def _complete(self, request: ChatRequest, identity: Identity) -> Outcome:
        return await (await self._started()).gateway.complete(request, identity)

    async def _events(
        self, request: ChatRequest, identity: Identity
    ) -> AsyncGenerator[StreamEvent, None]:
        app = await self._started()
        async with aclosing(app.gateway.stream(request, identity)) as events:
            async for event in events:
                yield event

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one ASGI call, from whatever loop the outer application runs on."""
        if scope["type"] == "lifespan":
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        inner = {**scope, "path": path or "/"}
        await self._at_home(self._handle(inner, self._from(receive), self._from(send)))

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._started()).server(scope, receive, send)

    def _from(self, function: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
        """`function` of the calling loop, to be awaited at home."""
        theirs = asyncio.get_running_loop()
        if self._home in (None, theirs):
            return function

        async def crossing(*given: object) -> T:
            async def there() -> T:
                return await function(*given)

            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(there(), theirs))

        return crossing

    async def _at_home(self, task: Coroutine[object, object, T]) -> T:
        here = asyncio.get_running_loop()
        with self._starting:
            if self._home is None:
                self._home = here
        if self._home is here:
            return await task
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(task, self._home))

    def _start_thread(self) -> asyncio.AbstractEventLoop:
        """Home for synchronous callers: a loop in a thread of its own, unless there is one."""
        with self._starting:
            if self._home is None:
                self._home = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._home.run_forever, name="tiergate", daemon=True
                )
                self._thread.start()
            return self._home

    async def _started(self) -> App:
        """Returns the app, opened and started by the first call. Runs at home only."""
        if self._app is None:
            self._hosts = Hosts.start(self._loaded)
            core = Core(self._settings, self._loaded, self._environ, self._hosts.addresses)
            self._core, app = core, App(self._settings, core, self._hosts)
            self._app = app
            await app.start()
        return self._app

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Drain and stop. In the loop that is its home use `aclose`."""
        if self._home is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(self.aclose(), self._home).result()
            self._home.call_soon_threadsafe(self._home.stop)
            self._thread.join()
        elif self._app is not None:
            raise TiergateError("This Gateway lives on your event loop: await gateway.aclose().")

    async def aclose(self) -> None:
        """Drain what is being written, stop the local model, close the ledger."""
        app, self._app = self._app, None
        if app is not None:
            await app.close()
        if self._hosts is not None:
            await asyncio.to_thread(self._hosts.close)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Gateway:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


async def _next(events: AsyncGenerator[StreamEvent, None]) -> StreamEvent | None:
    return await anext(events, None)


def _request(
    asked: Asked,
    hints: Hints | None,
    context: Mapping[str, str] | None,
    *,
    stream: bool = False,
) -> ChatRequest:
    """Returns a text, a conversation or a ChatRequest as a request.

    A ChatRequest keeps its own hints unless others are given beside it.
    """
    if isinstance(asked, ChatRequest):
        request = replace(asked, stream=stream)
    else:
        request = ChatRequest(_messages(asked), "auto", stream=stream)
    given = request.hints if hints is None else hints
    if context is not None:
        given = replace(given, context={**given.context, **context})
    return replace(request, hints=given)


def _messages(asked: str | Sequence[Mapping[str, object] | Message]) -> tuple[Message, ...]:
    if isinstance(asked, str):
        return (Message("user", asked),)
    return tuple(
        m if isinstance(m, Message) else read_messages([dict(m)], "messages")[0] for m in asked
    )

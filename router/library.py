"""Runs Tiergate inside a Python backend: the server's request path, called as functions.

    from router import Gateway

    with Gateway.from_policy("customer_support") as gateway:
        print(gateway.route("How do I return a parcel?").rung.tier)
        print(gateway.complete("How do I return a parcel?").answer.text)

`route` needs no event loop and writes nothing. Everything else runs on one event loop, the home
loop. It is the loop that first awaits a method here, or the loop of a new thread when the first
call is synchronous. Calls from other threads and loops are handed over to it, so they may share one
Gateway.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from router.api.compose.app import App
from router.api.compose.core import Core, Hosts, Settings, load_policies
from router.api.compose.mounted.document_vectors import vectors_of
from router.api.http.asgi import GUARDED, Handler, Receive, Scope, Send
from router.errors import TiergateError
from router.request.intake import decided_outcome
from router.types import (
    WITHOUT_KEY,
    AnswererFacts,
    ChatRequest,
    Hints,
    Identity,
    Message,
    Outcome,
    OutsideVectors,
    StreamEvent,
)
from router.types import Scope as KeyScope
from router.wire.hints import checked_hints
from router.wire.openai.in_process import read_asked

T = TypeVar("T")

CALLER = Identity("library", WITHOUT_KEY, frozenset({KeyScope.CHAT, KeyScope.HINTS_LOWER}))
"""Identifies the caller of calls made in process: the backend itself pays, and may lower its hints.
"""

Asked = str | Sequence[Mapping[str, object] | Message] | Mapping[str, object] | ChatRequest


class Gateway:
    """Serves requests under one policy. Close it, or use it as a context manager."""

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
        self._process = 0  # in which the home loop runs

    @classmethod
    def from_policy(
        cls,
        policy: str | Path = "default",
        *,
        database: str | Path = ".tiergate/ledger.db",
        documents: str | Path = ".tiergate/documents.db",
        environ: Mapping[str, str] | None = None,
    ) -> Gateway:
        """Returns a gateway for a shipped policy's name or a policy file. Raises PolicyError."""
        # The outer application reloads.
        settings = Settings(
            policies=(str(policy),),
            database=database,
            documents=str(documents),
            watch=False,
        )
        return cls(settings, os.environ if environ is None else environ)

    def route(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> Outcome:
        """Returns the decision, calls no tier, writes nothing. Raises NotCapable, ModelNotFound."""
        return decided_outcome(self._core.router, _request(asked, hints, context), identity)

    def answerers(self) -> tuple[AnswererFacts, ...]:
        """Returns what is known of each answerer of the policy, in ladder order."""
        return tuple(plan.facts for plan in self._core.router.default.plans)

    def complete(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> Outcome:
        """Returns the answer with its decision, without an event loop. Raises TiergateError."""
        request = _request(asked, hints, context)
        home = self._start_thread()
        task = self._complete(request, identity)
        return asyncio.run_coroutine_threadsafe(task, home).result()

    def embed(self, texts: Sequence[str], *, identity: Identity = CALLER) -> OutsideVectors:
        """Returns vectors by the embedder of the policy's `documents`, booked as a request.

        Raises TiergateError.
        """
        home = self._start_thread()
        return asyncio.run_coroutine_threadsafe(self._embedded(texts, identity), home).result()

    async def acomplete(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> Outcome:
        """Returns the same as `complete`, awaited."""
        return await self._at_home(self._complete(_request(asked, hints, context), identity))

    async def stream(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yields one Committed, any Deltas, one Outcome. Closing it cancels the upstream call."""
        request = _request(asked, hints, context, stream=True)
        events = self._events(request, identity)
        try:
            while (event := await self._at_home(_next(events))) is not None:
                yield event
        finally:
            # The generator runs at home, so only the home loop may close it.
            await self._at_home(events.aclose())

    def asgi(self, *, guarded: bool = False) -> Handler:
        """Returns the HTTP interface, to mount: `app.mount("/llm", gateway.asgi())`.

        It is an application of ASGI 3, so a server such as uvicorn can also serve it by itself.
        While the database has no API key, it answers callers on this machine only. Set `guarded`
        where the application around it decides who may come in: everybody whom it lets through
        then reads and does everything that the local user may.
        """

        # A function, since uvicorn takes a bound method for an application of ASGI 2.
        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await self._serve({**scope, GUARDED: True} if guarded else scope, receive, send)

        return application

    async def _complete(self, request: ChatRequest, identity: Identity) -> Outcome:
        return await (await self._started()).gateway.complete(request, identity)

    async def _embedded(self, texts: Sequence[str], identity: Identity) -> OutsideVectors:
        core, runtime = (await self._started()).core, self._core.router.default
        return await vectors_of(
            core.documents, runtime.policy, runtime.policy_hash, identity, *texts
        )

    async def _events(
        self, request: ChatRequest, identity: Identity
    ) -> AsyncGenerator[StreamEvent, None]:
        app = await self._started()
        async with aclosing(app.gateway.stream(request, identity)) as events:
            async for event in events:
                yield event

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one ASGI call from any loop on which the outer application runs."""
        # The outer application owns the lifespan; the gateway starts with its first call.
        if scope["type"] == "lifespan":
            return
        # The outer application mounts us under a prefix, and our routes do not know it.
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        inner = {**scope, "path": path or "/"}
        await self._at_home(self._handle(inner, self._from(receive), self._from(send)))

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._started()).server(scope, receive, send)

    def _from(self, function: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
        """Returns a function to await at home that runs `function` in the calling loop."""
        caller_loop = asyncio.get_running_loop()
        if self._home in (None, caller_loop):
            return function

        async def crossing(*given: object) -> T:
            async def there() -> T:
                return await function(*given)

            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(there(), caller_loop))

        return crossing

    async def _at_home(self, task: Coroutine[object, object, T]) -> T:
        """Runs a task on the home loop, which the first caller sets; returns its result."""
        current_loop = asyncio.get_running_loop()
        # Two threads may make the first call at the same moment.
        with self._starting:
            try:
                self._require_own_process()
            except TiergateError:
                task.close()
                raise
            if self._home is None:
                self._home, self._process = current_loop, os.getpid()
        if self._home is current_loop:
            return await task
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(task, self._home))

    def _start_thread(self) -> asyncio.AbstractEventLoop:
        """Returns the home loop for synchronous callers; starts one in a new thread if there is
        none.
        """
        with self._starting:
            self._require_own_process()
            if self._home is None:
                self._home, self._process = asyncio.new_event_loop(), os.getpid()
                # A daemon thread does not keep a program alive that forgot to close the gateway.
                self._thread = threading.Thread(
                    target=self._home.run_forever, name="tiergate", daemon=True
                )
                self._thread.start()
            return self._home

    @property
    def _is_parents(self) -> bool:
        """Returns True in a fork of the process that uses this gateway and goes on with it."""
        return self._process not in (0, os.getpid())

    def _require_own_process(self) -> None:
        """Refuses calls after a fork, which takes no thread along: they would wait for ever."""
        if self._is_parents:
            raise TiergateError(
                f"This Gateway answered in the process {self._process}, of which this one is a "
                "fork. Make a Gateway in each process, after the fork."
            )

    async def _started(self) -> App:
        """Returns the app, which the first call opens and starts. Runs at home only."""
        if self._app is None:
            # The local models start here and not in `__init__`, because `route` needs none of them.
            self._hosts = Hosts.start(self._loaded)
            core = Core(self._settings, self._loaded, self._environ, self._hosts.addresses)
            self._core, app = core, App(self._settings, core, self._hosts)
            # Set before `start`, so that `close` also ends an app whose start failed.
            self._app = app
            await app.start()
        return self._app

    def close(self) -> None:
        """Drains and stops. Await `aclose` instead in the loop that is this gateway's home."""
        if self._is_parents:
            return
        # Only a loop of our own may be stopped here.
        if self._home is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(self.aclose(), self._home).result()
            self._home.call_soon_threadsafe(self._home.stop)
            self._thread.join()
        elif self._app is not None:
            raise TiergateError("This Gateway lives on your event loop: await gateway.aclose().")

    async def aclose(self) -> None:
        """Drains the writes that are under way, stops the local model and closes the ledger."""
        if self._is_parents:
            return
        # A second call then finds nothing to close.
        app, self._app = self._app, None
        if app is not None:
            await app.close()
        if self._hosts is not None:
            # Ending the local model's process blocks.
            await asyncio.to_thread(self._hosts.close)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Gateway:
        return self

    async def __aexit__(self, *_: object) -> None:
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
    """Returns the request that is asked, with these hints.

    A body and a ChatRequest keep their own hints unless `hints` is given.
    """
    request = read_asked(asked)
    request_hints = request.hints if hints is None else hints
    if context is not None:
        request_hints = replace(request_hints, context={**request_hints.context, **context})
    if request_hints is not request.hints:
        request_hints = checked_hints(request_hints)
    return replace(request, stream=stream, hints=request_hints)

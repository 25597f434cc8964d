"""Runs Tiergate inside a Python backend: the server's request path, called as functions.

    from router import Gateway

    with Gateway.from_policy("customer_support") as gateway:
        print(gateway.route("How do I return a parcel?").rung.tier)
        print(gateway.complete("How do I return a parcel?").answer.text)

`route` needs no event loop and writes nothing. Everything else runs on one event loop in a thread
of the gateway's own, which the first call starts and `close` ends. Callers hand their calls over to
it, so threads and event loops may share one Gateway, beside each other and one after another.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

from router.api.compose.app import App
from router.api.compose.core import Core, Hosts, Settings, load_policies
from router.api.compose.mounted.document_vectors import vectors_of
from router.api.http.asgi import GUARDED, Handler, Receive, Scope, Send
from router.errors import GatewayClosed, TiergateError
from router.request.intake import decided_outcome
from router.threads.own_loop import Ends, OwnLoop
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
from router.wire.checks import wrong_type
from router.wire.openai.in_process import read_call, read_inputs

T = TypeVar("T")

CALLER = Identity("library", WITHOUT_KEY, frozenset({KeyScope.CHAT, KeyScope.HINTS_LOWER}))
"""Identifies the caller of calls made in process: the backend itself pays, and may lower its hints.
"""

DRAIN_S = 30.0
"""Bounds the wait for running calls at the end."""

Asked = str | Sequence[Mapping[str, object] | Message] | Mapping[str, object] | ChatRequest


class Gateway:
    """Serves requests under one policy. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        """Loads the policy and the triage model; raises PolicyError with all mistakes."""
        self._settings = settings
        self._environ = environ
        self._loaded = load_policies(settings, environ)
        self._core = Core(settings, self._loaded, environ)
        self._guard = threading.Lock()
        self._hosts: Hosts | None = None
        self._app: App | None = None
        self._tried = False  # an app of this core may have failed to start
        self._opening = asyncio.Lock()  # of the home loop
        self._home: OwnLoop | None = None
        self._process = 0  # in which the home loop runs
        self._closed = False

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
        self._require_open()
        _require_identity(identity)
        return decided_outcome(self._core.router, read_call(asked, hints, context), identity)

    def answerers(self) -> tuple[AnswererFacts, ...]:
        """Returns what is known of each answerer of the policy, in ladder order."""
        self._require_open()
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
        _require_identity(identity)
        request = read_call(asked, hints, context)
        return self._at_home().result(self._complete(request, identity))

    def embed(self, texts: Sequence[str], *, identity: Identity = CALLER) -> OutsideVectors:
        """Returns vectors by the embedder of the policy's `documents`, booked as a request.

        Raises TiergateError; RequestError where the policy names no such embedder.
        """
        _require_identity(identity)
        texts = read_inputs(texts)
        return self._at_home().result(self._embedded(texts, identity))

    async def acomplete(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> Outcome:
        """Returns the same as `complete`, awaited."""
        _require_identity(identity)
        request = read_call(asked, hints, context)
        return await self._at_home().awaited(self._complete(request, identity))

    async def stream(
        self,
        asked: Asked,
        *,
        hints: Hints | None = None,
        context: Mapping[str, str] | None = None,
        identity: Identity = CALLER,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yields one Committed, any Deltas, one Outcome. Closing it cancels the upstream call.

        Where somebody may be in danger, a Delta on whom to call comes before all.
        """
        _require_identity(identity)
        request = read_call(asked, hints, context, stream=True)
        events = self._at_home().streamed(self._events(request, identity))
        async with aclosing(events):
            async for event in events:
                yield event

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
            core.documents,
            runtime.policy,
            runtime.policy_hash,
            identity,
            *texts,
            redirected=runtime.redirected,
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
        home, loop = self._at_home(), asyncio.get_running_loop()
        handling = self._handle(inner, _in_loop(loop, receive), _in_loop(loop, send))
        await home.awaited(handling, loop)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._started()).server(scope, receive, send)

    def _at_home(self) -> OwnLoop:
        """Returns the home loop, which the first call starts. Raises GatewayClosed."""
        # Two threads may make the first call at the same moment.
        with self._guard:
            self._require_own_process()
            self._require_open()
            if self._home is None:
                self._home, self._process = OwnLoop("tiergate", self._ends()), os.getpid()
                self._home.start()
            return self._home

    def _require_open(self) -> None:
        if self._closed:
            raise _over()

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
            async with self._opening:
                if self._app is None:
                    self._app = await self._opened()
        return self._app

    async def _opened(self) -> App:
        """Opens and starts an app, or leaves nothing behind."""
        # The local models start here and not in `__init__`, because `route` needs none of them.
        self._hosts = Hosts.start(self._loaded)
        app: App | None = None
        try:
            # The core that decides without any local model serves, too, where the policy has none.
            if self._hosts.addresses or self._tried:
                addresses = self._hosts.addresses
                self._core = Core(self._settings, self._loaded, self._environ, addresses)
            self._tried = True
            app = App(self._settings, self._core, self._hosts)
            await app.start()
        except BaseException:
            await self._leave(app)
            raise
        return app

    async def _leave(self, app: App | None) -> None:
        """Closes an app and its local models. Runs at home only."""
        hosts, self._hosts = self._hosts, None
        try:
            if app is not None:
                await app.close()
        finally:
            if hosts is not None:
                # It blocks a loop on which nothing else runs any more. A program that closes at
                # its own exit could not start a thread for it.
                hosts.close()

    def _ends(self) -> Ends:
        """Returns what the home loop does at its end."""

        async def last() -> None:
            app, self._app = self._app, None
            await self._leave(app)
            del app
            # Python does not see the native memory of its models, and would keep several of them.
            gc.collect()

        def cutting() -> None:
            if self._app is not None:
                self._app.gateway.cut()

        return Ends(last, cutting, _over, _cut)

    def _ending(
        self, drain_s: float, stuck: asyncio.AbstractEventLoop | None = None
    ) -> tuple[OwnLoop, Future[None]] | None:
        """Begins to end the home loop, once. Returns it and its end; None without one."""
        if self._is_parents:
            return None
        with self._guard:
            self._closed = True
            home = self._home
        return None if home is None else (home, home.end(drain_s, stuck))

    def close(self, *, drain_s: float = DRAIN_S) -> None:
        """Refuses new calls, lets running ones end, and closes the ledger and the local models.

        What still runs after `drain_s` raises GatewayClosed. A second call changes nothing and
        waits for the end, too.
        """
        # A loop in whose thread this waits takes nothing from its streams meanwhile.
        ending = self._ending(drain_s, _running_loop())
        if ending is not None:
            ending[0].join()

    async def aclose(self, *, drain_s: float = DRAIN_S) -> None:
        """Does the same as `close`, awaited; in any event loop."""
        ending = self._ending(drain_s)
        if ending is not None:
            home, ended = ending
            await asyncio.wrap_future(ended)
            home.join()  # only the last steps of its thread are left

    def __enter__(self) -> Gateway:
        self._require_open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Gateway:
        self._require_open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _in_loop(
    loop: asyncio.AbstractEventLoop, function: Callable[..., Awaitable[T]]
) -> Callable[..., Awaitable[T]]:
    """Returns a function to await at home that runs `function` in the loop of its owner."""

    async def there(given: tuple[object, ...]) -> T:
        return await function(*given)

    async def crossing(*given: object) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(there(given), loop))

    return crossing


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _over() -> GatewayClosed:
    return GatewayClosed("This Gateway is closed. Make another one.")


def _cut() -> GatewayClosed:
    return GatewayClosed(
        "This Gateway was closed by its program before this answer was ready. Close it when its "
        "calls are over, or give `close` a longer `drain_s`."
    )


def _require_identity(identity: object) -> None:
    if not isinstance(identity, Identity):
        raise wrong_type("identity", identity, "an `Identity` of router.types")

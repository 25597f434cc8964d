"""Answers like an OpenAI-compatible server, well or badly: a small real HTTP program.

In tests: `async with FakeUpstream() as fake:` and `fake.url`; as a program, for benches: `python -m
tests.kits.upstreams.fake_upstream --port 9100`. The request's `model` names the behaviour, with an
argument after a colon (`slow:0.2`, `status:503`); an unknown model is answered at once. `POST
/control {"behaviour": "hang"}` (or `fake.behaviour = "hang"`) overrides the model. `GET /seen`
returns the number of requests, the number of clients that left too early, and the time of the last
such client.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import time
from collections import deque

import httptools
import orjson

from tests.kits.upstreams import upstream_responses
from tests.kits.upstreams.upstream_behaviours import BEHAVIOURS
from tests.kits.upstreams.upstream_exchange import Exchange, Seen
from tests.kits.upstreams.upstream_messages import answer, counted
from tests.kits.upstreams.upstream_particular import refusal
from tests.kits.upstreams.upstream_wire import ANSWER, STREAMED, whole


def vectors(body: bytes) -> bytes:
    """Returns vectors of two numbers: length of the text, and its place. Some models refuse; `odd`
    has an impossible name and count."""
    fields = orjson.loads(body)
    if fields["model"] == "refused":
        return whole(401, b'{"error":{"message":"bad key"}}')
    if fields["model"] == "broken":
        return whole(500, b'{"error":{"message":"broken"}}')
    rows = [
        {"object": "embedding", "index": i, "embedding": [float(len(text)), float(i)]}
        for i, text in enumerate(fields["input"])
    ]
    usage = {"prompt_tokens": 1000 * len(rows), "total_tokens": 1000 * len(rows)}
    answer = {"object": "list", "data": rows, "model": f"{fields['model']}-v1", "usage": usage}
    if fields["model"] == "odd":
        answer |= {"model": "a\r\nb: c" * 100, "usage": {"prompt_tokens": 90_000_000}}
    return whole(200, orjson.dumps(answer))


MESSAGES = ("/v1/messages", "/v1/messages/count_tokens")
GEMINI = {"limited": 429, "overloaded": 503, "broken": 500}
"""Statuses of refusals in Gemini's format, by model."""


class FakeUpstream:
    """Serves. `seen` holds the last requests, `aborted` counts clients that left too early."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self.behaviour: str | None = None
        self.models = ["answer", "sure-1", "echo"]  # the listed ones; any name gets an answer
        self.seen: deque[Seen] = deque(maxlen=200)
        self.count = 0
        self.aborted = 0
        self.aborted_at_s = 0.0  # the time of the last one, by the machine's monotonic clock
        self.failures = itertools.count(1)
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/v1"

    async def start(self) -> FakeUpstream:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    async def __aenter__(self) -> FakeUpstream:
        return await self.start()

    async def __aexit__(self, *exc: object) -> None:
        await self.close()


class Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, server: FakeUpstream) -> None:
        self.server = server
        self.task: asyncio.Task[None] | None = None
        self.parser = httptools.HttpRequestParser(self)
        self.path, self.headers, self.body = "", [], b""
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        self.writable.set()
        # Only a connection with an answer in progress counts as left too early.
        if self.task is not None and not self.task.done():
            self.server.aborted += 1
            self.server.aborted_at_s = time.monotonic()
            self.task.cancel()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_message_begin(self) -> None:
        self.path, self.headers, self.body = "", [], b""

    def on_url(self, url: bytes) -> None:
        self.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.path not in ("/v1/chat/completions", upstream_responses.PATH, *MESSAGES):
            self.other_path()
            return
        server = self.server
        server.count += 1
        now_s = asyncio.get_running_loop().time()
        seen = Seen(self.path, self.headers, self.body, now_s)
        server.seen.append(seen)
        if (refused := self.particular(seen)) is not None:
            self.transport.write(refused)
            return
        if self.path in MESSAGES:
            counts = self.path.endswith("count_tokens")
            fields = seen.fields
            response = counted(fields) if counts else answer(fields, seen.headers, server.port)
            self.transport.write(response)
            return
        if self.path == upstream_responses.PATH:
            self.transport.write(upstream_responses.answer(seen.fields, server.port))
            return
        try:
            fields = orjson.loads(self.body)
            stream = fields.get("stream") is True
            named = server.behaviour or str(fields.get("model"))
        except (orjson.JSONDecodeError, AttributeError):
            self.transport.write(whole(400, b'{"error":{"message":"bad body","code":null}}'))
            return
        name, _, argument = named.partition(":")
        act = BEHAVIOURS.get(name)
        if act is None:
            self.transport.write(STREAMED if stream else ANSWER)
        else:
            exchange = Exchange(
                self.transport, self.writable, seen, stream, argument, server.failures
            )
            self.task = asyncio.get_running_loop().create_task(act(exchange))

    def particular(self, seen: Seen) -> bytes | None:
        """Returns the refusal of a model that refuses as providers do, otherwise None."""
        named = b'"model":"particular' in seen.body.replace(b'": "', b'":"')
        return refusal(seen.fields, seen.headers) if named else None

    def other_path(self) -> None:
        if self.path == "/control":
            self.server.behaviour = orjson.loads(self.body).get("behaviour")
            self.transport.write(whole(200, b"{}"))
        elif self.path == "/seen":
            seen = {name: getattr(self.server, name) for name in ("count", "aborted")}
            seen["aborted_at_s"] = self.server.aborted_at_s
            self.transport.write(whole(200, orjson.dumps(seen)))
        elif self.path == "/v1/embeddings":
            self.server.count += 1
            self.transport.write(vectors(self.body))
        elif self.path.partition("?")[0] == "/v1/models":
            rows = [{"id": name, "object": "model"} for name in self.server.models]
            self.transport.write(whole(200, orjson.dumps({"object": "list", "data": rows})))
        elif self.path.startswith("/v1/models/"):
            model = self.path.removeprefix("/v1/models/").partition(":")[0]
            status = GEMINI.get(model, 404)
            error = {"error": {"code": status, "message": "no", "status": "NO"}}
            body = orjson.dumps(error)
            self.transport.write(whole(status, body, "application/json", "retry-after: 30"))
        else:
            self.transport.write(whole(404, b'{"error":{"message":"no such path"}}'))


async def _serve(host: str, port: int) -> None:
    server = await FakeUpstream(host, port).start()
    print(f"listening on {server.url}", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port; it is printed")
    arguments = parser.parse_args()
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run  # type: ignore[assignment]
    with contextlib.suppress(KeyboardInterrupt):
        run(_serve(arguments.host, arguments.port))


if __name__ == "__main__":
    main()

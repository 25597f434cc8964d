"""Measures what HTTP costs: our protocol and uvicorn's, before an application that answers at once.

    python -m benchmarks http [--rounds N] [--json]

Both run in this process on uvloop, in turns, without sockets: the bytes of a request go in, and
those of the response are counted. The figure is processor time, so it depends little on other
programs. It knows nothing about the gateway.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterable

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState as UvicornState

from benchmarks.figures import Figures
from router.api.http.asgi import Receive, Send
from router.api.protocol.connection import Connection
from router.api.protocol.exchange import Application
from router.api.protocol.server_state import ServerState

Bytes = bytes | bytearray | memoryview

REQUESTS = 2_000  # in one round
EVENTS = 20  # of a stream
BODY = b'{"id":"chatcmpl-1","object":"chat.completion","choices":[]}' * 10
HEADERS = [
    (b"content-type", b"application/json"),
    *((b"x-tiergate-header-%d" % number, b"some value") for number in range(12)),
]
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:8080\r\naccept: application/json\r\n"
    b"accept-encoding: gzip, deflate\r\nconnection: keep-alive\r\nuser-agent: OpenAI/Python\r\n"
    b"authorization: Bearer tg_0123456789abcdef0123456789abcdef\r\n"
    b"content-type: application/json\r\ncontent-length: 100\r\n\r\n" + b"x" * 100
)


async def whole(scope: object, receive: Receive, send: Send) -> None:
    await receive()
    length = (b"content-length", b"%d" % len(BODY))
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": BODY})


async def stream(scope: object, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    for _ in range(EVENTS):
        await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
    await send({"type": "http.response.body"})


class Transport(asyncio.Transport):
    """Counts what is written, in place of a socket. What it lacks raises NotImplementedError."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    def write(self, data: Bytes) -> None:
        self.written += len(data)

    def writelines(self, list_of_data: Iterable[Bytes]) -> None:
        for data in list_of_data:
            self.write(data)

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 8080) if name in ("sockname", "peername") else default

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""


def measure(rounds: int, say: Callable[[str], None]) -> Figures:
    """Returns microseconds of processor time per request: minimum, median, maximum."""
    say("HTTP, one thread")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return {
            application.__name__: runner.run(_in_turns(application, rounds))
            for application in (whole, stream)
        }


async def _in_turns(application: Application, rounds: int) -> Figures:
    makers = {"tiergate": _ours(application), "uvicorn": _uvicorn(application)}
    costs: dict[str, list[float]] = {name: [] for name in makers}
    for number in range(rounds):
        for name in sorted(makers, reverse=bool(number % 2)):
            costs[name].append(await _cost(makers[name]))
    pairs = zip(costs["tiergate"], costs["uvicorn"], strict=True)
    spread = {
        name: [round(f(values), 1) for f in (min, statistics.median, max)]
        for name, values in costs.items()
    }
    return {**spread, "ratio": round(statistics.median(a / b for a, b in pairs), 3)}


async def _cost(make: Callable[[], asyncio.Protocol]) -> float:
    protocol, transport = make(), Transport()
    protocol.connection_made(transport)
    begin = time.process_time()
    for _ in range(REQUESTS):
        protocol.data_received(REQUEST)
        await asyncio.sleep(0)  # the application runs
        await asyncio.sleep(0)  # its task is forgotten
    cost_s = time.process_time() - begin
    assert transport.written > REQUESTS * 500
    protocol.connection_lost(None)
    return cost_s / REQUESTS * 1e6


def _ours(application: Application) -> Callable[[], asyncio.Protocol]:
    state = ServerState(application, lambda error, path: (b"", []), 60.0, most_connections=1)
    return lambda: Connection(state, always=True)


def _uvicorn(application: Application) -> Callable[[], asyncio.Protocol]:
    config = uvicorn.Config(
        application, lifespan="off", log_config=None, access_log=False, proxy_headers=False,
        server_header=False, timeout_keep_alive=75,
    )  # fmt: skip
    config.load()
    state = UvicornState()
    state.default_headers = [(b"date", b"Sat, 21 Nov 2026 13:00:00 GMT")]
    return lambda: HttpToolsProtocol(config=config, server_state=state, app_state={})


def show(figures: Figures) -> str:
    """Returns the figures as text."""
    lines = ["HTTP, us of processor time a request     min  median     max"]
    for kind, row in figures.items():
        for name in ("tiergate", "uvicorn"):
            low, middle, high = row[name]
            lines.append(f"  {kind:<8} {name:<28}{low:>6.1f}{middle:>8.1f}{high:>8.1f}")
        lines.append(f"  {kind:<8} tiergate by uvicorn, median {row['ratio']:.3f}")
    return "\n".join(lines)

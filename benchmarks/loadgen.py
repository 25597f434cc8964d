"""Sends HTTP load for benches over keep-alive connections, one request at a time on each.

    python benchmarks/loadgen.py --url http://127.0.0.1:8080/v1/chat/completions --connections 64

It runs as a process of its own and prints one JSON object. Requests are made before the clock
starts, each of them different. It parses only status, length and tier name of an answer, so that
the client is not what is measured. Only for 127.0.0.1.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

import httptools

SUBJECTS = (
    "the tall bridge", "a small garden", "the old museum", "my younger brother", "the night train",
    "a quiet river", "the village school", "our football team", "a yellow bird", "the local market",
    "the stone castle", "a wooden boat", "the school library", "my grandmother", "a young painter",
    "the silver moon", "an empty theater", "the morning paper", "a famous writer", "the red car",
    "the desert wind", "a lonely soldier", "the city park", "the mountain road", "a green island",
)  # fmt: skip
VERBS = (
    "watched", "followed", "remembered", "crossed", "painted", "described", "discovered", "carried",
    "visited", "protected", "admired", "surrounded", "reached", "studied", "celebrated", "imagined",
)  # fmt: skip
OBJECTS = (
    "the first snow of winter", "a song about the sea", "the long road home", "a tale of two kings",
    "the light in the window", "a letter from the north", "the colors of the forest",
    "a dance in the rain", "the history of the town", "a picture of the harbor",
    "the sound of the bells", "a game of cards", "the smell of fresh bread", "a box of old letters",
)  # fmt: skip
ENDINGS = (
    "during the summer of",
    "on a cold evening in",
    "long before the year",
    "shortly after",
    "in the early months of",
    "near the end of",
    "at the beginning of",
    "some time around",
)
OPENINGS = (
    "Write a line where",
    "Tell me how",
    "Describe the day when",
    "Imagine that",
    "Explain why",
    "Write a poem in which",
    "Continue the story where",
    "Give a title for when",
)


def prompts(seed: int) -> Iterator[str]:
    """Yields endless different questions of about 17 to 22 tokens that no approved answer fits."""
    draw = random.Random(seed)
    for number in itertools.count(seed * 1_000_003 % 7_919):
        parts = (OPENINGS, SUBJECTS, VERBS, OBJECTS, ENDINGS)
        yield f"{' '.join(map(draw.choice, parts))} {1_000 + number % 9_000}."


def body_of(prompt: str, stream: bool = False, model: str = "auto") -> bytes:
    """Returns the body of a chat completion request as clients send it."""
    message = {"role": "user", "content": prompt}
    fields: dict[str, object] = {"model": model, "messages": [message]}
    if stream:
        fields |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(fields).encode()


@dataclass(slots=True)
class Load:
    """Holds the result of one round; times are milliseconds to the last byte and to the first."""

    requests: int = 0
    seconds: float = 0.0
    per_second: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    first_p50_ms: float = 0.0
    first_p99_ms: float = 0.0
    not_200: int = 0
    lost: int = 0  # connections that broke
    tiers: dict[str, int] = field(default_factory=dict)  # by the header x-tiergate-tier


class Connection(asyncio.Protocol):
    """Keeps one connection alive: the next request leaves when the last answer is whole."""

    transport: asyncio.Transport

    def __init__(self, run: Run) -> None:
        self.run = run
        self.parser = httptools.HttpResponseParser(self)
        self.began = self.first = 0.0
        self.tier = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a TCP connection's is one
        self.send()

    def send(self) -> None:
        message = self.run.next()
        if message is None:
            self.transport.close()
            return
        self.first = 0.0
        self.began = time.perf_counter()
        self.transport.write(message)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"x-tiergate-tier":
            self.tier = value

    def on_body(self, body: bytes) -> None:
        if not self.first:
            self.first = time.perf_counter()

    def on_message_complete(self) -> None:
        run, now = self.run, time.perf_counter()
        run.last = now
        run.taken.append(now - self.began)
        run.firsts.append(self.first - self.began)
        run.tiers[self.tier] += 1
        run.not_200 += self.parser.get_status_code() != 200
        # llhttp pauses after a message only for upgrades, so the same parser reads the next one.
        if run.pause_s:
            asyncio.get_running_loop().call_later(run.pause_s, self.send)
        else:
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.left(broken=exc is not None or not self.run.over)


class Run:
    """Runs one round over all its connections."""

    def __init__(self, messages: list[bytes], seconds: float, rate: float = 0.0) -> None:
        self.messages = iter(messages)
        self.seconds = seconds
        self.pause_s = 1.0 / rate if rate else 0.0
        self.taken: list[float] = []
        self.firsts: list[float] = []
        self.tiers: Counter[bytes] = Counter()
        self.not_200 = self.lost = self.open = 0
        self.over = False
        self.until = self.last = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        """Returns the next request; None when the time or the requests are used up."""
        message = None if time.perf_counter() >= self.until else next(self.messages, None)
        self.over = self.over or message is None
        return message

    def left(self, broken: bool) -> None:
        self.lost += broken
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)

    async def go(self, host: str, port: int, connections: int) -> Load:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        self.until = began + self.seconds
        self.open = connections
        for _ in range(connections):
            await loop.create_connection(lambda: Connection(self), host, port)
        await asyncio.wait_for(self.done, self.seconds + 20)
        return self.load(self.last - began)

    def load(self, seconds: float) -> Load:
        taken, firsts = sorted(self.taken), sorted(self.firsts)
        return Load(
            requests=len(taken),
            seconds=round(seconds, 3),
            per_second=round(len(taken) / seconds, 1),
            p50_ms=at(taken, 0.50),
            p99_ms=at(taken, 0.99),
            max_ms=at(taken, 1.0),
            first_p50_ms=at(firsts, 0.50),
            first_p99_ms=at(firsts, 0.99),
            not_200=self.not_200,
            lost=self.lost,
            tiers={name.decode() or "-": count for name, count in self.tiers.items()},
        )


def at(ordered: list[float], share: float) -> float:
    """Returns the order statistic at a share of sorted seconds, as milliseconds; 0 without any."""
    if not ordered:
        return 0.0
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


def message_of(url: str, key: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"host: {parts.netloc}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *([f"authorization: Bearer {key}"] if key else []),
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", default="", help="an API key")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--requests", type=int, default=40_000, help="at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--prompts", default="", help="a file of prompts to repeat, one a line")
    parser.add_argument("--header", action="append", default=[], help="'name: value'")
    parser.add_argument("--keys", default="", help="a file of API keys to take in turn, one a line")
    parser.add_argument("--models", default="auto", help="model names to take in turn, by commas")
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; 0: no pause")
    options = parser.parse_args()
    if options.prompts:
        with open(options.prompts, encoding="utf-8") as file:
            lines = [line.strip() for line in file if line.strip()]
        random.Random(options.seed).shuffle(lines)
        texts: Iterator[str] = itertools.cycle(lines)
    else:
        texts = prompts(options.seed)
    keys, models = [options.key], options.models.split(",")
    if options.keys:
        with open(options.keys, encoding="utf-8") as file:
            keys = file.read().split()
    messages = [
        message_of(
            options.url,
            keys[i % len(keys)],
            body_of(text, options.stream, models[i % len(models)]),
            options.header,
        )
        for i, text in enumerate(itertools.islice(texts, options.requests))
    ]
    parts = urlsplit(options.url)

    async def go() -> Load:
        run = Run(messages, options.seconds, options.rate)
        host, port = parts.hostname or "127.0.0.1", parts.port or 80
        return await run.go(host, port, options.connections)

    try:
        from uvloop import run
    except ImportError:
        from asyncio import run  # type: ignore[assignment]
    print(json.dumps(asdict(run(go()))))


if __name__ == "__main__":
    main()

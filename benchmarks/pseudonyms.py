"""Prints what pseudonyms cost: reading, hiding and restoring one request, on one core.

    python -m benchmarks.pseudonyms [--first-token]

`--first-token` streams pairs of requests through a whole gateway, one without and one with
pseudonyms, and prints how much later the first piece comes. Every letter is another one, so that
none was read before.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.stage import free_port, started, wait_for
from router import Gateway
from router.privacy.entities.kinds import EntityKind
from router.privacy.pseudonyms.texts import Reader
from router.privacy.pseudonyms.veil import Veil
from router.types import ChatRequest, Delta, Hints, Message

LETTER = (
    "Dear colleague, I refer Anneliese Wackernagel, born 3 May 1980 (MRN: 00483921), who lives at "
    "12 Elm Street, Boston, MA 02118. She reports chest pain since Friday and takes 5 mg of "
    "ramipril. Please call +1 (415) 555-0132 or write to a.wacker@example.com. "
)
ROUNDS = 200


def veil_of(request: ChatRequest, reader: Reader) -> Veil:
    kinds, trusted = frozenset(EntityKind), frozenset[str]()
    return Veil(request, reader=reader, kinds=kinds, trusted=trusted, secret=b"k" * 32)


POLICY = """
version: 1
name: {name}
privacy: {{{privacy}}}
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: "paced:0.005,0,4"
        base_urls: ["{url}"]
        verify: {{default: none}}
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
"""
PAIRS = 120


async def first_token() -> None:
    """Prints the delay of the first piece by size of the letter."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    fake = [sys.executable, "-m", "tests.kits.upstreams.fake_upstream", "--port", str(port)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gateways = []
        with started(fake, None, folder / "log"):
            wait_for(f"{url}/models", folder / "log")
            for policy, privacy in (("open", ""), ("hidden", "pseudonyms: {}")):
                path = folder / f"{policy}.yaml"
                path.write_text(POLICY.format(name=policy, privacy=privacy, url=url), "utf-8")
                gateways.append(
                    Gateway.from_policy(path, database=folder / f"{policy}.db", environ={})
                )
            try:
                for times in (1, 4, 15):
                    await _print_pairs(gateways, times)
            finally:
                for gateway in gateways:
                    await gateway.aclose()


async def _print_pairs(gateways: list[Gateway], times: int) -> None:
    later = []
    for turn in range(PAIRS):
        words = [f"{random.randrange(10**9)} " + LETTER for _ in range(times)]
        asked = {True: -1.0, False: -1.0}
        for hidden in (turn % 2 == 0, turn % 2 == 1):  # the order alternates
            stream = gateways[hidden].stream("".join(words), hints=Hints(session=str(turn)))
            begin = time.perf_counter()
            async for event in stream:
                if isinstance(event, Delta) and asked[hidden] < 0:
                    asked[hidden] = 1_000 * (time.perf_counter() - begin)
        later.append(asked[True] - asked[False])
    later.sort()
    print(
        f"{times * len(LETTER):6,} characters: the first piece comes {statistics.median(later):.1f}"
        f" ms later (90 % within {later[int(0.9 * PAIRS)]:.1f} ms), {PAIRS} pairs"
    )


def main() -> None:
    if "--first-token" in sys.argv:
        return asyncio.run(first_token())
    for times in (1, 4, 15):
        request = ChatRequest((Message("user", LETTER * times),), "auto")
        for name, reader in (("new", None), ("read before", Reader())):
            spent = []
            for _ in range(ROUNDS // times):
                veil = veil_of(request, reader or Reader())
                begin = time.perf_counter()
                hidden = veil.hidden(request)
                spent.append(1_000 * (time.perf_counter() - begin))
            p99 = sorted(spent)[int(0.99 * len(spent))]
            size = len(LETTER * times)
            print(
                f"{size:6,} characters, {name:11}: p50 {statistics.median(spent):.2f} ms, "
                f"p99 {p99:.2f} ms"
            )
        stream = veil.stream(in_json=False)
        text = hidden.messages[0].text
        begin = time.perf_counter()
        pieces = [
            out for at in range(0, len(text), 4) for out in stream.feed(Delta(text[at : at + 4]))
        ]
        each = 1e6 * (time.perf_counter() - begin) / (len(text) / 4)
        print(
            f"        restoring its stream: {each:.1f} us a piece of four characters, "
            f"{len(pieces)} pieces"
        )


if __name__ == "__main__":
    main()

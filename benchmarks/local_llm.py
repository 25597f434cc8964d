"""Measures the embedded model's answers to the demo's level-2 prompts: time, tokens, cache.

    python -m benchmarks.local_llm [--requests 60] [--clients 1]

The host, its child process and the answerer are the gateway's own; no HTTP, no ledger and no triage
is between. Rows: the demo's cap of 40 tokens, no cap of the client (the policy's 512 tokens), the
same with `usual_output_tokens`, and that with `prompt_cache`. `prompt ms` is the median time until
the first piece. Times hang on what else runs, so the load is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

from benchmarks.loadgen import at
from router.policy.schema import LocalAnswerer as Section
from router.types import ChatRequest, Message, Role, Sampling, Work
from tests.kits.local_kit import answerer_at, never_called, signals, until_ready
from tiers.local.host import LocalModelHost, specs_for

PROMPTS = Path(__file__).parents[1] / "policies" / "demo" / "prompts.jsonl"
TARGET_P50_S, TARGET_P95_S = 2.5, 6.0
USUAL_TOKENS = 160
DEADLINE_S = 60.0


def section(**more: Any) -> Section:
    """Returns the demo's section of its embedded model."""
    return Section(kind="local", name="smollm2", parallel=4, max_output_tokens=512, **more)


def rows() -> list[tuple[str, Section, Sampling]]:
    """Returns name, section and sampling of each row."""
    free = Sampling()
    return [
        ("demo's cap of 40", section(), Sampling(max_output_tokens=40)),
        ("no cap", section(), free),
        (f"usual {USUAL_TOKENS}", section(usual_output_tokens=USUAL_TOKENS), free),
        (
            "usual, prompt cache",
            section(usual_output_tokens=USUAL_TOKENS, prompt_cache=True),
            free,
        ),
    ]


def prompts(count: int) -> list[str]:
    """Returns prompts of the demo that deserve level 2, the same ones each time."""
    lines = [json.loads(line) for line in PROMPTS.read_text("utf-8").splitlines()]
    chosen = [line["prompt"] for line in lines if line["tier"] == 2]
    random.Random(7).shuffle(chosen)
    return chosen[:count]


async def measured(
    host: LocalModelHost, row: tuple[str, Section, Sampling], texts: list[str], clients: int
) -> dict[str, Any]:
    """Returns the figures of one row."""
    name, local, sampling = row
    answerer = answerer_at(local, host.address)
    await until_ready(answerer)
    taken: list[float] = []
    firsts: list[float] = []
    tokens: list[int] = []
    ends: dict[str, int] = {}
    left = iter(texts)

    async def client() -> None:
        for text in left:
            request = ChatRequest((Message("user", text),), "auto", sampling=sampling)
            deadline_at_ms = time.time_ns() // 1_000_000 + round(1000 * DEADLINE_S)
            work = Work(request, signals(), deadline_at_ms, Role.ANSWER, "bench", "bench")
            began, first = time.perf_counter(), 0.0
            async with aclosing(answerer.stream(work, never_called)) as steps:
                async for pieces in steps:
                    first = first or time.perf_counter()
                    final = pieces[-1].final
                    if final is not None:
                        tokens.append(final.usage.output_tokens)
                        end = final.choices[0].finish_reason
                        end = end if final.usage.reported else "looped or late"
                        ends[end] = ends.get(end, 0) + 1
            taken.append(time.perf_counter() - began)
            firsts.append(first - began)

    await asyncio.gather(*(client() for _ in range(clients)))
    taken.sort()
    firsts.sort()
    return {
        "row": name,
        "answers": len(taken),
        "p50_s": at(taken, 0.5) / 1000,
        "p95_s": at(taken, 0.95) / 1000,
        "prompt_ms": at(firsts, 0.5),
        "tokens": sorted(tokens)[len(tokens) // 2],
        "tokens_per_s": round(sum(tokens) / sum(taken), 1),
        "ends": ends,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--clients", type=int, default=1)
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("row                   answers    p50 s    p95 s  prompt ms  tokens  tokens/s  ends")
    host = LocalModelHost(specs_for([section()])["smollm2-135m"])
    host.start()
    try:
        for row in rows():
            one = asyncio.run(measured(host, row, prompts(options.requests), options.clients))
            ends = ", ".join(f"{end} {count}" for end, count in sorted(one["ends"].items()))
            print(
                f"{one['row']:<22}{one['answers']:>7}{one['p50_s']:>9.2f}{one['p95_s']:>9.2f}"
                f"{one['prompt_ms']:>11.0f}{one['tokens']:>8}{one['tokens_per_s']:>10}  {ends}",
                flush=True,
            )
    finally:
        host.close()
    print(f"load after: {os.getloadavg()[0]:.1f}; target {TARGET_P50_S} s and {TARGET_P95_S} s")


if __name__ == "__main__":
    main()

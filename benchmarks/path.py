"""Counts the files and calls of ours through which one upstream chat completion passes.

    python -m benchmarks path [--quick] [--json]

The gateway runs in this process, with the policy, the API key and the SQLite ledger of the gateway
bench. The upstream, which answers at once, and the client run in processes of their own. The client
sends 1,000 different prompts on one connection, one after the other. cProfile counts on the main
thread, which runs the event loop; the threads of the encoder and of the ledger are not counted.
Rules and heads of a lone request run on the loop, so a third pair of figures leaves out the room
that reads requests. "Ours" are the files under `router/` and `tiers/`. Only 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.stage import create_key, free_port, policy_text, started, wait_for
from router.api.compose.app import App
from router.api.compose.core import Core, Settings, load_policies
from router.api.compose.sockets import listen
from router.api.process.process import Options, logged_to_stderr, run_loop, serve_app

ROOT = Path(__file__).parents[1]
OURS = (f"{ROOT}/router/", f"{ROOT}/tiers/")
WARM_UP = 100  # requests before the count: connections, caches and lazy imports
LIMIT_S = 120.0
UPSTREAM = 0.98  # of the answers; an approved answer may fit a prompt made from word lists
READING = ("router/triage/", "router/stats/")
ENTERED = 0.5  # calls per request from which a file belongs to the path; timers make far fewer


def measure(requests: int, say: Callable[[str], None]) -> dict[str, object]:
    """Returns the files entered and the mean calls of ours per request, and those of two parts.

    A comprehension and each resumption of a generator or coroutine count as calls, as in cProfile.
    `calls_of_file` and `calls_of_function` hold the mean calls of each. Raises RuntimeError when a
    request is not answered with 200, or too many are not answered by the upstream tier.
    """
    say(f"path, {requests:,} requests")
    profile = cProfile.Profile(builtins=False)
    with tempfile.TemporaryDirectory(prefix="tiergate-path-") as name:
        folder, port = Path(name), free_port()
        upstream = f"http://127.0.0.1:{port}/v1"
        policy = folder / "bench.yaml"
        policy.write_text(policy_text(upstream), "utf-8")
        key = create_key(folder / "ledger.db")
        fake = [sys.executable, "-m", "tests.kits.upstreams.fake_upstream", "--port", str(port)]
        log = folder / "upstream.log"
        with started(fake, None, log):
            wait_for(f"{upstream}/models", log)
            logged_to_stderr("warning")
            settings = Settings(policies=(str(policy),), database=folder / "ledger.db")
            app = App(settings, Core(settings, load_policies(settings, {}), {}))
            run_loop(_serve(app, settings, key, requests, profile))
    return _counts(profile, requests)


async def _serve(
    app: App, settings: Settings, key: str, requests: int, profile: cProfile.Profile
) -> None:
    """Serves until the client has its answers; counts all but the first `WARM_UP` requests."""
    listener = listen("127.0.0.1", 0)
    ready, stop = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(
        serve_app(app, listener, Options(settings), ready.set, stop), name="serving"
    )
    waiting = asyncio.create_task(ready.wait(), name="ready")
    # A server that fails to start ends its task; its error is raised by the last line.
    await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        try:
            await _load(listener, key, WARM_UP, seed=1)
            profile.enable()
            await _load(listener, key, requests, seed=2)
            profile.disable()
        finally:
            stop.set()
    waiting.cancel()
    await serving


async def _load(listener: socket.socket, key: str, requests: int, seed: int) -> None:
    """Sends so many requests, by the load generator in a process of its own."""
    port = listener.getsockname()[1]
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("loadgen.py")),
        "--url",
        f"http://127.0.0.1:{port}/v1/chat/completions",
        "--key",
        key,
        "--connections",
        "1",
        "--seconds",
        str(LIMIT_S),
        "--requests",
        str(requests),
        "--seed",
        str(seed),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await client.communicate()
    load = json.loads(output)
    upstream = load["tiers"].get("llm", 0)
    if upstream < requests * UPSTREAM or load["not_200"] or load["lost"]:
        raise RuntimeError(f"expected {requests} answers of the tier llm, got {load}")


def _counts(profile: cProfile.Profile, requests: int) -> dict[str, object]:
    calls: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for entry in profile.getstats():
        # The code of a built-in function is a string; it belongs to no file.
        if not isinstance(entry.code, str) and entry.code.co_filename.startswith(OURS):
            path = str(Path(entry.code.co_filename).relative_to(ROOT))
            calls[path] += entry.callcount
            functions[f"{path}:{entry.code.co_qualname}"] += entry.callcount
    mean = {file: count / requests for file, count in calls.most_common()}
    entered = [file for file, count in mean.items() if count >= ENTERED]
    inner = [file for file in entered if not file.startswith("router/api/")]
    routed = [file for file in inner if not file.startswith(READING)]
    return {
        "requests": requests,
        "files": len(entered),
        "calls": round(sum(mean.values()), 1),
        "files_below_api": len(inner),
        "calls_below_api": round(sum(mean[file] for file in inner), 1),
        "files_below_api_without_triage": len(routed),
        "calls_below_api_without_triage": round(sum(mean[file] for file in routed), 1),
        "calls_of_file": {file: round(mean[file], 2) for file in entered},
        "calls_of_function": {
            name: round(count / requests, 2)
            for name, count in functions.most_common()
            if count >= ENTERED * requests
        },
    }


def show(counts: dict[str, object]) -> str:
    """Returns the figures as text."""
    return (
        f"path of one upstream chat completion (mean of {counts['requests']:,} requests, main "
        f"thread): {counts['files']} files of ours, {counts['calls']} calls of ours; without "
        f"router/api {counts['files_below_api']} files, {counts['calls_below_api']} calls; without "
        f"router/triage and router/stats too {counts['files_below_api_without_triage']} files, "
        f"{counts['calls_below_api_without_triage']} calls"
    )

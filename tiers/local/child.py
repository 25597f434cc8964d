"""Runs as the child: only llama.cpp's own HTTP server on a unix socket.

It runs as a script of its own (`python -P child.py`), so that a crash in native code takes
no request path with it. Line 1 of stdin is its settings; stdout carries one line when the model is
ready. It ends on SIGTERM, when stdin ends, and when its parent dies. It knows nothing about
Tiergate and imports only the runtime.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import socket
import sys
import threading
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    settings = json.loads(sys.stdin.readline())
    _die_with_parent(settings["parent_pid"])
    # libgomp reads this when it is loaded. Threads that wait for each other spin a little, then
    # sleep: 90 tokens/s on two quiet cores (never spinning: 38, the default: 89), 17 beside a busy
    # neighbour (the default: 3 to 7).
    os.environ["GOMP_SPINCOUNT"] = "2000"
    import xllamacpp  # type: ignore[import-untyped]

    server = xllamacpp.Server(_parameters(xllamacpp, settings))
    context_tokens = _context_tokens(settings["socket"], settings["token"])
    print(json.dumps({"ready": True, "context_tokens": context_tokens}), flush=True)
    signal.sigwait({signal.SIGTERM})
    del server
    os._exit(0)


def _die_with_parent(parent_pid: int) -> None:
    """Ends this process with its parent, however that ends.

    The kernel's signal covers a load that holds the interpreter's lock; the pipe covers systems
    without prctl, and a parent whose spawning thread outlives its purpose.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before the line above
        os._exit(0)

    def watch() -> None:
        while sys.stdin.read(1):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


def _parameters(xllamacpp: Any, settings: dict[str, Any]) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.model_alias = [settings["alias"]]
    params.hostnames = [settings["socket"]]  # a name that ends in .sock is a unix socket
    params.api_keys = [settings["token"]]
    params.n_parallel = settings["parallel"]
    params.n_ctx = settings["context_tokens"] * settings["parallel"]
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = settings["threads"]
    # Every waiting request occupies one of the server's own threads.
    params.n_threads_http = settings["parallel"] + settings["queue"] + 2
    params.ctx_shift = False  # a full context ends the answer; it never forgets the beginning
    params.fit_params = False  # the context is what the policy says, or loading fails
    params.cache_ram_mib = 0  # no prompt of one tenant is kept for another
    params.endpoint_slots = False
    params.endpoint_metrics = True
    params.ui = False
    params.verbosity = 0
    params.lora_init_without_apply = True  # every request states every scale
    adapters = []
    for path in settings["adapters"]:
        adapter = xllamacpp.CommonAdapterLoraInfo()
        adapter.path, adapter.scale = path, 0.0
        adapters.append(adapter)
    params.lora_adapters = adapters
    return params


def _context_tokens(path: str, token: str) -> int:
    """Returns the tokens that one slot holds, never above the model's own limit."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(path)
    connection.request("GET", "/props", headers={"Authorization": f"Bearer {token}"})
    props = json.loads(connection.getresponse().read())
    connection.close()
    return int(props["default_generation_settings"]["n_ctx"])


if __name__ == "__main__":
    main()

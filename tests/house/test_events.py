"""docs/reference/log.md has each event that the code writes to the log, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from router.api.process.process import FIELDS
from tests import ROOT
from tests.kits.checks.source_tree import Source, complain, sources

LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "log")
LOGGERS = re.compile(r"(self\.)?_?log|(structlog\.get_logger|logging\.getLogger)\(.*")
WRITERS = ("router/api/observability/event_log.py", "router/api/observability/log.py")
"""Write lines that others name, and name none themselves."""
LINES = "router/api/observability/event_lines.py"
WRITES = re.compile(r"get_?[lL]ogger\(|\bLog\(")
EVENT = re.compile(r"[a-z]+(_[a-z]+)*")


def named(tree: ast.AST, value: ast.expr) -> Iterator[str | None]:
    """Yields the names that an expression may have; None where it is put together at run time."""
    match value:
        case ast.Constant(value=str(name)):
            yield name if EVENT.fullmatch(name) else None
        case ast.IfExp(body=body, orelse=other):
            yield from named(tree, body)
            yield from named(tree, other)
        case ast.Name(id=name):
            assigned = [
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign)
                and any(isinstance(to, ast.Name) and to.id == name for to in node.targets)
            ]
            for one in assigned:
                yield from named(tree, one)
            if not assigned:
                yield from unpacked(tree, name)
        case _:
            yield None


def unpacked(tree: ast.AST, name: str) -> Iterator[str | None]:
    """Yields the names in a module's table, of which a row is unpacked: `a, name = TABLE[x]`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            targets = [one for to in node.targets if isinstance(to, ast.Tuple) for one in to.elts]
            if any(isinstance(to, ast.Name) and to.id == name for to in targets):
                yield from rows_of(tree, ast.unparse(node.value.value))
                return
    yield None


def rows_of(tree: ast.AST, table: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == table:
            assert isinstance(node.value, ast.Dict)
            for row in node.value.values:
                yield from ast.literal_eval(row)


def events_of(source: Source) -> Iterator[tuple[int, str | None]]:
    """Yields the line and the name of each event that a module writes or describes."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id="Line") if source.path == LINES:
                name = node.args[0]
                if isinstance(name, ast.Attribute):  # a line that is copied keeps its name
                    continue
            case ast.Attribute(attr=level, value=logger) if level in LEVELS:
                if not LOGGERS.fullmatch(ast.unparse(logger)):
                    continue
                name = node.args[1 if level == "log" else 0]
            case _:
                continue
        for one in named(source.tree, name):
            yield node.lineno, one


def test_log_page_lists_every_event_and_no_other() -> None:
    page = (ROOT / "docs/reference/log.md").read_text("utf-8")
    rows = page.partition("| `event` |")[2].partition("\n\n")[0].splitlines()[2:]
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    found: dict[str, str] = {}
    unclear = []
    for source in sources():
        # Parsing all modules would take most of the test's time.
        if source.path in WRITERS or not (source.path == LINES or WRITES.search(source.text)):
            continue
        for line, name in events_of(source):
            place = f"{source.path}:{line}"
            if name is None:
                unclear.append(f"{place}: an event's name is a constant; data goes into fields")
            else:
                found[name] = place
    complain(unclear)
    complain([f"{place}: `{name}`" for name, place in found.items() if name not in listed])
    complain([f"docs/reference/log.md: `{name}`" for name in sorted(listed - set(found))])


def test_fields_of_events_by_logging_reach_the_log() -> None:
    lost = []
    for source in sources():
        if "logging.getLogger(__name__)" not in source.text:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "fields":
                assert isinstance(node.value, ast.Dict)
                names = [ast.literal_eval(key) for key in node.value.keys if key is not None]
                lost += [f"{source.path}: {name}" for name in names if name not in FIELDS]
    complain(lost)

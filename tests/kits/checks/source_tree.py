"""Parses the sources and their imports, for the tests of layers and of house style."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests import ROOT


@dataclass(frozen=True, slots=True)
class Import:
    module: str  # dotted name of the module or package
    line: int
    lazy: bool  # inside a function, or only for the type checker


@dataclass(frozen=True, slots=True)
class Source:
    name: str  # dotted
    path: str  # relative to the repository
    text: str
    tree: ast.Module


@cache
def sources() -> tuple[Source, ...]:
    parsed = []
    for path in sorted([*ROOT.glob("router/**/*.py"), *ROOT.glob("tiers/**/*.py")]):
        relative = path.relative_to(ROOT)
        name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text("utf-8")
        parsed.append(Source(name, str(relative), text, ast.parse(text)))
    return tuple(parsed)


def imports_of(source: Source) -> Iterator[Import]:
    """Yields every import; `from package import module` counts as an import of that module."""
    modules = {source_file.name for source_file in sources()}

    def walk(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(alias.name, child.lineno, lazy) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{source.path}:{child.lineno}: imports are absolute"
                package = child.module or ""
                for alias in child.names:
                    full = f"{package}.{alias.name}"
                    yield Import(full if full in modules else package, child.lineno, lazy)
            elif isinstance(child, ast.Call) and (named := _imported_by_name(child)):
                yield Import(named, child.lineno, True)
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
                isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            )
            yield from walk(child, lazy or later)

    return walk(source.tree, False)


def _imported_by_name(call: ast.Call) -> str:
    """Returns the module in `importlib.import_module("module")`, otherwise ""."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    first = call.args[0] if call.args else None
    if name == "import_module" and isinstance(first, ast.Constant):
        return str(first.value)
    return ""


def ours(module: str) -> bool:
    return module.partition(".")[0] in ("router", "tiers")


def complain(faults: list[str]) -> None:
    assert not faults, "\n" + "\n".join(faults)

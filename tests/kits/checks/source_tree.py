"""Parses the sources and their imports, for the tests of layers and of house style."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from tests import ROOT

PRODUCT = ("router", "tiers")


@dataclass(frozen=True, slots=True)
class Import:
    module: str  # dotted name of the module or package
    line: int
    lazy: bool  # inside a function, or only for the type checker


@dataclass(frozen=True)
class Source:
    name: str  # dotted
    path: str  # relative to the repository
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Returns the modules in the folders of the repository; without any, those of the product."""
    paths = {path for folder in folders or PRODUCT for path in ROOT.glob(f"{folder}/**/*.py")}
    return tuple(_read(path) for path in sorted(paths))


@cache
def _read(path: Path) -> Source:
    relative = path.relative_to(ROOT)
    name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    return Source(name, str(relative), path.read_text("utf-8"))


@cache
def imports_of(source: Source) -> tuple[Import, ...]:
    """Returns every import; `from package import module` counts as an import of that module."""
    modules = _names()

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

    return tuple(walk(source.tree, False))


@cache
def _names() -> frozenset[str]:
    return frozenset(source.name for source in sources())


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

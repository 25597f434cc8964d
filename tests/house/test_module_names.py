"""Checks that docstrings, comments and documents name only modules and files that exist."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests import ROOT
from tests.house.test_house import tracked_files
from tests.kits.checks.source_tree import complain, sources

FOLDERS = ("router", "tiers", "tests", "benchmarks")
DOCUMENTS = (".md", ".yaml", "card.json")

# Names that look like ours and are not.
OTHERS = {
    "privacy.store": "a key of the policy",
    "report.json": "a file that training writes",
    "router.py": "a file of the reader's project",
    "tiers.py": "a file of the reader's project",
    "shop/router.py": "a file of the reader's project",
    "your-project/router.py": "a file of the reader's project",
}
POLICY_KEY = re.compile(r"tiers\.answerers\b")

IN_A_FOLDER = re.compile(
    r"(?<![\w./*-])(?:router|tiers|tests|benchmarks|docs)/[\w./-]*\w/?(?![\w*{</])"
)
PYTHON_FILE = re.compile(r"(?<![\w./*-])[\w-][\w./-]*\.py\b(?!\.)")
DOTTED = re.compile(r"(?<![\w./-])(?:router|tiers|tests|benchmarks)(?:\.[A-Za-z_]\w*)+")
SHORT = re.compile(r"(?<![\w./-])([a-z_]\w*)\.([A-Za-z_]\w+)(?![\w(/])")


class Tree:
    """Knows the paths of a repository, and the names that each of its modules defines."""

    def __init__(self, paths: Iterable[str], names: Mapping[str, set[str]]) -> None:
        """`names` maps a dotted module to its names, as in {"router.errors": {"NotFound"}}."""
        self.paths = {*paths}
        for path in [*self.paths]:
            self.paths |= {str(folder) for folder in Path(path).parents}
        self.names = names
        # The last part of a module's name leads to all modules that are called so.
        self.called: dict[str, list[str]] = {}
        for module in names:
            self.called.setdefault(module.rpartition(".")[2], []).append(module)
        self.packages = {module.rpartition(".")[0] for module in names} - {""}
        self.foreign: set[str] = {*sys.stdlib_module_names}

    def missing(self, text: str, *, code: bool) -> Iterator[tuple[int, str]]:
        """Yields each name without a module or file, after its offset. `code`: it is prose in code.

        In documents a short name such as `routing.tags` may be a key, so only code has its check.
        """
        for match in IN_A_FOLDER.finditer(text):
            path = match[0].removesuffix("/")
            if path not in self.paths and path + ".py" not in self.paths:
                yield match.start(), path
        for match in PYTHON_FILE.finditer(text):
            if not IN_A_FOLDER.fullmatch(match[0]) and not self._ends_a_path(match[0]):
                yield match.start(), match[0]
        for match in DOTTED.finditer(text):
            other = match[0].endswith(".py") or POLICY_KEY.match(match[0])
            if not other and not self._is_defined(match[0]):
                yield match.start(), match[0]
        for match in SHORT.finditer(text) if code else ():
            if match[0] not in OTHERS and not self._short_is_known(match[1], match[2]):
                yield match.start(), match[0]

    def _ends_a_path(self, name: str) -> bool:
        return name in OTHERS or any(("/" + path).endswith("/" + name) for path in self.paths)

    def _is_defined(self, dotted: str) -> bool:
        """Returns True for a module, a package, or a name that the longest module in it defines."""
        module, rest = dotted, ""
        while module and module not in self.names and module not in self.packages:
            module, _, last = module.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        return bool(module) and (not rest or rest.split(".")[0] in self.names.get(module, ()))

    def _short_is_known(self, first: str, last: str) -> bool:
        """Judges `errors.NotFound`, and `money.cost` if both parts name modules of ours."""
        modules = self.called.get(first, [])
        if last[0].isupper():
            defined = any(last in self.names[module] for module in modules)
            return defined or (not modules and first in self.foreign)
        if last not in self.called or not any(module in self.packages for module in modules):
            return True  # a variable's attribute, a key, a file
        return any(f"{module}.{last}" in self.names for module in modules)


def statements(module: ast.Module) -> Iterator[ast.AST]:
    """Yields the module and all statements in it, and no expressions, which are many."""
    nodes: list[ast.AST] = [module]
    while nodes:
        node = nodes.pop()
        yield node
        for field in ("body", "orelse", "handlers", "finalbody", "cases"):
            inner = getattr(node, field, [])
            nodes += inner if isinstance(inner, list) else []


def defined_in(module: ast.Module) -> Iterator[str]:
    """Yields the names that a module defines or imports outside of functions and classes."""
    nodes: list[ast.AST] = [*module.body]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).rpartition(".")[2]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        else:
            nodes += ast.iter_child_nodes(node)


def prose_of(text: str, module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yields docstrings and comments with the line where each begins."""
    for node in statements(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            yield from [(node.body[0].lineno, docstring)] if docstring else []
    for number, line in enumerate(text.splitlines(), 1):
        if "# " in line and (comment := re.search(r"(?:^|\s)# (.*)$", line)):
            yield number, comment[1]


class Names(Mapping[str, set[str]]):
    """Maps a dotted module to the names it defines, and parses it when it is asked for."""

    def __init__(self) -> None:
        self.sources = {source.name: source for source in sources(*FOLDERS)}
        self.read: dict[str, set[str]] = {}

    def __getitem__(self, module: str) -> set[str]:
        if module not in self.read:
            self.read[module] = {*defined_in(self.sources[module].tree)}
        return self.read[module]

    def __contains__(self, module: object) -> bool:
        return module in self.sources

    def __iter__(self) -> Iterator[str]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)


@cache
def our_tree() -> Tree:
    """Returns the tree of this repository."""
    tree = Tree((path.relative_to(ROOT).as_posix() for path in tracked_files()), Names())
    for source in sources(*FOLDERS):
        imported = re.findall(r"^import (?:[\w.]+ as )?(\w+)$", source.text, re.MULTILINE)
        tree.foreign |= {*imported}
    return tree


@pytest.mark.slow
def test_docstrings_name_modules_that_exist() -> None:
    tree = our_tree()
    complain(
        [
            f"{source.path}:{line + words.count(chr(10), 0, start)}: there is no {name}"
            for source in sources(*FOLDERS)
            for line, words in prose_of(source.text, source.tree)
            for start, name in tree.missing(words, code=True)
        ]
    )


def test_documents_name_modules_that_exist() -> None:
    tree = our_tree()
    faults = []
    for path in tracked_files():
        if path.name.endswith(DOCUMENTS):
            text = path.read_text("utf-8")
            faults += [
                f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, start) + 1}: there is no {name}"
                for start, name in tree.missing(text, code=False)
            ]
    complain(faults)


SMALL = Tree(
    ["router/training/data/labels.py", "docs/guides/training.md"],
    {
        "router": set(),
        "router.training": set(),
        "router.training.data": set(),
        "router.training.data.labels": {"Label", "LABELS"},
        "router.rates": set(),
    },
)


@pytest.mark.parametrize(
    ("text", "code", "missing"),
    [
        ("see `router/training/data/labels.py`", False, []),
        ("see `router/training/labels.py`.", False, ["router/training/labels.py"]),
        ("see data/labels.py and labels.py", False, []),
        ("see old/labels.py", False, ["old/labels.py"]),
        ("docs/guides/training.md, docs/training.md", False, ["docs/training.md"]),
        ("router/training/data/ and router/gone/", False, ["router/gone"]),
        ("router/*.py and tests/house/test_*.py", False, []),
        ("`router.training.data.labels.Label` of router.training", False, []),
        ("router.training.labels", False, ["router.training.labels"]),
        ("router.training.data.labels.GONE", False, ["router.training.data.labels.GONE"]),
        ("`labels.LABELS`", True, []),
        ("`labels.GONE`", True, ["labels.GONE"]),
        ("`audit.LABELS`", True, ["audit.LABELS"]),
        ("`audit.LABELS` may be a key", False, []),
        ("`json.JSONDecodeError`", True, []),
        ("`data.labels`", True, []),
        ("`training.labels`", True, ["training.labels"]),
        ("`labels.count` and `row.labels`", True, []),
        ("tiers.answerers.price", False, []),
    ],
)
def test_only_names_without_a_module_are_missing(text: str, code: bool, missing: list[str]) -> None:
    assert [name for _, name in SMALL.missing(text, code=code)] == missing

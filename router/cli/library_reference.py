"""Writes the reference page of the library from the code: every public name with its type.

    python -m router.cli.library_reference > docs/reference/library.md

The page is committed, and a test compares it with what this module prints.
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from types import ModuleType

import router.errors
import router.types
from router.registry import (
    About,
    ModelChange,
    ModelFile,
    ModelKind,
    ModelState,
    ModelVersion,
    Registry,
)
from router.types import measured_once

_LINE = 120  # the longest line of a page in docs/
_MODULES = (  # in the order in which a request meets them
    "requests",
    "signals",
    "decisions",
    "answerers",
    "answers",
    "documents",
    "outcomes",
    "ledger",
    "feedback",
    "enums",
    "units",
    "batches",
    "dashboard",
    "stores",
    "events",
    "measured",
)

_OF_REGISTRY = (Registry, About, ModelVersion, ModelFile, ModelKind, ModelState, ModelChange)

_PROPERTY = (property, measured_once)

_INTRODUCTION = """\
# Library

`from router import Gateway` is the library. [The guide](../guides/library.md) shows how to use it.
All values and Protocols are imported from `router.types`, all errors from `router.errors`. Amounts
are whole nano-dollars (`*_nano_usd`, 1 USD = 1,000,000,000), durations are milliseconds (`*_ms`) or
seconds (`*_s`), points in time are milliseconds since 1970 (`*_at_ms`). Values are frozen.

`python -m router.cli.library_reference` writes this page from the code.
"""

_REGISTRY = """\
All names are in `router.registry`; its `open_registry` opens one.
"""


def library() -> str:
    """Returns the text of `docs/reference/library.md`."""
    from router import library as module

    parts = [_INTRODUCTION, "## Gateway\n", *_class_text(module.Gateway), ""]
    for name in ("CALLER", "Asked"):
        parts += [f"### `router.library.{name}`\n", *_constant_text(module, name), ""]
    parts += [
        "## Registry of models\n",
        _REGISTRY,
    ]
    for shown in _OF_REGISTRY:
        parts += [f"### `{shown.__name__}`\n", *_class_text(shown), ""]
    for home in _MODULES:
        parts.append(f"## `router.types`: {home.replace('_', ' ')}\n")
        for name in names_by_module()[home]:
            value = inspect.unwrap(getattr(router.types, name))
            if inspect.isfunction(value):
                parts += [_method_entry(name, value), ""]
                continue
            parts.append(f"### `{name}`\n")
            if isinstance(value, type):
                parts += _class_text(value)
            else:
                parts += _constant_text(_module(home), name)
            parts.append("")
    parts.append("## `router.errors`\n")
    parts.append(f"{_wrapped('[Errors](errors.md) says when each code is sent.')}\n")
    parts += [_error_text(error) for error in errors()]
    return "\n".join(parts).rstrip() + "\n"


def errors() -> list[type[Exception]]:
    """Returns every class of errors that `router.errors` defines, each before its subclasses."""
    return _with_subclasses(router.errors.TiergateError)


def _with_subclasses(error: type[Exception]) -> list[type[Exception]]:
    below = [c for child in error.__subclasses__() for c in _with_subclasses(child)]
    return [error, *below] if error.__module__.startswith(router.errors.__name__) else below


def names_by_module() -> dict[str, list[str]]:
    """Returns the public names of `router.types`, by the module below it that defines them."""
    defined = {
        home: {n for node in _body(_module(home)) for n in _defined(node)} for home in _MODULES
    }
    names: dict[str, list[str]] = {home: [] for home in _MODULES}
    for name in router.types.__all__:
        names[next(home for home in _MODULES if name in defined[home])].append(name)
    return names


def _module(home: str) -> ModuleType:
    return importlib.import_module(f"router.types.{home}")


def _body(module: ModuleType) -> list[ast.stmt]:
    return ast.parse(inspect.getsource(module)).body


def _targets(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        names = [n for target in node.targets for n in ast.walk(target)]
        return [n.id for n in names if isinstance(n, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    return _targets(node)


def _constant_text(module: ModuleType, name: str) -> Iterator[str]:
    """Yields the assignment of a constant or an alias, then the string that describes it."""
    body = _body(module)
    for position, node in enumerate(body):
        if name not in _targets(node):
            continue
        code = ast.unparse(node).replace("'", '"')  # as ruff writes it
        yield f"```python\n{textwrap.fill(code, _LINE, subsequent_indent='    ')}\n```"
        after = body[position + 1] if position + 1 < len(body) else None
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            yield "\n" + _wrapped(str(after.value.value))


def _class_text(cls: type) -> Iterator[str]:
    """Yields the description of a class, then its values, its fields or its methods."""
    text = cls.__dict__.get("__doc__") or ""
    if text and not text.startswith(f"{cls.__name__}("):  # that one is made by a decorator
        yield _wrapped(text.split("\n\n")[0]) + "\n"
    if issubclass(cls, enum.Enum):
        yield _wrapped("Values: " + ", ".join(f"`{member.value}`" for member in cls) + ".")
        return
    for field, kind in inspect.get_annotations(cls).items():
        if not field.startswith("_"):
            yield _entry(f"- `{field}: {_type_text(kind)}`")
    for method, function in cls.__dict__.items():
        if method.startswith("_") or not _is_public(function):
            continue
        yield _method_entry(method, function)


def _is_public(value: object) -> bool:
    return inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod, *_PROPERTY))


def _method_entry(name: str, value: object) -> str:
    function = value
    if isinstance(value, classmethod | staticmethod):
        function = value.__func__
    elif isinstance(value, property):
        function = value.fget
    elif isinstance(value, measured_once):
        function = value.measure
    assert inspect.isfunction(function)
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    returns = ast.unparse(node.returns) if node.returns else "None"
    if isinstance(value, _PROPERTY):
        shown = f"{name}: {returns}"
    else:
        if node.args.args and node.args.args[0].arg in ("self", "cls"):
            del node.args.args[0]
        prefix = "async " if inspect.iscoroutinefunction(function) else ""
        shown = f"{prefix}{name}({ast.unparse(node.args)}) -> {returns}"
    text = (inspect.getdoc(function) or "").split("\n\n")[0]
    return _entry(f"- `{shown}`" + (f": {text}" if text else ""))


def _error_text(error: type[Exception]) -> str:
    parent = error.__bases__[0].__name__
    code, status = getattr(error, "code", ""), getattr(error, "status", 500)
    text = (error.__dict__.get("__doc__") or "").split("\n\n")[0]
    retry = "; the next rung may help" if getattr(error, "retryable", False) else ""
    return _entry(f"- **`{error.__name__}`** ({parent}; `{code}`, {status}{retry})" + _after(text))


def _after(text: str) -> str:
    return f": {text}" if text else ""


def _type_text(kind: object) -> str:
    return kind if isinstance(kind, str) else str(getattr(kind, "__name__", kind))


def _entry(text: str) -> str:
    return _wrapped(text, indent="  ")


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()),
        _LINE,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


if __name__ == "__main__":
    sys.stdout.write(library())

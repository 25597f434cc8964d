"""Writes the reference pages of the keys of policies, plans, prices and knowledge from the schemas.

    python -m router.cli.policies.key_reference > docs/reference/policy.md
    python -m router.cli.policies.key_reference --schema > policies/policy.schema.json
    python -m router.cli.policies.key_reference --plan > docs/reference/plan-keys.md
    python -m router.cli.policies.key_reference --prices > docs/reference/price-keys.md
    python -m router.cli.policies.key_reference --knowledge > docs/reference/knowledge-keys.md

The files are committed, and tests compare them with what this module prints.
"""

from __future__ import annotations

import datetime
import enum
import sys
import textwrap
import types
from collections.abc import Iterator
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from router.plan.schema import Plan
from router.policy.content.knowledge import KnowledgeFile
from router.policy.places import json_schema
from router.policy.price_list import PriceFile
from router.policy.schema import Policy
from router.policy.sections.answering.base import AnswererBase
from router.types import Domain, RequestType

_INTRODUCTION = """\
# Policy keys

A policy is one YAML file. It says where answers come from, what a mistake costs, what a small
model must never decide, and what may be spent. [The guide to policies](../guides/policies.md)
builds one step by step. `tiergate check FILE` reads a policy, reports every mistake at once (file,
line, key, value, what is allowed) and runs its `examples`.

- Tiergate refuses unknown keys. Every key has a default, except those marked *required*.
- `${NAME}` in a value is replaced by the environment variable of that name. A missing variable is
  a mistake. In `api_key` no other form is allowed, and the reference is resolved only when
  Tiergate starts.
- Tiergate looks for files next to the policy first, then among the files that ship with it.
- A running server reloads the policy within a second of a change to it or to a file that it names,
  or on SIGHUP. It validates the new policy first. A broken one changes nothing, and `/readyz`
  reports it.
- Editors complete and check the keys when the first line of the file is `# yaml-language-server:
  $schema=policy.schema.json`.
- These policies ship: `default` (offline), `demo` (the same at stated list prices),
  `customer_support`, `it_help_desk`, `retail_bank`, `enterprise_decisions`,
  `email_pipeline` and `content_moderation`
  (specialists: fields and a verdict from heads only), `openai`, `anthropic`, `code_questions`
  (answers from a repository), `domain_endpoints` (fields of texts). Copy one and change it.
- Tiergate refuses YAML's merge keys (`<<`). Anchors and aliases work.
- A number that YAML 1.1 and 1.2 read unlike is refused: `1_000` is 1000 or
  text, `010` 8 or 10, `1:30` 90 or text.

`python -m router.cli.policies.key_reference` writes this page from the schema.
"""
_PLAN_INTRODUCTION = """\
# Plan keys

These are the keys of the file that [`tiergate plan`](../guides/plan.md) reads. Unknown keys are
refused. `python -m router.cli.policies.key_reference --plan` writes this page from the schema.
"""
_PRICE_INTRODUCTION = """\
# Price keys

These are the keys of a [price book](../guides/prices.md) such as `policies/prices.yaml`. Unknown
keys are refused. `python -m router.cli.policies.key_reference --prices` writes this page from the
schema.
"""

_KNOWLEDGE_INTRODUCTION = """\
# Knowledge keys

These are the keys of a knowledge file, which holds [the approved answers of
level 1](../guides/policies.md). Unknown keys are refused. `python -m
router.cli.policies.key_reference --knowledge` writes this page from the schema.
"""

_LINE = 120  # the longest line of a page in docs/
_Described = tuple[str, type[BaseModel], dict[str, FieldInfo]]
_WORDS = {Domain: "a domain", RequestType: "a request type"}  # written out once, at the end


def reference() -> str:
    """Returns the text of `docs/reference/policy.md`."""
    parts = [_INTRODUCTION, *_key_lists(Policy)]
    for words, title in ((Domain, "Domains"), (RequestType, "Request types")):
        values = ", ".join(f"`{word.value}`" for word in words)
        parts.append(f"## {title}\n\n{_wrapped(values)}\n")
    return _page(parts)


def plan_keys() -> str:
    """Returns the text of `docs/reference/plan-keys.md`."""
    return _page([_PLAN_INTRODUCTION, *_key_lists(Plan)])


def price_keys() -> str:
    """Returns the text of `docs/reference/price-keys.md`."""
    return _page([_PRICE_INTRODUCTION, *_key_lists(PriceFile)])


def knowledge_keys() -> str:
    """Returns the text of `docs/reference/knowledge-keys.md`."""
    return _page([_KNOWLEDGE_INTRODUCTION, *_key_lists(KnowledgeFile)])


def _page(parts: list[str]) -> str:
    return "\n".join(parts).rstrip() + "\n"


def _key_lists(root: type[BaseModel]) -> list[str]:
    """Returns the heading, the text and the list of keys of every section below `root`."""
    parts = []
    for title, model, fields in _sections(root):
        parts.append(f"## {title}\n")
        parts.append(f"{_wrapped(' '.join((model.__doc__ or '').split()))}\n")
        parts += [_entry(field.alias or name, field) for name, field in fields.items()]
        parts.append("")
    return parts


def _wrapped(text: str, indent: str = "") -> str:
    """Breaks a paragraph into lines of at most 120 characters; breaks no word."""
    return textwrap.fill(
        text,
        _LINE,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def models() -> tuple[type[BaseModel], ...]:
    """Returns every section that a policy may hold, each once, in the order of the reference."""
    return tuple(dict.fromkeys(model for _, model, _ in _sections(Policy)))


def _sections(root: type[BaseModel]) -> list[_Described]:
    """Returns the sections depth first, each once: a section follows the one that holds it."""
    described: dict[type[BaseModel], _Described] = {}
    _describe("", root, described)
    return list(described.values())


def _describe(
    path: str, model: type[BaseModel], described: dict[type[BaseModel], _Described]
) -> None:
    if model in described:
        return
    fields = dict(model.model_fields)
    title = f"`{path}`" if path else "The file"
    # Keys that all kinds share are described once, under the base.
    if issubclass(model, AnswererBase) and model is not AnswererBase:
        _describe("tiers.answerers", AnswererBase, described)
        title = f"`tiers.answerers` of kind `{get_args(fields['kind'].annotation)[0]}`"
        fields = {n: f for n, f in fields.items() if n not in AnswererBase.model_fields}
    described[model] = (title, model, fields)
    for name, field in fields.items():
        for below in _models_in(field.annotation):
            _describe(f"{path}.{name}" if path else name, below, described)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _entry(name: str, field: FieldInfo) -> str:
    """Returns the list entry of a key: its name, the values it takes, its default, its meaning."""
    value = _type_text(field.annotation, tuple(field.metadata))
    default = _default_text(field)
    if default != "*required*":
        default = f"default: {default}"
    meaning = f": {field.description}" if field.description else ""
    return _wrapped(f"- **`{name}`** ({value}; {default}){meaning}", indent="  ")


def _type_text(annotation: object, limits: tuple[object, ...] = ()) -> str:
    """Describes an annotation in words: "number 0 to 1", "list of names", "one of a, b"."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = [item for extra in arguments[1:] for item in getattr(extra, "metadata", [extra])]
        return _type_text(arguments[0], (*limits, *inner))
    if origin in (Union, types.UnionType):
        kinds = [a for a in arguments if a is not type(None)]
        return " or ".join(dict.fromkeys(_type_text(kind, limits) for kind in kinds))
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin is list:
        return f"list of {_type_text(arguments[0])}"
    if origin is dict:
        return f"mapping of {_type_text(arguments[0])} to {_type_text(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if isinstance(annotation, type) and annotation in _WORDS:
        return _WORDS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    words = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
    words[datetime.date] = "date"
    text = words.get(annotation, "value") if isinstance(annotation, type) else "value"
    return text + _limit_text(limits)


def _limit_text(limits: tuple[object, ...]) -> str:
    """Describes pydantic's limits of Field(ge=..., lt=...): " 0 to 1", " above 0", ""."""

    def bound(*names: str) -> float | None:
        values = (getattr(item, name, None) for item in limits for name in names)
        return next((value for value in values if value is not None), None)

    least, most, above = bound("ge", "gt"), bound("le", "lt"), bound("gt") is not None
    if least is None:
        return ""
    if most is None:
        return f" {'above' if above else 'from'} {_number(least)}"
    return f" {'above ' if above else ''}{_number(least)} to {_number(most)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _default_text(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        return "its defaults"
    if default is None or default in ([], (), {}, ""):
        return "none"
    if isinstance(default, enum.Enum):
        return f"`{default.value}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, (list, tuple)):
        return ", ".join(f"`{getattr(item, 'value', item)}`" for item in default)
    if isinstance(default, dict):
        pairs = (
            f"{getattr(key, 'value', key)}: {getattr(value, 'value', value)}"
            for key, value in default.items()
        )
        return f"`{', '.join(pairs)}`"
    return f"`{default}`" if isinstance(default, str) else f"`{_plain(default)}`"


def _plain(value: float) -> str:
    """Formats a number as YAML writes it: 2000000, 0.05."""
    return str(int(value)) if value == int(value) else f"{value:g}"


if __name__ == "__main__":
    printed = {
        "--schema": json_schema,
        "--plan": plan_keys,
        "--prices": price_keys,
        "--knowledge": knowledge_keys,
    }
    sys.stdout.write(printed.get("".join(sys.argv[1:]), reference)())

"""The reference of all policy keys as Markdown, written from the schema's own descriptions.

    python -m router.cli.policies.key_reference > docs/policy.md
    python -m router.cli.policies.key_reference --schema > policies/policy.schema.json
    python -m router.cli.policies.key_reference --plan             # the end of docs/plan.md
    python -m router.cli.policies.key_reference --prices           # the end of docs/prices.md

The files are committed, and tests compare them with what this prints.
"""

from __future__ import annotations

import datetime
import enum
import sys
import types
from collections.abc import Iterator
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from router.plan.schema import Plan
from router.policy.loading import json_schema
from router.policy.price_list import PriceFile
from router.policy.schema import AnswererBase, Policy
from router.types import Domain, RequestType

_INTRODUCTION = """\
# Policy reference

A policy is one YAML file. It says where answers come from, what a mistake costs, what is never
left to a small model, and what may be spent. `tiergate check FILE` reads it, reports every mistake
at once (file, line, key, value, what is allowed) and runs the `examples` in it.

- Unknown keys are refused. Every key but those marked *required* has a default.
- `${NAME}` in any value is replaced by the environment variable of that name; a missing one is a
  mistake. In `api_key` it is the only form allowed, and stays a reference until Tiergate starts.
- Files are looked for beside the policy, then among those that ship with Tiergate.
- A running server reloads the policy within a second of a change to it or to a file that it names,
  or on SIGHUP. The new one is validated first; a broken one changes nothing, and `/readyz` says so.
- Editors complete and check the keys where the first line of the file is
  `# yaml-language-server: $schema=policy.schema.json`.
- Shipped: `default` (offline), `demo` (the same at stated list prices), `customer_support`,
  `enterprise_decisions`, `email_pipeline` and `content_moderation` (specialists: fields and a
  verdict from heads alone), `openai`, `anthropic`. Copy one and change it.
- YAML's merge keys (`<<`) are refused; anchors and aliases work.

The tables below are written by `python -m router.cli.policies.key_reference` from the schema.
"""

_Described = tuple[str, type[BaseModel], dict[str, FieldInfo]]
_WORDS = {Domain: "a domain", RequestType: "a request type"}  # written out once, at the end


def reference() -> str:
    """The whole of `docs/policy.md`."""
    parts = [_INTRODUCTION, *_key_tables(Policy)]
    for words, title in ((Domain, "Domains"), (RequestType, "Request types")):
        parts.append(f"## {title}\n\n{', '.join(f'`{word.value}`' for word in words)}\n")
    return "\n".join(parts).rstrip() + "\n"


def plan_keys() -> str:
    """The tables of a plan's keys, with which `docs/plan.md` ends."""
    return "\n".join(_key_tables(Plan)).rstrip() + "\n"


def price_keys() -> str:
    """The tables of a price book's keys, with which `docs/prices.md` ends."""
    return "\n".join(_key_tables(PriceFile)).rstrip() + "\n"


def _key_tables(root: type[BaseModel]) -> list[str]:
    """Heading, sentence and table of every section below `root`."""
    parts = []
    for title, model, fields in _sections(root):
        parts.append(f"## {title}\n")
        text = (model.__doc__ or "").strip().split("\n\n")[0]
        parts.append(f"{' '.join(text.split())}\n")
        parts.append("| key | value | default | meaning |\n| --- | --- | --- | --- |")
        parts += [_row(name, field) for name, field in fields.items()]
        parts.append("")
    return parts


def models() -> tuple[type[BaseModel], ...]:
    """Every section that a policy may hold, each once, in the order of the reference."""
    return tuple(dict.fromkeys(model for _, model, _ in _sections(Policy)))


def _sections(root: type[BaseModel]) -> list[_Described]:
    """Depth first, so that a section stands right under the one that holds it; each once."""
    found: dict[type[BaseModel], _Described] = {}
    _describe("", root, found)
    return list(found.values())


def _describe(path: str, model: type[BaseModel], found: dict[type[BaseModel], _Described]) -> None:
    if model in found:
        return
    fields = dict(model.model_fields)
    title = f"`{path}`" if path else "The file"
    if issubclass(model, AnswererBase) and model is not AnswererBase:
        _describe("tiers.answerers", AnswererBase, found)
        title = f"`tiers.answerers` of kind `{get_args(fields['kind'].annotation)[0]}`"
        fields = {n: f for n, f in fields.items() if n not in AnswererBase.model_fields}
    found[model] = (title, model, fields)
    for name, field in fields.items():
        for below in _models_in(field.annotation):
            _describe(f"{path}.{name}" if path else name, below, found)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _row(name: str, field: FieldInfo) -> str:
    value = _type_text(field.annotation, tuple(field.metadata))
    cells = (f"`{name}`", value, _default_text(field), field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type_text(annotation: object, limits: tuple[object, ...] = ()) -> str:
    """An annotation in words: "number 0 to 1", "list of names", "one of a, b"."""
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
    """ " 0 to 1", " above 0", "" from what pydantic keeps of Field(ge=..., lt=...)."""

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
    if default is None or default in ([], {}, ""):
        return "none"
    if isinstance(default, enum.Enum):
        return f"`{default.value}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list):
        return ", ".join(f"`{getattr(item, 'value', item)}`" for item in default)
    if isinstance(default, dict):
        pairs = (
            f"{getattr(key, 'value', key)}: {getattr(value, 'value', value)}"
            for key, value in default.items()
        )
        return f"`{', '.join(pairs)}`"
    return f"`{default}`" if isinstance(default, str) else f"`{_plain(default)}`"


def _plain(value: float) -> str:
    """A number as it is written in YAML: 2000000, 0.05."""
    return str(int(value)) if value == int(value) else f"{value:g}"


if __name__ == "__main__":
    printed = {"--schema": json_schema, "--plan": plan_keys, "--prices": price_keys}
    sys.stdout.write(printed.get("".join(sys.argv[1:]), reference)())

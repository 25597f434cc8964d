"""Turns pydantic's errors into mistakes with line, key path, value and allowed values.

    policy = validated(Policy, tree, lines)          # PolicyError with *all* mistakes

It knows pydantic and nothing about the meaning of the files.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from typing import (
    Annotated,
    Literal,
    TypeGuard,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

from msgspec import Struct
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from router.errors import Mistake, PolicyError
from router.policy.parsing.meant_keys import (
    alike,
    by_meaning,
    meant_key,
    nearest,
    nearest_kind,
)
from router.policy.parsing.yaml_lines import KeyPath, LineMap, key_path_text
from router.policy.sections.base import BASE_URL, RECEIVER_URL, SECRET_NAME, WORDS
from router.policy.sections.ranges import (
    Limits,
    limits_of,
    limits_of_field,
    number_word,
    with_range,
)
from router.privacy.redact import redact
from router.privacy.shown_values import shown_value

ModelT = TypeVar("ModelT", bound=BaseModel)


def validated(model: type[ModelT], tree: object, lines: LineMap) -> ModelT:
    """Returns `tree` as a `model`. Raises PolicyError with all mistakes of the file, by line."""
    mistakes = list(lines.mistakes)
    try:
        value = model.model_validate(tree)
    except ValidationError as error:
        mistakes += mistakes_from(error, lines, lines.file, model, tree)
        raise PolicyError(tuple(sorted(mistakes, key=lambda m: m.line))) from error
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return value


def mistakes_from(
    error: ValidationError,
    line_map: LineMap,
    file: str,
    model: object = None,
    tree: object = None,
    inside: KeyPath = (),
) -> tuple[Mistake, ...]:
    """Returns all of pydantic's mistakes with line, key path, value and allowed values.

    With `model`, a mistake about an unknown key lists the allowed ones and the nearest; without it
    only the name. A section whose key is misspelt is checked as the one that is meant. `tree` is
    the value at the path `inside`. Several mistakes in one message are split at "; ".
    """
    places = [
        (details, _place(details, model, tree)) for details in error.errors(include_url=False)
    ]
    # Only after all errors it is known which branch of a union fits.
    fits = {place.union_path for _, place in places if place.fits}
    mistakes: list[Mistake] = []
    for details, place in places:
        # This error belongs to the wrong branch of a union: `str` where the file has a mapping.
        if not place.fits and place.union_path in fits:
            continue
        shown, expected = _shown_and_expected(details, place)
        path = inside + place.path
        if isinstance(details["input"], bool):
            shown = _as_typed(line_map.boolean(path), shown)
        line = line_map.line(path)
        for part in (
            expected.split("; ") if not path and details["type"] == "value_error" else [expected]
        ):
            mistakes.append(Mistake(file, line, key_path_text(path), shown, part))
        if details["type"] == "extra_forbidden":
            mistakes += _below_misspelt(place, details["input"], line_map, file, path)
    # Several branches of a union may report the same mistake.
    return tuple(dict.fromkeys(mistakes))


def _below_misspelt(
    place: _Place, value: object, line_map: LineMap, file: str, path: KeyPath
) -> tuple[Mistake, ...]:
    """Returns the mistakes of a section whose key is misspelt; none where it has another shape."""
    around = place.around
    if not (_is_section(around) and isinstance(value, Mapping | list)):
        return ()
    fields = {field.alias or name: field for name, field in around.model_fields.items()}
    key = str(place.path[-1])
    meant = alike(key.lower().replace("-", "_"), fields)
    if not meant or not _hint(key, around, [*fields]).endswith(f"did you mean `{meant}`?"):
        return ()
    kind = fields[meant].annotation
    bounded = cast("type[object]", Annotated[kind, fields[meant]])
    try:
        TypeAdapter(bounded).validate_python(value)
    except ValidationError as error:
        if all(details["loc"] for details in error.errors(include_url=False)):
            return mistakes_from(error, line_map, file, kind, value, path)
    return ()


class _Place(Struct, frozen=True):
    """Locates an error: its path in the file, and the model or annotation around it."""

    path: KeyPath
    around: object = None  # the annotation of the container of the path's last part
    fits: bool = True  # the union branch has the shape of the value in the file
    union_path: KeyPath | None = None
    annotation: object = None  # of the value itself; None for an unknown key
    limits: Limits = {}  # of the value itself, where it is a number


def _place(details: ErrorDetails, model: object, tree: object) -> _Place:
    """Walks pydantic's location along the annotations. Tags of unions are no keys of the file."""
    annotation: object = model
    around: object = model
    path: list[str | int] = []
    fits = True
    union_path: KeyPath | None = None
    limits: Limits = {}
    for part in details["loc"]:
        # This marks a mistake in a key itself and is no part of the path.
        if part == "[key]":
            annotation = next(iter(get_args(around)), None)
            limits = limits_of(annotation)
            continue
        annotation = _bare(annotation)
        members = _members(annotation)
        if len(members) > 1:
            tagged, annotation = _branch(members, str(part))
            if tagged:
                is_mapping = isinstance(_at(tree, path), Mapping)
                if is_mapping != _takes_mapping(annotation):
                    fits, union_path = False, tuple(path)
                elif union_path is None:
                    union_path = tuple(path)
                around = annotation
                continue
        limits = _limits(annotation, part)
        around, annotation = annotation, _inside(annotation, part)
        path.append(part)
    return _Place(tuple(path), _bare(around), fits, union_path, annotation, limits)


def _is_plain(annotation: object) -> bool:
    """Returns True for numbers, dates or words of a closed set, which hold no secret."""
    annotation = _bare(annotation)
    if get_origin(annotation) is Literal:
        return True
    members = _members(annotation)
    if members:
        return all(_is_plain(member) for member in members)
    return isinstance(annotation, type) and issubclass(annotation, int | float | Enum | date)


def _at(tree: object, path: Sequence[str | int]) -> object:
    for part in path:
        if isinstance(tree, Mapping):
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
    return tree


def _bare(annotation: object) -> object:
    """Returns the annotation without Annotated and without `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        members = [m for m in get_args(annotation) if m is not type(None)]
        if len(members) == 1:
            return _bare(members[0])
    return annotation


def _members(annotation: object) -> list[object]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return []
    return [_bare(m) for m in get_args(annotation) if m is not type(None)]


def _branch(members: Sequence[object], tag: str) -> tuple[bool, object]:
    """Returns the union member behind pydantic's `tag`: class, discriminator value or type name."""
    for member in members:
        if isinstance(member, type) and issubclass(member, BaseModel):
            literals = [get_args(f.annotation) for f in member.model_fields.values()]
            if member.__name__ == tag or any(tag in values for values in literals):
                return True, member
    for member in members:
        name = getattr(member, "__name__", str(member))
        # pydantic names a plain member by its type, and a bounded one `constrained-...`.
        if tag == name or tag.startswith(f"{name}[") or tag.startswith("constrained-"):
            return True, member
    return tag.startswith("function-"), members[0]


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _takes_mapping(annotation: object) -> bool:
    if get_origin(annotation) is dict:
        return True
    return _is_section(annotation)


def _inside(annotation: object, part: str | int) -> object:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
        return None
    arguments = get_args(annotation)
    if get_origin(annotation) is dict and len(arguments) == 2:
        return arguments[1]
    return arguments[0] if arguments and get_origin(annotation) is not Literal else None


def _limits(annotation: object, part: str | int) -> Limits:
    """Returns the bounds of a key or item of what `annotation` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        held = (field for name, field in fields if part in (name, field.alias))
        return next(map(limits_of_field, held), {})
    return limits_of(_inside(annotation, part))


def _as_typed(typed: str | None, shown: str) -> str:
    """Returns `yes` as the file has it, with what YAML makes of it; `shown` where nobody typed it.

    >>> _as_typed("yes", "True"), _as_typed("true", "True"), _as_typed(None, "True")
    ('yes, which YAML reads as true', 'true', 'True')
    """
    if typed is None or typed.lower() == shown.lower():
        return typed or shown
    return f"{typed}, which YAML reads as {shown.lower()}"


_UNQUOTED = "text: put it in quotes (YAML reads yes, no, numbers and dates as other values)"
_TYPE_WORDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping of keys",
    "model": "a mapping of keys",
    "date": "a date like 2026-11-01",
    "date_from_datetime": "a date like 2026-11-01",
    "model_attributes": "a mapping of keys",
}
_KIND_WORDS = {
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "finite_number": "a number that is not infinite",
    "date_from_datetime_inexact": "a date without a time",
}
_BOUNDS = {
    "greater_than_equal": "ge",
    "greater_than": "gt",
    "less_than_equal": "le",
    "less_than": "lt",
}
_LENGTH_WORDS = {
    "too_short": ("min_length", "at least {} items"),
    "too_long": ("max_length", "at most {} items"),
    "string_too_short": ("min_length", "at least {} characters"),
    "string_too_long": ("max_length", "at most {} characters"),
}


def _shown_and_expected(details: ErrorDetails, place: _Place) -> tuple[str, str]:
    """Returns the value in the file and the allowed values, in words for people."""
    kind = details["type"]
    context = details.get("ctx", {})
    shown = shown_value(
        place.path,
        details["input"],
        harmless=kind == "cross_mistake" or _is_plain(place.annotation),
    )
    if kind == "missing":
        return "nothing", f"{_wanted(place)}: this key is required"
    if kind == "extra_forbidden":
        return "an unknown key", _unknown_key(place)
    if kind in ("enum", "literal_error"):
        allowed = str(context.get("expected", ""))
        options = re.findall(r"'([^']*)'", allowed)
        return shown, f"one of {allowed}{nearest(str(details['input']), options)}"
    if kind == "union_tag_not_found":
        return "nothing", f"the key {context.get('discriminator')}: it says which kind this is"
    if kind == "union_tag_invalid":
        tag, allowed = str(context.get("tag")), str(context.get("expected_tags"))
        key = str(context.get("discriminator")).strip("'")
        hint = nearest_kind(tag, re.findall(r"'([^']*)'", allowed))
        # The tag is free text of the file and may hold a secret.
        return f"{key}: {redact(tag)!r}", f"{key} to be one of {allowed}{hint}"
    if kind == "value_error":
        return shown, str(context.get("error", details["msg"]))
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        if pattern in (BASE_URL, RECEIVER_URL) and "://" not in str(details["input"]):
            shown += " and lacks http:// or https://"
        words = WORDS.get(pattern, f"text that matches {pattern}")
        if pattern == SECRET_NAME and place.path[-1] == "api_key":
            words += "; leave this key out where the server asks for none"
        return shown, words
    if kind in _BOUNDS:
        broken = _BOUNDS[kind]
        limits = {**place.limits, broken: context[broken]}
        return shown, with_range(number_word(place.annotation), limits)
    if kind in _LENGTH_WORDS:
        key, words = _LENGTH_WORDS[kind]
        length = context.get(key)
        # "at least 1 item", without the s.
        return shown, (words.removesuffix("s") if length == 1 else words).format(length)
    if kind == "string_type" and isinstance(details["input"], int | float | date):
        return shown, _UNQUOTED
    if kind == "model_type" and (keys := _keys_for(details["input"], place)):
        return shown, keys
    if kind in ("list_type", "tuple_type") and isinstance(details["input"], dict):
        return shown, f"a list{_as_items(details['input'], place)}"
    word = _TYPE_WORDS.get(kind.rsplit("_", 1)[0]) if kind.endswith(("_type", "_parsing")) else None
    words = word or _KIND_WORDS.get(kind, details["msg"])
    number = words in ("a number", "a whole number")
    return shown, with_range(words, place.limits) if number else words


def _keys_for(word: object, place: _Place) -> str:
    """Returns the keys of a section that holds a mere word, and the key that takes it; "" for none.

    `exhausted: refuse` is meant as `exhausted: {default: refuse}`.
    """
    model = _bare(place.annotation)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return ""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    told = f"a mapping with keys of {', '.join(fields)}"
    for name, field in fields.items():
        kind = _bare(field.annotation)
        if isinstance(kind, type) and issubclass(kind, Enum) and word in set(kind):
            return f"{told}: write `{key_path_text(place.path)}: {{{name}: {word}}}`"
    return told


def _as_items(sections: dict[object, object], place: _Place) -> str:
    """Returns how sections that are written under their names stand in a list; "" for values.

    `intents: {refunds: ...}` is meant as `intents: [{id: refunds, ...}]`.
    """
    items = _items_of(place.annotation)
    names = {key for item in items for key in item.model_fields} & {"id", "name"}
    if not names or not sections:
        return ""
    key = "id" if "id" in names else "name"
    return f": write `- {key}: {redact(str(next(iter(sections))))}`, and its keys below that"


def _wanted(place: _Place) -> str:
    """Returns what a key takes that the file lacks: its words of a closed set, or its meaning."""
    annotation = _bare(place.annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join([f"'{member.value}'" for member in annotation])
    described = None
    if isinstance(place.around, type) and issubclass(place.around, BaseModel):
        field = place.around.model_fields.get(str(place.path[-1]))
        described = field and field.description
    return f"a value ({described.split('. ')[0].rstrip('.')})" if described else "a value"


def _unknown_key(place: _Place) -> str:
    around = place.around
    if not _is_section(around):
        return "no key of this name"
    allowed = [field.alias or name for name, field in around.model_fields.items()]
    key = str(place.path[-1])
    return f"one of the keys {', '.join(allowed)}{_hint(key, around, allowed)}"


def _hint(key: str, around: type[BaseModel], allowed: list[str]) -> str:
    """Returns where the key belongs, or which one may be meant; "" where nothing says so."""
    for name, field in around.model_fields.items():
        if any(key in _keys_of(item) for item in _items(field)):
            return f"; `{key}` stands in each of `{name}`"
        if key in _keys_of(_bare(field.annotation)):
            return f"; `{key}` stands in `{name}`"
    if not by_meaning(key, allowed) and (place := _deeper(key, around)):
        return place
    meant = meant_key(key, allowed)
    return f"; did you mean `{meant}`?" if meant else ""


def _deeper(key: str, around: type[BaseModel]) -> str:
    """Returns in which lists of the sections in a list the key belongs: `answerers` of `tiers`."""
    for name, field in around.model_fields.items():
        for section in _items(field):
            for inner, inner_field in section.model_fields.items():
                if any(key in _keys_of(item) for item in _items(inner_field)):
                    return f"; `{key}` stands in each of `{inner}` of `{name}`"
    return ""


def _items(field: FieldInfo) -> list[type[BaseModel]]:
    """Returns the kinds of sections that a list holds, none for a field that is none."""
    return _items_of(field.annotation)


def _items_of(annotation: object) -> list[type[BaseModel]]:
    """Returns the kinds of sections of this type, none for a type that is no list."""
    annotation = _bare(annotation)
    if get_origin(annotation) is not list:
        return []
    item = _bare(_inside(annotation, 0))
    return [kind for kind in _members(item) or [item] if _is_section(kind)]


def _keys_of(section: object) -> list[str]:
    """Returns the keys of a section; none for what is no section."""
    if not _is_section(section):
        return []
    return [field.alias or name for name, field in section.model_fields.items()]

"""YAML with line numbers; every mistake in it by file, line, key path, value and what is allowed.

Policies, knowledge files, safe answers and deliberation templates are read through here:

    tree, lines = load_yaml("policies/default.yaml", text)
    policy = validated(Policy, tree, lines)          # PolicyError with *all* mistakes

It knows YAML and pydantic and nothing about what the files mean. No file is opened here.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Literal, TypeVar, Union, get_args, get_origin

import yaml
from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.errors import Mistake, PolicyError
from router.policy.sections.text_forms import WORDS
from router.privacy.redact import redact
from router.privacy.shown_values import found_text

MAX_NODES = 200_000
"""Values after aliases are written out: 30 times our largest file; a bomb of aliases ends here."""
MAX_DEPTH = 60
MAX_CHARACTERS = 8_000_000

KeyPath = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is 8 times faster where present
_MERGE_TAG = "tag:yaml.org,2002:merge"


class LineMap(Struct, frozen=True):
    """Where each key and list item of one file stands, and the mistakes YAML itself passes over."""

    file: str
    lines: Mapping[KeyPath, int]
    mistakes: tuple[Mistake, ...] = ()  # duplicate keys, merge keys, values that cannot be read

    def line(self, path: Sequence[str | int]) -> int:
        """The 1-based line of `path`, or of the nearest thing around it; 0: nothing is known."""
        for length in range(len(path), -1, -1):
            found = self.lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return 0

    def mistake(self, path: Sequence[str | int], found: object, expected: str) -> Mistake:
        """A mistake at `path` of this file, with its line."""
        # Our own checks name keys that they know; what a person made up never comes here.
        shown = found_text(path, found, harmless=True)
        return Mistake(self.file, self.line(path), key_path_text(path), shown, expected)

    def no_mapping(self, tree: object, keys: str) -> Mistake:
        """The file holds no mapping, where it should hold one with these keys."""
        found = "an empty file" if tree is None else found_text((), tree)
        return Mistake(self.file, 1, "(top)", found, f"a mapping with {keys}")


def key_path_text(path: Sequence[str | int]) -> str:
    """`("tiers", 0, "name")` as `tiers[0].name`; the top of the file is `(top)`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text or "(top)"


def load_yaml(path_name: str, text: str) -> tuple[object, LineMap]:
    """The plain values of one YAML document and the line of each.

    Aliases are written out, at most MAX_NODES values in all. Duplicate keys do not stop the
    reading: they are in `LineMap.mistakes`, which `validated` reports together with all others.
    Raises: PolicyError where the text is no YAML, too large, too deep or refers to itself.
    """
    if len(text) > MAX_CHARACTERS:
        raise _unreadable(path_name, 0, f"{len(text)} characters", f"at most {MAX_CHARACTERS}")
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:
        raise _unreadable(path_name, 0, str(error).split("\n")[0], "valid YAML") from error
    try:
        node = loader.get_single_node()
        reader = _Reader(path_name, loader)
        tree = None if node is None else reader.read(node, (), 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 0 if mark is None else mark.line + 1
        found, expected = _no_yaml(str(error.problem or error), text, line)
        raise _unreadable(path_name, line, found, expected) from error
    except yaml.YAMLError as error:
        raise _unreadable(path_name, 0, str(error).split("\n")[0], "valid YAML") from error
    except RecursionError as error:
        raise _unreadable(path_name, 0, "nesting without end", f"{MAX_DEPTH} levels") from error
    finally:
        loader.dispose()
    return tree, LineMap(path_name, reader.lines, tuple(reader.mistakes))


def validated(model: type[ModelT], tree: object, lines: LineMap) -> ModelT:
    """`tree` as a `model`. Raises: PolicyError with all mistakes of the file, sorted by line."""
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
    model: type[BaseModel] | None = None,
    tree: object = None,
) -> tuple[Mistake, ...]:
    """Every mistake that pydantic found, with its line, key path, value and what is allowed.

    With `model` unknown keys are answered with the allowed ones and the nearest; without it only
    with their name. Several mistakes in one message of a whole-file check are split at "; ".
    """
    places = [
        (details, _place(details, model, tree)) for details in error.errors(include_url=False)
    ]
    fits = {place.union_path for _, place in places if place.fits}
    mistakes: list[Mistake] = []
    for details, place in places:
        # An error of the branch of a union that was not meant: `str` where a mapping is written.
        if not place.fits and place.union_path in fits:
            continue
        found, expected = _found_expected(details, place)
        path = place.path
        line = line_map.line(path)
        for one in (
            expected.split("; ") if not path and details["type"] == "value_error" else [expected]
        ):
            mistakes.append(Mistake(file, line, key_path_text(path), found, one))
    return tuple(dict.fromkeys(mistakes))


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or "" when nothing known looks like `word`."""
    close = difflib.get_close_matches(word, [str(k) for k in known], n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


# --- reading ------------------------------------------------------------------------------------


def _no_yaml(problem: str, text: str, line: int) -> tuple[str, str]:
    """What libyaml's words mean for who wrote the line, which is not shown: it may hold a key."""
    problem = re.sub(r" '[^']{2,}'", "", problem)  # an alias or tag may be a password with * or !
    if problem.startswith("found "):
        found = problem.removeprefix("found ")
    else:
        found = f"text that is no YAML ({problem})"
    (written,) = text.split("\n")[max(0, line - 1) : line] or [""]
    if written.lstrip(" ").startswith("\t"):
        return found, "spaces: YAML takes no tabs for indentation"
    if "${" in written:
        return found, "valid YAML; within [ ] and { } a ${NAME} stands in quotes"
    return found, "valid YAML"


def _unreadable(file: str, line: int, found: str, expected: str) -> PolicyError:
    return PolicyError((Mistake(file, line, "(top)", found, expected),))


class _Reader:
    """Walks the composed nodes once, in document order, and counts what aliases multiply."""

    def __init__(self, file: str, loader: yaml.SafeLoader) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.mistakes: list[Mistake] = []
        self._loader = loader
        self._count = 0

    def read(self, node: yaml.Node, path: KeyPath, depth: int) -> object:
        self._count += 1
        line = node.start_mark.line + 1
        if self._count > MAX_NODES:
            raise _unreadable(
                self.file, line, "aliases that multiply", f"at most {MAX_NODES} values"
            )
        if depth > MAX_DEPTH:
            found = "nesting that is too deep or refers to itself"
            raise _unreadable(self.file, line, found, f"at most {MAX_DEPTH} levels")
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(n, (*path, i), depth + 1) for i, n in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, depth: int) -> dict[object, object]:
        values: dict[object, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _MERGE_TAG:
                self._note(line, (*path, "<<"), "a merge key", "the keys written out")
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(line, path, "a list or mapping as a key", "a plain word as a key")
                continue
            key = self._scalar(key_node, path)
            part = key if isinstance(key, str | int) and not isinstance(key, bool) else str(key)
            if key in values:
                first = self.lines.get((*path, part), 0)
                self._note(line, (*path, part), "a key that stands twice", f"once (line {first})")
                continue
            self.lines[(*path, part)] = line
            values[key] = self.read(value_node, (*path, part), depth + 1)
        return values

    def _scalar(self, node: yaml.Node, path: KeyPath) -> object:
        # ValueError: 2026-13-45 looks like a date to YAML, and an int may have too many digits.
        # AttributeError: PyYAML's, for text that is called a timestamp and is none.
        try:
            return typing.cast(object, self._loader.construct_object(node))
        except (yaml.YAMLError, ValueError, AttributeError):
            shown = found_text(path, node.value)
            self._note(node.start_mark.line + 1, path, shown, "a plain value that YAML can read")
            return node.value

    def _note(self, line: int, path: KeyPath, found: str, expected: str) -> None:
        self.mistakes.append(Mistake(self.file, line, key_path_text(path), found, expected))


# --- pydantic's errors ----------------------------------------------------------------------------


class _Place(Struct, frozen=True):
    """Where an error is: the path in the file, and the model or annotation around it."""

    path: KeyPath
    around: object = None  # annotation of the container that holds the last part of the path
    fits: bool = True  # the union branch has the shape of what is written
    union_path: KeyPath | None = None
    annotation: object = None  # of the value itself; None for a key that nobody knows


def _place(details: ErrorDetails, model: type[BaseModel] | None, tree: object) -> _Place:
    """Walks pydantic's location beside the annotations: tags of unions are no keys of the file."""
    annotation: object = model
    around: object = model
    path: list[str | int] = []
    fits = True
    union_path: KeyPath | None = None
    for part in details["loc"]:
        if part == "[key]":
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
        around, annotation = annotation, _inside(annotation, part)
        path.append(part)
    return _Place(tuple(path), _bare(around), fits, union_path, annotation)


def _is_plain(annotation: object) -> bool:
    """True for values that are numbers, dates or words of a closed set, which carry no secret."""
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
    """The annotation without Annotated and without `| None`."""
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
    """The union member that pydantic means by `tag`: class, discriminator value or type name."""
    for member in members:
        if isinstance(member, type) and issubclass(member, BaseModel):
            literals = [get_args(f.annotation) for f in member.model_fields.values()]
            if member.__name__ == tag or any(tag in values for values in literals):
                return True, member
    for member in members:
        name = getattr(member, "__name__", str(member))
        if tag == name or tag.startswith(f"{name}[") or tag.startswith("constrained-"):
            return True, member
    return tag.startswith("function-"), members[0]


def _takes_mapping(annotation: object) -> bool:
    if get_origin(annotation) is dict:
        return True
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


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
_BOUND_WORDS = {
    "greater_than_equal": ("ge", "a number of at least {}"),
    "greater_than": ("gt", "a number above {}"),
    "less_than_equal": ("le", "a number of at most {}"),
    "less_than": ("lt", "a number below {}"),
    "too_short": ("min_length", "at least {} items"),
    "too_long": ("max_length", "at most {} items"),
    "string_too_short": ("min_length", "at least {} characters"),
    "string_too_long": ("max_length", "at most {} characters"),
}


def _found_expected(details: ErrorDetails, place: _Place) -> tuple[str, str]:
    """What a person reads: the value in the file, and what may stand there."""
    kind = details["type"]
    context = details.get("ctx", {})
    found = found_text(
        place.path,
        details["input"],
        harmless=kind == "cross_mistake" or _is_plain(place.annotation),
    )
    if kind == "missing":
        return "nothing", "a value: this key is required"
    if kind == "extra_forbidden":
        return found, _unknown_key(place)
    if kind in ("enum", "literal_error"):
        allowed = str(context.get("expected", ""))
        options = re.findall(r"'([^']*)'", allowed)
        return found, f"one of {allowed}{nearest(str(details['input']), options)}"
    if kind == "union_tag_not_found":
        return "nothing", f"the key {context.get('discriminator')}: it says which kind this is"
    if kind == "union_tag_invalid":
        tag, allowed = str(context.get("tag")), str(context.get("expected_tags"))
        key = str(context.get("discriminator")).strip("'")
        hint = nearest(tag, re.findall(r"'([^']*)'", allowed))
        return f"{key}: {redact(tag)!r}", f"{key} to be one of {allowed}{hint}"
    if kind == "value_error":
        return found, str(context.get("error", details["msg"]))
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        return found, WORDS.get(pattern, f"text that matches {pattern}")
    if kind in _BOUND_WORDS:
        key, words = _BOUND_WORDS[kind]
        bound = context.get(key)
        return found, (words.removesuffix("s") if bound == 1 else words).format(bound)
    word = _TYPE_WORDS.get(kind.rsplit("_", 1)[0]) if kind.endswith(("_type", "_parsing")) else None
    return found, word or _KIND_WORDS.get(kind, details["msg"])


def _unknown_key(place: _Place) -> str:
    around = place.around
    if not (isinstance(around, type) and issubclass(around, BaseModel)):
        return "no key of this name"
    allowed = [field.alias or name for name, field in around.model_fields.items()]
    hint = nearest(str(place.path[-1]), allowed)
    return f"one of the keys {', '.join(allowed)}{hint}"

"""Reads YAML with line numbers, for files that people write.

Policies, knowledge files, safe answers and deliberation templates are read with it:

    tree, lines = load_yaml("policies/default.yaml", text)

`validation` compares the values with a schema. This module knows YAML and nothing about the meaning
of the files. It opens no file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

import yaml
from msgspec import Struct

from router.errors import Mistake, PolicyError
from router.policy.parsing.yaml_values import (
    MAX_DEPTH,
    MAX_NODES,
    MERGE_TAG,
    TEXT_TAG,
    UNREADABLE,
    Loader,
    Odd,
    line_too_deep,
    may_be_deep,
    read_otherwise,
    scalar_of,
    values_of,
)
from router.privacy.shown_values import shown_value

MAX_CHARACTERS = 8_000_000
MOST_ANCHORS = 10
"""Bounds the anchors that a message lists; our own files have none."""

KeyPath = tuple[str | int, ...]


class _LateLines(Mapping[KeyPath, int]):
    """Holds the line of each key and list item of a text that is read for them when one is asked
    for: a text without a mistake has none asked."""

    def __init__(self, file: str, text: str) -> None:
        self._file, self._text = file, text
        self._map: LineMap | None = None

    def read(self) -> LineMap:
        """Returns the same lines, all of them read."""
        if self._map is None:
            self._map = _with_lines(self._file, self._text)[1]
        return self._map

    def _read(self) -> Mapping[KeyPath, int]:
        return self.read().lines

    def __getitem__(self, path: KeyPath) -> int:
        return self._read()[path]

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


class LineMap(Struct, frozen=True):
    """Holds the line of each key and list item of one file, and mistakes that YAML accepts."""

    file: str
    lines: Mapping[KeyPath, int]
    mistakes: tuple[Mistake, ...] = ()  # duplicate or merge keys, unreadable or doubtful values
    booleans: Mapping[KeyPath, str] = {}  # as somebody typed them: `yes`, `on`

    def line(self, path: Sequence[str | int]) -> int:
        """Returns the 1-based line of `path`, or of the nearest part around it; 0 if unknown."""
        for length in range(len(path), -1, -1):
            line = self.lines.get(tuple(path[:length]))
            if line is not None:
                return line
        return 0

    def boolean(self, path: Sequence[str | int]) -> str | None:
        """Returns a boolean, or a key that is one, as it was typed; None where none was."""
        known = self.lines.read() if isinstance(self.lines, _LateLines) else self
        return known.booleans.get(tuple(path))

    def mistake(self, path: Sequence[str | int], value: object, expected: str) -> Mistake:
        """Returns a mistake at `path` of this file, with its line."""
        # Our own checks only name known keys; text that a person invented never comes here.
        shown = shown_value(path, value, harmless=True)
        return Mistake(self.file, self.line(path), key_path_text(path), shown, expected)

    def no_mapping(self, tree: object, keys: str) -> Mistake:
        """Returns the mistake of a file that should hold a mapping with these keys."""
        shown = "an empty file" if tree is None else shown_value((), tree)
        return Mistake(self.file, 1, "(top)", shown, f"a mapping with {keys}")


def key_path_text(path: Sequence[str | int]) -> str:
    """Returns `("tiers", 0, "name")` as `tiers[0].name`. The top of the file is `(top)`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text or "(top)"


def load_yaml(path_name: str, text: str) -> tuple[object, LineMap]:
    """Returns the plain values of one YAML document, and the line of each.

    Aliases are written out, at most MAX_NODES values in all. Duplicate keys do not stop the
    reading: they are in `LineMap.mistakes`, which `validated` reports together with all others.
    Raises PolicyError when the text is no YAML, too large, too deep or refers to itself.
    """
    if len(text) > MAX_CHARACTERS:
        raise _unreadable(path_name, 0, f"{len(text)} characters", f"at most {MAX_CHARACTERS}")
    try:
        deep = line_too_deep(text) if may_be_deep(text) else None
        if deep is not None:
            raise _too_deep(path_name, deep)
        loader = Loader(text)
        try:
            tree = values_of(loader)
        finally:
            loader.dispose()
    except (yaml.YAMLError, Odd, RecursionError):
        return _with_lines(path_name, text)
    except UnicodeEncodeError as error:  # half of a pair, as of a byte of a command line
        raise _unreadable(path_name, 0, "text that is no Unicode", "valid YAML") from error
    return tree, LineMap(path_name, _LateLines(path_name, text))


def _with_lines(path_name: str, text: str) -> tuple[object, LineMap]:
    """Returns the same, with all lines read at once, or raises PolicyError."""
    try:
        loader = Loader(text)
    except yaml.YAMLError as error:
        raise _unreadable(path_name, 0, str(error).split("\n")[0], "valid YAML") from error
    try:
        node = loader.get_single_node()
        reader = _Reader(path_name, loader)
        tree = None if node is None else reader.read(node, (), 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 0 if mark is None else mark.line + 1
        problem, expected = _no_yaml(str(error.problem or error), text, line)
        if problem.startswith("undefined alias"):
            problem, expected = _undefined_alias(text)
        raise _unreadable(path_name, line, problem, expected) from error
    except yaml.YAMLError as error:
        raise _unreadable(path_name, 0, str(error).split("\n")[0], "valid YAML") from error
    except RecursionError as error:
        raise _unreadable(path_name, 0, "nesting without end", f"{MAX_DEPTH} levels") from error
    finally:
        loader.dispose()
    return tree, LineMap(path_name, reader.lines, tuple(reader.mistakes), reader.booleans)


def _no_yaml(problem: str, text: str, line: int) -> tuple[str, str]:
    """Returns libyaml's message in words for the author of the line.

    The line is not shown, since it may hold a key.
    """
    problem = re.sub(r" '[^']{2,}'", "", problem)  # an alias or tag may be a password with * or !
    if problem.startswith("found "):
        shown = problem.removeprefix("found ")
    else:
        shown = f"text that is no YAML ({problem})"
    (line_text,) = text.split("\n")[max(0, line - 1) : line] or [""]
    if line_text.lstrip(" ").startswith("\t"):
        return shown, "spaces: YAML takes no tabs for indentation"
    if "${" in line_text:
        return shown, "valid YAML; within [ ] and { } a ${NAME} needs quotes"
    if problem.startswith("mapping values are not allowed"):
        return shown, 'valid YAML; text with ": " in it needs quotes around it'
    return shown, "valid YAML"


def _undefined_alias(text: str) -> tuple[str, str]:
    """Returns the first alias without an anchor, and the anchors above it.

    The alias is shown only where it resembles an anchor, and an anchor only where a value follows
    it: otherwise it may be a password that begins with * or &.
    """
    known: set[str] = set()
    named: list[str] = []
    for event in yaml.parse(text, Loader=Loader):
        anchor = str(getattr(event, "anchor", None) or "")
        if isinstance(event, yaml.AliasEvent) and anchor not in known:
            near = difflib.get_close_matches(anchor, named, n=1, cutoff=0.5)
            shown = f"the undefined alias *{anchor}" if near else "an undefined alias"
            hint = f"; did you mean *{near[0]}?" if near else ""
            listed = ", ".join(named[:MOST_ANCHORS]) or "there is none"
            expected = f"an anchor that stands above it ({listed}){hint}"
            return shown, expected if named else f"{expected}, or quotes around text with a *"
        if anchor:
            known.add(anchor)
            if getattr(event, "value", "x"):
                named.append(anchor)
    return "an undefined alias", "an anchor that stands above it"


def _too_deep(file: str, line: int) -> PolicyError:
    shown = "nesting that is too deep or refers to itself"
    return _unreadable(file, line, shown, f"at most {MAX_DEPTH} levels")


def _unreadable(file: str, line: int, shown: str, expected: str) -> PolicyError:
    return PolicyError((Mistake(file, line, "(top)", shown, expected),))


class _Reader:
    """Walks the composed nodes once, in document order, and counts the values of aliases."""

    def __init__(self, file: str, loader: yaml.SafeLoader) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.mistakes: list[Mistake] = []
        self.booleans: dict[KeyPath, str] = {}
        self._loader = loader
        self._count = 0

    def read(self, node: yaml.Node, path: KeyPath, depth: int) -> object:
        self._count += 1
        line = node.start_mark.line + 1
        # An alias shares its node. Only this walk counts every use of it.
        if self._count > MAX_NODES:
            raise _unreadable(
                self.file, line, "aliases that multiply", f"at most {MAX_NODES} values"
            )
        if depth > MAX_DEPTH:
            raise _too_deep(self.file, line)
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
            if key_node.tag == MERGE_TAG:
                self._note(line, (*path, "<<"), "a merge key", "the keys written out")
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(line, path, "a list or mapping as a key", "a plain word as a key")
                continue
            key = self._scalar(key_node, path)
            # A boolean is an int, but `true:` must not look like the list item 1.
            part = key if isinstance(key, str | int) and not isinstance(key, bool) else str(key)
            if key in values:
                first = self.lines.get((*path, part), 0)
                self._note(line, (*path, part), "a duplicate key", f"once (line {first})")
                continue
            if isinstance(key, bool):
                self.booleans[(*path, key)] = key_node.value
            self.lines[(*path, part)] = line
            values[key] = self.read(value_node, (*path, part), depth + 1)
        return values

    def _scalar(self, node: yaml.Node, path: KeyPath) -> object:
        if node.tag == TEXT_TAG:  # nearly all of them: no constructor needed
            return node.value
        try:
            value = scalar_of(node, self._loader)
            if isinstance(value, bool):
                self.booleans[path] = node.value
            if other := read_otherwise(node):
                self._note_number(node, path, value, other)
            return value
        except UNREADABLE:
            shown = shown_value(path, node.value)
            self._note(node.start_mark.line + 1, path, shown, "a plain value that YAML can read")
            return node.value

    def _note_number(self, node: yaml.Node, path: KeyPath, value: object, other: str) -> None:
        shown = shown_value(path, value, harmless=True)
        if shown == str(value):  # else it may be a password of digits
            shown = f"{node.value}, which YAML 1.1 reads as {value} and YAML 1.2 as {other}"
        line = node.start_mark.line + 1
        self._note(line, path, shown, "a number in digits alone, or text in quotes")

    def _note(self, line: int, path: KeyPath, shown: str, expected: str) -> None:
        self.mistakes.append(Mistake(self.file, line, key_path_text(path), shown, expected))

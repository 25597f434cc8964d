"""Replaces `${NAME}` in a policy by the environment's values, and keeps what is secret a reference.

A reference that is kept is resolved by whoever needs its value: a call of an answerer, or an alert.
So a policy loads where its secrets are missing, and neither its text nor its hash holds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from router.errors import Mistake, PolicyError
from router.policy.parsing.yaml_lines import KeyPath, LineMap, key_path_text

_REFERENCE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_SECRET_KEYS = frozenset({"api_key", "secret", "password"})
_RECEIVERS = (("alerts", "webhooks"), ("alerts", "mail"))
"""The address of a receiver may be its password, and only the program that sends alerts needs it.
So an unset variable stops no server."""
_CHOICES = frozenset({"port", "shape"})  # keys of receivers whose values the schema checks


def substituted(
    value: object,
    path: KeyPath,
    environ: Mapping[str, str],
    lines: LineMap,
    references: dict[str, str],
    mistakes: list[Mistake],
) -> object:
    """Returns `value` with `${ENV}` replaced in all strings below it that hold no secret.

    Adds the replaced strings to `references`, and unset variables to `mistakes`.
    """
    if isinstance(value, dict):
        return {
            key: substituted(below, (*path, key), environ, lines, references, mistakes)
            for key, below in value.items()
        }
    if isinstance(value, list):
        return [
            substituted(below, (*path, i), environ, lines, references, mistakes)
            for i, below in enumerate(value)
        ]
    if not isinstance(value, str) or "${" not in value or _kept(path):
        return value
    where = key_path_text(path)
    references[where] = value
    for name in references_in(value):
        if name not in environ:
            mistakes.append(unset(lines.file, lines.line(path), where, f"${{{name}}}"))
    return _REFERENCE.sub(lambda match: environ.get(match[1], match[0]), value)


def _kept(path: KeyPath) -> bool:
    """Returns True for a string that stays a reference in the policy."""
    return path[-1] in _SECRET_KEYS or (path[:2] in _RECEIVERS and path[-1] not in _CHOICES)


def references_in(text: str) -> list[str]:
    """Returns the names of the variables in a text, each once."""
    return list(dict.fromkeys(_REFERENCE.findall(text)))


def strings_below(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yields each string in a value, with its place."""
    if isinstance(value, str):
        yield path, value
    below = value.items() if isinstance(value, Mapping) else ()
    for key, one in enumerate(value) if isinstance(value, list) else below:
        yield from strings_below(one, (*path, key))


def filled_in(text: str, environ: Mapping[str, str]) -> str:
    """Returns a text with the values of its references. Raises ValueError where one has none."""
    for name in references_in(text):
        if not environ.get(name):
            raise ValueError(f"${{{name}}} is not set in the environment of this process")
    return _REFERENCE.sub(lambda match: environ[match[1]], text)


def secret(reference: str | None, environ: Mapping[str, str]) -> str | None:
    """Returns the value behind `${NAME}`, or None without a reference.

    Raises PolicyError if unset.
    """
    if reference is None:
        return None
    name = reference.removeprefix("${").removesuffix("}")
    if not environ.get(name):
        raise PolicyError((unset("(environment)", 0, "api_key", reference),))
    return environ[name]


def unset(file: str, line: int, where: str, reference: str) -> Mistake:
    """Returns the mistake of a reference whose variable is not set."""
    name = reference[2:-1]
    return Mistake(file, line, where, reference, f"the environment variable {name} to be set")


def without_value(mistake: Mistake, references: Mapping[str, str]) -> Mistake:
    """Hides a value from the environment, which may be secret, and shows its reference instead."""
    reference = references.get(mistake.key_path)
    if reference is None:
        return mistake
    return replace(mistake, found=f"{reference} as the environment has it")

"""Reads the plain object of a policy's YAML file, before its schema does: lists, names, answerers.

Parts of the wrong shape are skipped, since the schema reports them. Checks across keys are built
from this; it knows nothing about files and lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from router.policy.parsing.meant_keys import nearest
from router.policy.parsing.yaml_lines import KeyPath

Rungs = Sequence[tuple[KeyPath, Mapping[str, object]]]
"""Lists the answerers of all tiers, each with its key path."""


class CrossMistake(Struct, frozen=True):
    """Holds one mistake: its key path, the value there, and the expected one."""

    path: KeyPath
    found: object
    expected: str


def one_of(name: object, names: Sequence[str]) -> str:
    """Returns the allowed names and the nearest: "one of local, resolve; did you mean `local`?"."""
    if not names:
        return "a name that is defined; none is"
    return f"one of {', '.join(dict.fromkeys(names))}{nearest(str(name), names)}"


def sections(raw: object, key: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yields the mappings in the list under `key`, each with its index, and skips other shapes."""
    rows = raw.get(key) if isinstance(raw, Mapping) else None
    # A string is a sequence, too.
    if isinstance(rows, Sequence) and not isinstance(rows, str):
        yield from ((i, row) for i, row in enumerate(rows) if isinstance(row, Mapping))


def names_of(raw: object, key: str) -> list[str]:
    """Returns the names in the list under `key`."""
    return [str(row["name"]) for _, row in sections(raw, key) if "name" in row]


def tenants_of(raw: object) -> frozenset[str]:
    """Returns the tenants that `budgets` and `limits` name; `*` is nobody's name."""
    budgets = raw.get("budgets") if isinstance(raw, Mapping) else None
    named = [*budgets] if isinstance(budgets, Mapping) else []
    named += [row["tenant"] for _, row in sections(raw, "limits") if row.get("tenant")]
    return frozenset(str(name) for name in named if name != "*")


def strings(row: Mapping[str, object], key: str) -> Iterator[tuple[int, str]]:
    """Yields the texts in the list under `key`, each with its index."""
    values = row.get(key)
    if isinstance(values, Sequence) and not isinstance(values, str):
        yield from ((i, value) for i, value in enumerate(values) if isinstance(value, str))


def rungs_of(raw: Mapping[str, object]) -> Iterator[tuple[KeyPath, Mapping[str, object]]]:
    """Yields the answerers of all tiers, each with its key path."""
    for t, tier in sections(raw, "tiers"):
        for a, answerer in sections(tier, "answerers"):
            yield ("tiers", t, "answerers", a), answerer


def rung_names(rungs: Rungs) -> list[str]:
    """Returns the names of these answerers."""
    return [str(answerer["name"]) for _, answerer in rungs if "name" in answerer]


def names_of_kind(rungs: Rungs, kind: str) -> list[str]:
    """Returns the names of the answerers of one kind."""
    return [
        str(answerer["name"])
        for _, answerer in rungs
        if answerer.get("kind") == kind and "name" in answerer
    ]


def conditions_of(
    raw: Mapping[str, object],
) -> Iterator[tuple[KeyPath, Mapping[str, object]]]:
    """Yields every condition on a head in a policy, with its key path."""
    for r, rule in sections(raw, "hard_rules"):
        for c, condition in sections(rule, "heads"):
            yield ("hard_rules", r, "heads", c), condition
    for key in ("refuse", "self_harm", "security"):
        for c, condition in sections(raw.get("safety"), key):
            yield ("safety", key, c), condition
    for e, endpoint in sections(raw, "endpoints"):
        for r, rule in sections(endpoint.get("verdict"), "rules"):
            for c, row in sections(rule, "any"):
                head = row.get("head")
                if isinstance(head, Mapping):
                    yield ("endpoints", e, "verdict", "rules", r, "any", c, "head"), head
    specialist = raw.get("specialist")
    verdict = specialist.get("verdict") if isinstance(specialist, Mapping) else None
    for r, rule in sections(verdict, "rules"):
        for c, condition in sections(rule, "any"):
            yield ("specialist", "verdict", "rules", r, "any", c), condition

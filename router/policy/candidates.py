"""Makes the policy that a rollout tries: the policy itself with one kind of thing changed. Pure.

A changed policy keeps the name of its own, since clients, keys and budgets mean it by that name;
its hash tells the two apart. It knows nothing about loading: it is given trees as YAML has them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping

from router.errors import Mistake
from router.policy.parsing.raw_policy import one_of
from router.policy.parsing.yaml_lines import LineMap
from router.policy.sections.learning import CandidateSection

Tree = dict[str, object]


def changed(
    tree: Mapping[str, object], section: CandidateSection, lines: LineMap
) -> tuple[Tree, tuple[Mistake, ...]]:
    """Returns the tree with answerers, heads or adapters changed, and names that it does not have.

    >>> tree = {"heads": [{"name": "urgency", "path": "old.json"}]}
    >>> changed(tree, CandidateSection(heads={"urgency": "new.json"}), LineMap("", {}))[0]
    {'heads': [{'name': 'urgency', 'path': 'new.json'}]}
    """
    other: Tree = copy.deepcopy({key: value for key, value in tree.items() if key != "rollout"})
    wanted: Mapping[str, Mapping[str, object]]
    named: Callable[[Mapping[str, object]], Iterator[Tree]]
    if section.answerers:
        wanted, named = section.answerers, _answerers
    elif section.heads:
        wanted, named = {name: {"path": path} for name, path in section.heads.items()}, _heads
    else:
        wanted = {name: {"path": path} for name, path in section.adapters.items()}
        named = _adapters
    unknown = []
    for name, keys in wanted.items():
        rows = [row for row in named(other) if row.get("name") == name]
        for row in rows:
            # A served adapter is the name of a model, where others are files.
            row.update({"model": keys["path"]} if named is _adapters and "model" in row else keys)
        if not rows:
            known = sorted({str(row.get("name")) for row in named(other)})
            where = ("rollout", "candidate", section.kind, name)
            unknown.append(lines.mistake(where, name, one_of(name, known)))
    return other, tuple(unknown)


def renamed(tree: Mapping[str, object], name: str) -> Tree:
    """Returns the tree of another file under the name of the policy that it is tried for."""
    return {**{key: value for key, value in tree.items() if key != "rollout"}, "name": name}


def _rows(rows: object) -> Iterator[Tree]:
    if isinstance(rows, list):
        yield from (row for row in rows if isinstance(row, dict))


def _answerers(tree: Mapping[str, object]) -> Iterator[Tree]:
    for tier in _rows(tree.get("tiers")):
        yield from _rows(tier.get("answerers"))


def _heads(tree: Mapping[str, object]) -> Iterator[Tree]:
    yield from _rows(tree.get("heads"))


def _adapters(tree: Mapping[str, object]) -> Iterator[Tree]:
    for answerer in _answerers(tree):
        yield from _rows(answerer.get("adapters"))

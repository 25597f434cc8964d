"""Finds the versions that a policy names in the registry of models: `registry:NAME@SELECTOR`.

The policy keeps its words, and its hash has versions in their place. So a promotion changes the
hash, to one that does not depend on the place of the registry nor on the words.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from router.errors import Mistake, RegistryError
from router.policy.parsing.yaml_lines import KeyPath, LineMap
from router.policy.schema import LocalAnswerer, Policy, UpstreamAnswerer
from router.registry import ModelKind, Registry, registry_of
from router.registry.reference import PREFIX

Tree = dict[str, Any]


class Registered(Struct, frozen=True):
    """Holds what a policy's references lead to, by the words of the policy."""

    paths: Mapping[str, Path]  # the first file of each version
    ids: Mapping[str, str]  # NAME@VERSION
    models: tuple[str, ...] = ()  # what reads or judges every request; adapters are in the attempts
    registry: Registry | None = None  # None: the policy names no version
    marker: str = ""  # of the registry, from before its versions were read

    def in_text(self, text: str) -> str:
        """Returns a JSON text with versions in place of what names them.

        >>> Registered({}, {"registry:a@active": "a@012345"}).in_text('["registry:a@active"]')
        '["registry:a@012345"]'
        """
        for words, model in self.ids.items():
            text = text.replace(json.dumps(words), json.dumps(PREFIX + model))
        return text

    def in_file(self, text: str) -> str:
        """Returns the text of a policy file with versions in place of what names them.

        Whoever reads it later finds the versions of that day, whatever is active then.

        >>> known = Registered({}, {"registry:a": "a@012345", "registry:a@active": "a@012345"})
        >>> known.in_file("{path: registry:a}, {path: registry:a@active}, {path: registry:ab}")
        '{path: registry:a@012345}, {path: registry:a@012345}, {path: registry:ab}'
        """
        for words, model in self.ids.items():
            ended = re.escape(words) + r"(?![a-z0-9_.@-])"
            text = re.sub(ended, lambda _, named=PREFIX + model: named, text)  # type: ignore[misc]
        return text

    def in_policy(self, policy: Policy) -> Policy:
        """Returns the policy with adapters that name their file, or their model, and version."""
        if self.registry is None:
            return policy
        tiers = [
            tier.model_copy(
                update={"answerers": [self._in_answerer(one) for one in tier.answerers]}
            )
            for tier in policy.tiers
        ]
        return policy.model_copy(update={"tiers": tiers})

    def _in_answerer(self, section: Any) -> Any:
        if isinstance(section, LocalAnswerer):
            key, values = "path", {name: str(path) for name, path in self.paths.items()}
        elif isinstance(section, UpstreamAnswerer):
            key, values = "model", dict(self.ids)
        else:
            return section
        adapters = [
            adapter.model_copy(
                update={
                    key: values[getattr(adapter, key)],
                    "name": f"{adapter.name}@{_version(self.ids[getattr(adapter, key)])}",
                }
            )
            if getattr(adapter, key) in self.ids
            else adapter
            for adapter in section.adapters
        ]
        return section.model_copy(update={"adapters": adapters})


NOTHING_REGISTERED = Registered({}, {})


def located(
    tree: Tree, lines: LineMap, environ: Mapping[str, str], mistakes: list[Mistake]
) -> tuple[Tree, Registered]:
    """Returns the tree with files in place of references, and what they lead to; adds mistakes.

    A reference that leads nowhere is taken out of the tree, so that it counts as one mistake.
    """
    named = [place for place in _places(tree) if _names_version(place[0].get(place[1]))]
    if not named:
        return tree, NOTHING_REGISTERED
    other = copy.deepcopy(tree)
    paths: dict[str, Path] = {}
    ids: dict[str, str] = {}
    try:
        registry = registry_of(environ)
        marker = registry.marker()
    except RegistryError as error:
        holder, key, where, _ = named[0]
        mistakes.append(_mistake(lines, where, holder[key], error))
        for holder, key, _, _ in _places(other):
            if _names_version(holder.get(key)):
                del holder[key]
        return other, NOTHING_REGISTERED
    models: set[str] = set()
    for holder, key, where, kind in _places(other):
        text = holder.get(key)
        if not isinstance(text, str) or not _names_version(text):
            continue
        try:
            model = registry.show(text)
            if model.kind is not kind:
                raise RegistryError(f"{model.id} is of kind {model.kind}; expected {kind}")
            ids[text] = model.id
            # A served adapter is a name on its server; its files are not needed here.
            if key != "model":
                paths[text] = registry.path(model.id)
                holder[key] = str(paths[text])
            if kind is not ModelKind.ADAPTER:
                models.add(model.id)
        except RegistryError as error:
            mistakes.append(_mistake(lines, where, text, error))
            del holder[key]
    return other, Registered(paths, ids, tuple(sorted(models)), registry, marker)


def _mistake(lines: LineMap, where: KeyPath, text: object, error: RegistryError) -> Mistake:
    return lines.mistake(where, text, f"a version that can be used: {error.message}")


def _names_version(text: object) -> bool:
    return isinstance(text, str) and text.startswith(PREFIX)


def _version(model_id: str) -> str:
    return model_id.partition("@")[2]


def _places(tree: Tree) -> Iterator[tuple[Tree, str, KeyPath, ModelKind]]:
    """Yields where a policy may name a version: the mapping, its key, the path, and the kind."""
    for i, head in rows(tree.get("heads")):
        yield head, "path", ("heads", i, "path"), ModelKind.HEAD
        yield head, "close", ("heads", i, "close"), ModelKind.HEAD
    decision = tree.get("decision")
    if isinstance(decision, dict):
        yield decision, "certificate", ("decision", "certificate"), ModelKind.CERTIFICATE
    for t, tier in rows(tree.get("tiers")):
        for a, answerer in rows(tier.get("answerers")):
            path: KeyPath = ("tiers", t, "answerers", a)
            for key, below, kind in (
                ("verify", "head", ModelKind.HEAD),
                ("check", "calibration", ModelKind.CALIBRATOR),
            ):
                section = answerer.get(key)
                if isinstance(section, dict):
                    yield section, below, (*path, key, below), kind
            for i, adapter in rows(answerer.get("adapters")):
                for key in ("path", "model"):
                    yield adapter, key, (*path, "adapters", i, key), ModelKind.ADAPTER


def rows(section: object) -> Iterator[tuple[int, Tree]]:
    """Yields the mappings of a list with their places; nothing of anything else."""
    if isinstance(section, list):
        yield from ((i, row) for i, row in enumerate(section) if isinstance(row, dict))

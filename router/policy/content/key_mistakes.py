"""Finds mistakes in the keys of a knowledge file, and keys that a policy never reads. Pure.

Mistakes are found in the plain object of the YAML file, so that others do not hide them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from router.errors import Mistake
from router.policy.parsing.yaml_lines import LineMap
from router.policy.sections.answering.without_model import LookupSection


def key_mistakes(tree: object, lines: LineMap) -> Iterator[Mistake]:
    """Yields mistakes of the section `keys`."""
    keys = tree.get("keys") if isinstance(tree, Mapping) else None
    if not isinstance(tree, Mapping) or not isinstance(keys, Mapping):
        return
    lookups, _ = _uses(tree)
    places: dict[str, str] = {}
    for name, section in keys.items():
        if not isinstance(section, Mapping):
            continue
        for part in ("ask", "not_found"):
            place, text = f"keys.{name}.{part}", section.get(part)
            if not isinstance(text, str):
                continue
            # The text alone says which key a reply is for.
            other = places.setdefault(" ".join(text.split()), place)
            if other != place:
                expected = f"words of its own; {other} has them too"
                yield lines.mistake(("keys", str(name), part), text, expected)
        if section.get("pattern") is not None and name not in lookups:
            expected = "the key of a lookup's slot: only a row can vouch for what somebody types"
            yield lines.mistake(("keys", str(name), "pattern"), section["pattern"], expected)


def keys_never_read(
    tree: object, sections: Sequence[LookupSection], allowed: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yields the key paths that this policy never reads, each with the reason and what to do.

    `tree` is the knowledge file, `allowed` are the lookups of its answerer.
    """
    if not isinstance(tree, Mapping):
        return
    lookups, used = _uses(tree)
    typed = {s.name: s.typed_needs for s in sections if s.name in allowed}
    needed = {name for needs in typed.values() for name in needs or ()}
    keys = tree.get("keys")
    for name, section in keys.items() if isinstance(keys, Mapping) else ():
        untyped = [lookup for lookup in sorted(lookups.get(name, ())) if typed.get(lookup) is None]
        if name not in used | needed:
            yield f"keys.{name}", "no slot takes this value and no must_match names it"
        elif isinstance(section, Mapping) and section.get("pattern") is not None and untyped:
            yield (
                f"keys.{name}.pattern",
                f"what users type is not read, since {', '.join(untyped)} under lookups has no "
                "`typed`. Write `typed: anyone` where whoever knows a key may see its row, or "
                "`typed: {must_match: {customer: customer_id}}` where the row must belong to the "
                "one who asks",
            )


def _uses(tree: Mapping[str, object]) -> tuple[dict[str, set[str]], set[str]]:
    """Returns the lookups that each key opens, and all names that slots take values under."""
    lookups: dict[str, set[str]] = {}
    used: set[str] = set()
    intents = tree.get("intents")
    for intent in intents if isinstance(intents, list) else []:
        slots = intent.get("slots") if isinstance(intent, Mapping) else None
        for name, slot in slots.items() if isinstance(slots, Mapping) else ():
            if not isinstance(slot, Mapping):
                continue
            key, lookup = slot.get("key"), slot.get("lookup")
            used.add(str(name if key is None else key))
            if isinstance(key, str) and isinstance(lookup, str):
                lookups.setdefault(key, set()).add(lookup)
    return lookups, used

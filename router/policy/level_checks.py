"""Finds levels that a policy names and that none of its tiers has.

It reads the plain object of the YAML file, as `cross_checks` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.policy.parsing.raw_policy import CrossMistake, sections
from router.policy.parsing.yaml_lines import KeyPath

GRAVE_LEVEL = 3
"""The level of grave matters: rules may name it also where no tier is so high. The highest tier
then answers, and its answers are judged as those of a grave matter."""


def level_mistakes(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    """Yields levels above all tiers, and ceilings below them, under which nobody could answer."""
    levels = [level for _, level in _named(raw, "tiers", "level")]
    if not levels:
        return
    top, low = max(levels), min(levels)
    most = max(top, GRAVE_LEVEL)
    for path, level in _floors(raw):
        if level > most:
            yield CrossMistake(path, level, f"at most {most}, since the highest tier is at {top}")
    for path, level in _ceilings(raw):
        if level < low:
            expected = f"at least {low}: the lowest tier is at {low}, and nobody could answer"
            yield CrossMistake(path, level, expected)
        elif level > most:
            yield CrossMistake(path, level, f"at most {most}, since the highest tier is at {top}")
    shadow = raw.get("shadow")
    called = _level(shadow.get("level")) if isinstance(shadow, Mapping) else None
    if called is not None and called not in levels:
        known = ", ".join(map(str, sorted(set(levels))))
        yield CrossMistake(("shadow", "level"), called, f"the level of a tier ({known})")


def _floors(raw: Mapping[str, object]) -> Iterator[tuple[KeyPath, int]]:
    for key in ("hard_rules", "endpoints"):
        yield from _named(raw, key, "floor")


def _ceilings(raw: Mapping[str, object]) -> Iterator[tuple[KeyPath, int]]:
    yield from _named(raw, "hard_rules", "ceiling")


def _named(raw: Mapping[str, object], key: str, name: str) -> Iterator[tuple[KeyPath, int]]:
    for i, section in sections(raw, key):
        level = _level(section.get(name))
        if level is not None:
            yield (key, i, name), level


def _level(written: object) -> int | None:
    """Returns the level that a value is read as; None for what the schema refuses.

    A variable of the environment is text ("${FLOOR}"), and 4.0 is a whole number.
    """
    if isinstance(written, str) and written.strip().isdecimal():
        written = int(written)
    if isinstance(written, int | float) and 1 <= written <= 9 and written == int(written):
        return int(written)
    return None

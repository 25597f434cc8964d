"""Writes out the groups of a file of phrases whose lines name other groups.

    groups:
      grips: [clutching, rubs]
      whose: [his, her]
      holds: ["@grips @whose chest", hand on my heart]

`holds` has five terms: four combinations, from `clutching his chest` to `rubs her chest`, and one
as it stands. A line that is one name, such as `"@whose"`, takes all terms of that group. It knows
nothing about phrases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import product
from math import prod

Groups = Mapping[str, Sequence[str]]
GROUP = "@"
"""Stands before the name of a group, in a phrase and in a line of a group."""
MOST_TERMS = 1000
"""Terms of a group, written out: the longest shipped one has 264, and a group too many in a line
would multiply them past what anybody means."""


def groups_in_groups(groups: Groups) -> dict[str, set[str]]:
    """Returns the groups that each group names, without the groups that name none."""
    return {
        name: {other for line in lines for other in _named(line)}
        for name, lines in groups.items()
        if GROUP in " ".join(lines)
    }


def group_mistakes(groups: Groups) -> Iterator[str]:
    """Yields what is wrong with the groups that lines of groups name."""
    named = groups_in_groups(groups)
    for name, others in named.items():
        for other in sorted(others - groups.keys()):
            yield f"a group of `groups` for `{GROUP}{other}` in the group {name}"
    try:
        order = _order(named, groups)
    except CycleError as error:
        circle = " names ".join(reversed(error.args[1]))
        yield f"groups of which none names itself: {circle}"
        return
    sizes = {name: len(lines) for name, lines in groups.items()}
    for name in order:
        named_sizes = ([sizes.get(other, 1) for other in _named(line)] for line in groups[name])
        sizes[name] = sum(map(prod, named_sizes))
        if sizes[name] > MOST_TERMS:
            yield f"{MOST_TERMS} terms or fewer in the group {name}: its lines make {sizes[name]}"


def written_out(groups: Groups) -> dict[str, tuple[str, ...]]:
    """Returns the terms of each group. The groups are without mistakes.

    >>> written_out({"grips": ["clutching", "rubs"], "holds": ["@grips his chest", "ouch"]})
    {'grips': ('clutching', 'rubs'), 'holds': ('clutching his chest', 'rubs his chest', 'ouch')}
    """
    terms = {name: tuple(lines) for name, lines in groups.items()}
    for name in _order(groups_in_groups(groups), groups):
        combined = (term for line in groups[name] for term in _terms(line, terms))
        terms[name] = tuple(dict.fromkeys(combined))
    return terms


def _named(line: str) -> list[str]:
    return [word[1:] for word in line.split() if word.startswith(GROUP)]


def _terms(line: str, terms: Groups) -> Iterator[str]:
    words = [terms[word[1:]] if word.startswith(GROUP) else (word,) for word in line.split()]
    return map(" ".join, product(*words))


def _order(named: Mapping[str, set[str]], groups: Groups) -> list[str]:
    """Returns the groups that name others, each behind those it names. Raises CycleError."""
    known = {name: others & groups.keys() for name, others in named.items()}
    return [name for name in TopologicalSorter(known).static_order() if name in named]

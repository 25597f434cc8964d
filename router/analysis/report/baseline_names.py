"""Names the answerers of a report's baselines, by the policies that decided its rows.

The policy that a row names priced the row's baselines, so only that policy can name them. This
module reads policies as the ledger kept their files, and reads them loosely: a file of an older
version need not be valid today. A policy that cannot be read gives no name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from router.errors import PolicyError
from router.ledger.aggregates import LEVEL_BASELINES, Cell
from router.money.model_redirects import undated
from router.policy.parsing.yaml_lines import load_yaml
from router.policy.schema import ReportSection
from router.rendering.figures_in_words import clean
from router.types import WITHOUT_MODEL

PolicyText = Callable[[str], str | None]
"""Returns the file of the policy with this hash; None where nobody kept it."""

MOST_READ = 8
"""Bounds the policies that a report reads, those of most requests first. One takes some hundredths
of a second, and more names than that fit no label."""

MOST_NAMED = 2

SILENT = "answers nothing by itself"
"""Said of a model that its policy lets only rephrase (`alone: false`): what it would have cost is a
price, and not what anybody would have got."""


@dataclass(frozen=True, slots=True)
class PolicyNames:
    """Holds one policy's names of baselines, planned shares and levels.

    They are "" and empty if it cannot be read.
    """

    level_2: str = ""
    level_3: str = ""
    planned: tuple[tuple[int, float], ...] = ()
    levels: tuple[int, ...] = ()
    people: bool = False  # True: it states what a person costs
    models: tuple[str, str] = ("", "")  # of the baselines of level 2 and 3; "" where it names none
    # All models of level 2, and of level 3.
    at_level: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class BaselineNames:
    """Names a report's baselines, the planned shares by level, and the policies' levels."""

    level_2: tuple[str, ...] = ()
    level_3: tuple[str, ...] = ()
    planned: Mapping[int, float] | None = None  # None: no policy states them
    # Of each policy those that have a tier, lowest first; a policy of which none is known is out.
    levels: tuple[tuple[int, ...], ...] = ()
    people: bool | None = None  # True: one of them states what a person costs; None: none is known
    # Models beside the baseline's, of level 2 and 3, without their day.
    spares: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())

    @property
    def lowest_level(self) -> int | None:
        """Returns the level above which an answer counts as escalated; None: policies differ."""
        lowest = {levels[0] for levels in self.levels} or {1}
        return None if len(lowest) > 1 else min(lowest)

    @property
    def single_level(self) -> bool:
        """Returns True where no policy has a second level, so nothing can escalate."""
        return bool(self.levels) and all(len(levels) == 1 for levels in self.levels)

    def silent(self, level: int) -> bool:
        """Returns True where all that is named for a level answers nothing by itself."""
        names = self.level_2 if level == 2 else self.level_3
        return bool(names) and all(name.endswith(SILENT) for name in names)

    def partly_silent(self, level: int) -> bool:
        """Returns True where a policy names a model that answers, and another one that does not."""
        names = self.level_2 if level == 2 else self.level_3
        return not self.silent(level) and any(name.endswith(SILENT) for name in names)

    def label(self, level: int) -> str:
        """Returns a label such as `All at level 2 (smollm2)`; without a name if none is known.

        A baseline is a model that could have answered: one that answers nothing by itself is named
        where no policy has another one, and then with that remark.
        """
        known = self.level_2 if level == 2 else self.level_3
        names = [name for name in known if not name.endswith(SILENT)] or known
        shown = ", ".join(clean(name) for name in names[:MOST_NAMED])
        rest = len(names) - MOST_NAMED
        shown += f" and {rest} more" if rest > 0 else ""
        return f"All at level {level}{f' ({shown})' if shown else ''}"


def names_of(
    policies: Mapping[str, Cell], policy_text: PolicyText, otherwise: ReportSection | None
) -> BaselineNames:
    """Returns the names that the policies of a report's rows give, by their `NAME@HASH`.

    A level's baseline is named by those alone whose rows have a price at it: nobody would have had
    a model read every text that an application moderates.
    """
    ordered = sorted(policies, key=lambda name: (-policies[name].requests, name))
    names = baseline_names(map(_hash, ordered), policy_text, otherwise)
    priced = {}
    for key, level in LEVEL_BASELINES.items():
        chosen = [name for name in ordered if _has_price(policies[name], key)]
        priced[level] = baseline_names(map(_hash, chosen or ordered), policy_text, otherwise)
    return replace(names, level_2=priced[2].level_2, level_3=priced[3].level_3)


def _has_price(policy: Cell, baseline: str) -> bool:
    """Returns False where all requests are known to have none; older cells do not know it."""
    return not policy.requests or policy.unpriced.get(baseline, 0) < policy.requests


def _hash(policy: str) -> str:
    return policy.rpartition("@")[2]


def baseline_names(
    decided_by: Iterable[str], policy_text: PolicyText, otherwise: ReportSection | None
) -> BaselineNames:
    """Returns the names that the policies of these hashes give, the one of most requests first.

    `otherwise` gives them where none of the policies was kept.
    """
    texts = (policy_text(policy_hash) for policy_hash in islice(decided_by, MOST_READ))
    read = [names_in(text) for text in texts if text is not None]
    # A policy that cannot be read must not hide those that can.
    read = [policy for policy in read if policy != PolicyNames()]
    if not read and otherwise is not None:
        read = [_of_section(otherwise)]
    plans = [dict(policy.planned) for policy in read if policy.planned]
    return BaselineNames(
        level_2=_told_apart([(policy.level_2, policy.models[0]) for policy in read]),
        level_3=_told_apart([(policy.level_3, policy.models[1]) for policy in read]),
        # Plans cannot be mixed, so the policy of most requests decides.
        planned=plans[0] if plans else None,
        levels=tuple(policy.levels for policy in read if policy.levels),
        people=any(policy.people for policy in read) if read else None,
        spares=(_spares(read, 2), _spares(read, 3)),
    )


def _told_apart(named: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Returns each name once; with its model where versions of a policy gave it several ones.

    A rollout's candidate has another model under the name of the base's, at another price.

    >>> _told_apart([("mini", "m-1"), ("mini", "m-1-2026-03-05"), ("large", "l")])
    ('mini', 'large')
    >>> _told_apart([("mini", "m-1"), ("mini", "m-2")])
    ('mini with m-1', 'mini with m-2')
    """
    models: dict[str, set[str]] = {}
    for name, model in named:
        models.setdefault(name, set()).add(undated(model) if model else "")
    shown = (
        f"{name} with {undated(model)}"
        if model and len(models[name]) > 1 and not name.endswith(SILENT)
        else name
        for name, model in named
        if name
    )
    return tuple(dict.fromkeys(shown))


def _spares(policies: Sequence[PolicyNames], level: int) -> frozenset[str]:
    """Returns the models of a level that are no policy's baseline, without their day."""
    baselines = {undated(policy.models[level - 2]) for policy in policies}
    others = {undated(model) for policy in policies for model in policy.at_level[level - 2]}
    return frozenset(others - baselines)


def _of_section(section: ReportSection) -> PolicyNames:
    planned = tuple(sorted(section.planned_shares.items()))
    people = section.people_usd_per_request is not None
    return PolicyNames(section.level_2 or "", section.level_3 or "", planned, people=people)


@lru_cache(maxsize=64)
def names_in(text: str) -> PolicyNames:
    """Reads a policy file's baselines: those of `report`, otherwise its first answerers."""
    # Policies repeat across reports, hence the cache; a file that fails costs only its names.
    try:
        tree, _ = load_yaml("policy", text)
    except PolicyError:
        return PolicyNames()
    if not isinstance(tree, dict):
        return PolicyNames()
    raw = tree.get("report")
    report = raw if isinstance(raw, dict) else {}
    firsts = _firsts(tree.get("tiers"))
    levels = tuple(sorted(firsts))
    silent = _silent(_answerers(tree))
    named = [_name(report.get(f"level_{level}")) or firsts.get(level, "") for level in (2, 3)]
    level_2, level_3 = (f"{name}, which {SILENT}" if name in silent else name for name in named)
    models = {_name(row.get("name")): _name(row.get("model")) for row in _answerers(tree)}
    people = report.get("people_usd_per_request") is not None
    planned = _planned(report.get("planned_shares"))
    both = models.get(named[0], ""), models.get(named[1], "")
    at_level = _models(tree, 2), _models(tree, 3)
    return PolicyNames(level_2, level_3, planned, levels, people, both, at_level)


def _models(policy: Mapping[str, object], level: int) -> frozenset[str]:
    return frozenset(_name(row.get("model")) for row in _answerers(policy, level)) - {""}


def _answerers(policy: Mapping[str, object], level: int | None = None) -> list[dict[str, object]]:
    """Returns the answerers of all tiers, or of those of a level, as the file has them."""
    tiers = policy.get("tiers")
    return [
        answerer
        for tier in (tiers if isinstance(tiers, list) else ())
        if isinstance(tier, dict) and level in (None, tier.get("level"))
        for answerer in tier.get("answerers") or ()
        if isinstance(answerer, dict)
    ]


def _silent(rows: list[dict[str, object]]) -> frozenset[str]:
    """Returns the answerers that give approved words instead of answers of their own."""
    models = {_name(row.get("name")) for row in rows if row.get("alone") is False}
    over = {_name(row.get("name")) for row in rows if _name(row.get("over")) in models - {""}}
    return frozenset((models | over) - {""})


def _firsts(tiers: object) -> dict[int, str]:
    """Returns what represents each level if the section names nothing: its first model.

    A level without a model has its first answerer, as `PolicyRuntime.at_level`.
    """
    rows: dict[int, list[dict[str, object]]] = {}
    for tier in tiers if isinstance(tiers, list) else ():
        answerers = tier.get("answerers") if isinstance(tier, dict) else None
        if isinstance(answerers, list) and isinstance(tier.get("level"), int):
            there = [row for row in answerers if isinstance(row, dict)]
            rows.setdefault(tier["level"], []).extend(there)
    firsts = {
        level: next((row for row in there if row.get("kind") not in WITHOUT_MODEL), there[0])
        for level, there in rows.items()
        if there
    }
    return {level: _name(row.get("name")) for level, row in firsts.items()}


def _name(value: object) -> str:
    """Returns a name as the file has it; "" for one that comes from the environment."""
    return value if isinstance(value, str) and "${" not in value else ""


def _planned(value: object) -> tuple[tuple[int, float], ...]:
    if not isinstance(value, dict):
        return ()
    shares = [
        (level, float(share))
        for level, share in value.items()
        if isinstance(level, int) and isinstance(share, int | float)
    ]
    return tuple(sorted(shares))

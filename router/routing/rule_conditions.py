"""Says which hard rule of a policy holds for a request. Pure; it knows nothing about levels."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from router.policy.head_conditions import any_holds
from router.policy.schema import HardRule
from router.types import RISK_DOMAINS, Signals, usd_to_nano


def rule_holds(
    rule: HardRule,
    signals: Signals,
    lists: frozenset[str],
    tools: tuple[str, ...],
    *,
    learns: bool = False,
) -> bool:
    """Returns True where all conditions hold that a rule gives.

    `lists` are the term lists that count, `tools` the offered tools that a rule names. `learns`:
    the request asks for general knowledge only.
    """
    return (
        not (learns and rule.not_for_knowledge)
        and (not rule.terms or (bool(lists) and not lists.isdisjoint(rule.terms)))
        and (not rule.tools or any([fits_any(rule.tools, name) for name in tools]))
        and (not rule.domains or _of_domain(rule, signals))
        and (not rule.request_types or _of_type(rule, signals))
        and (rule.stakes_high_at is None or signals.stakes_high >= rule.stakes_high_at)
        and (
            rule.impact_from_usd is None
            or signals.impact_nano_usd >= usd_to_nano(rule.impact_from_usd)
        )
        and (not rule.heads or any_holds(rule.heads, signals))
    )


def _of_domain(rule: HardRule, signals: Signals) -> bool:
    """Returns True for a domain that the rule names. A guess of a risk domain only raises."""
    raises = rule.ceiling is None and signals.domain in RISK_DOMAINS
    return signals.domain in rule.domains and (signals.domain_read or raises)


def _of_type(rule: HardRule, signals: Signals) -> bool:
    return signals.request_type in rule.request_types and signals.request_type_read


def fits_any(globs: Iterable[str], name: str) -> bool:
    """Returns True where a name fits any of the globs, in this case of letters.

    >>> [fits_any(["delete_*"], name) for name in ("delete_user", "undelete_user")]
    [True, False]
    """
    return any([fnmatchcase(name, glob) for glob in globs])

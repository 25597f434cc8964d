"""Checks the names in a key's limits, so that a mistyped name makes no key that reaches nothing.

Known names are those of the policies that this ledger's servers have run, and of the policies given
by name. Without such policies, the names of the shipped ones are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import typer

from router.policy.loading import find_policy, load_policy, policies_dir, policy_names
from router.policy.parsing.raw_policy import one_of, sections
from router.policy.parsing.yaml_lines import load_yaml

TiersOf = Mapping[str, Sequence[str]]
"""Lists the names of each policy's tiers, by the policy's name."""


def known_names(
    named: Sequence[str], recorded: Iterable[str], environ: Mapping[str, str]
) -> TiersOf:
    """Returns names of policies and of their tiers; `recorded` are texts that a ledger kept.

    Raises PolicyError for a named policy that does not exist or is not valid.
    """
    tiers: dict[str, list[str]] = {}
    for name in named or policy_names(policies_dir()):
        policy = load_policy(find_policy(name, policies_dir()), environ).policy
        tiers.setdefault(policy.name, []).extend(tier.name for tier in policy.tiers)
    for text in recorded:
        tree, _ = load_yaml("policy", text)
        # A recorded text may be of an older version, so it is read loosely and never refused.
        if isinstance(tree, dict):
            there = [str(tier.get("name")) for _, tier in sections(tree, "tiers")]
            tiers.setdefault(str(tree.get("name")), []).extend(there)
    return tiers


def check_names(known: TiersOf, policies: Sequence[str], tiers: Sequence[str]) -> None:
    """Raises typer.BadParameter for the first policy or tier that does not exist."""
    for name in policies:
        if name not in known:
            raise _unknown("--policies", name, sorted(known))
    there = sorted({tier for policy in policies or known for tier in known[policy]})
    for name in tiers:
        if name not in there:
            raise _unknown("--tiers", name, there)


def _unknown(option: str, name: str, names: Sequence[str]) -> typer.BadParameter:
    return typer.BadParameter(
        f"{option} has {name!r}; expected {one_of(name, names)}. A policy of your own that was "
        "not served yet is known by --policy FILE"
    )

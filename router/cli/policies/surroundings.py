"""Notes what a policy meets outside the gateway: clients' patience, bills, tenants, proxies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from router.api.compose.answerers.unused_proxies import unused_proxies
from router.cli.opened_books import opened_books
from router.errors import LedgerError
from router.policy.parsing.meant_keys import nearest
from router.policy.parsing.raw_policy import tenants_of
from router.policy.schema import Policy, UpstreamAnswerer
from router.policy.sections.answering.remote import RemoteAnswerer
from router.policy.sections.budgets import LimitSection
from router.types import LOCAL

CLIENTS_WAIT_S = 600.0
"""How long OpenAI's and Anthropic's clients wait for a plain answer, if nothing else is set."""


def surrounding_notes(policy: Policy, environ: Mapping[str, str]) -> Iterator[str]:
    """Yields what hinders calls of this policy from outside."""
    remote = [one for _, one in policy.rungs() if isinstance(one, RemoteAnswerer)]
    patient = [
        one.name
        for one in remote[:-1]
        if one.deadline_s >= CLIENTS_WAIT_S and one.first_byte_s is None
    ]
    if patient:
        together_s = sum(one.deadline_s for one in remote)
        yield (
            f"deadline_s: {', '.join(patient)} may hang for {CLIENTS_WAIT_S:g} s or more before "
            "the next level is asked. OpenAI's and Anthropic's clients wait no longer for a plain "
            "answer, so they never get the next level's: state less, such as 60, or "
            "`first_byte_s`. A proxy in front must wait longer than all levels together, which is "
            f"{together_s:,.0f} s"
        )
    if remote and not (policy.budgets or policy.limits):
        yield (
            "budgets: none, and no `limits`: as the first policy of a server, which limits all, it "
            "bounds neither what is spent nor how fast clients ask"
        )
    yield from _unlimited_tenants(policy)
    said = unused_proxies(environ)
    if said and any(isinstance(one, UpstreamAnswerer) for one in remote):
        yield f"base_urls: {said}"


def _unlimited_tenants(policy: Policy) -> Iterator[str]:
    """Yields that tenants without a budget of their own have no limit."""
    if not policy.budgets or "*" in policy.budgets or any(map(_of_all, policy.limits)):
        return
    yield (
        f'budgets: only {", ".join(map(repr, sorted(policy.budgets)))}, and no "*": all other '
        'tenants have no limit. Add "*", which each tenant without a budget of its own gets'
    )


def _of_all(limit: LimitSection) -> bool:
    """Returns True for a limit in which every request counts."""
    return {limit.tenant, limit.key, limit.policy, limit.tier} <= {None, "*"}


def tenant_notes(policy: Policy, tenants: Set[str]) -> Iterator[str]:
    """Yields which tenants of `budgets` and `limits` have no key; `tenants` are those with one."""
    named = tenants_of(policy.model_dump(include={"budgets", "limits"}))
    # Before the first key, all requests are of one tenant, and nobody's name can be wrong.
    if not tenants:
        return
    for name in sorted(named - tenants - {LOCAL.tenant}):
        place = "budgets" if name in policy.budgets else "limits"
        yield f"{place}: no key is of the tenant {name!r}{nearest(name, sorted(tenants))}"


def tenants_with_keys(database: str) -> tuple[frozenset[str], str]:
    """Returns the tenants of the keys in a ledger, and why they are not known ("" if they are)."""
    # Imported late: most checks have no ledger.
    from router.api.compose.books import Address

    try:
        address = Address.parse(database)
        if not address.may_exist:
            return frozenset(), f"no ledger at {address.shown}"
        with opened_books(database) as books:
            keys = books.keys.list()
    except LedgerError as error:
        return frozenset(), error.message
    tenants = frozenset(key.tenant for key in keys if key.revoked_at_ms is None)
    return tenants, "" if tenants else f"{address.shown} has no key"

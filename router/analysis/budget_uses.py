"""Joins what is spent in the windows that run now with the limits that hold for them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from router.analysis.alerts import BudgetUse
from router.money.budgets import BudgetScope, Payer, WindowLimit
from router.types import BudgetWindow


def budget_uses(
    spending: Iterable[BudgetWindow],
    limits_of: Callable[[Payer], Sequence[WindowLimit]],
    named: Iterable[str],
    tenant: str | None = None,
) -> tuple[BudgetUse, ...]:
    """Returns spend and budget of each window, the fullest first, also those without a limit.

    A default (`*`) appears under each tenant or key that it holds for and that has spent.
    """
    windows = {
        (BudgetScope(use.tenant, use.key_id, use.policy, use.tier), use.kind): use
        for use in spending
    }
    payers = {Payer(s.tenant, s.key_id, s.policy, s.tier) for s, _ in windows}
    payers |= {Payer(name) for name in named} | {Payer("")}
    limits = {
        (limit.scope, limit.kind.value): limit.nano_usd
        for payer in payers
        for limit in limits_of(payer)
        # a wider limit counts other tenants' money too
        if tenant is None or limit.scope.tenant == tenant
    }
    uses = []
    # Without spend a limit shows as unused, and spend without a limit shows as such.
    for scope, kind in dict.fromkeys((*windows, *limits)):
        window = windows.get((scope, kind))
        spent, held = (window.spent_nano_usd, window.held_nano_usd) if window else (0, 0)
        uses.append(BudgetUse(scope, kind, spent, held, limits.get((scope, kind))))
    return tuple(sorted(uses, key=lambda use: (-(use.share or 0.0), str(use.scope), use.kind)))

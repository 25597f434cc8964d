"""Admits a key to a kept answer: counts the repeat in the key's rates and checks its rights.

Answers are kept for a tenant, and the tenant's keys may differ in the tiers they reach. It knows
nothing about where answers are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from router.errors import RateLimited
from router.ledger.row_reading import SPECIALIST
from router.money.budgets import Budgets
from router.rate_limits.limits import request_rates
from router.request.call_events import tell_refused
from router.request.calls.rate_charges import admit
from router.routing.key_access import check_answered, check_policy
from router.specialists.builtin_models import EMBEDDING_TIER, EMBEDDINGS
from router.specialists.ledger_row import MODERATIONS
from router.types import (
    NOBODY,
    ChatRequest,
    Events,
    Identity,
    RateLimiter,
    RateState,
    RequestRow,
)

# A kept answer costs no tokens again, so it counts as one request without any.
NO_TOKENS = ChatRequest((), "")


class GivenAgain:
    """Admits a key to an answer that was given before."""

    def __init__(
        self, budgets: Callable[[], Budgets], limiter: RateLimiter, events: Events = NOBODY
    ) -> None:
        """`events` learns whom a rate refuses."""
        self._budgets = budgets
        self._limiter = limiter
        self._events = events

    async def admit(self, identity: Identity, first: RequestRow) -> Sequence[RateState]:
        """Counts one request of no tokens, and returns the rest of the rates.

        Raises PermissionDenied, RateLimited, LedgerError.
        """
        outside = first.endpoint == EMBEDDINGS and first.answerer != EMBEDDING_TIER
        if first.endpoint == MODERATIONS:
            return ()  # every key may ask for it, whatever its policies
        if first.endpoint == EMBEDDINGS or first.tier == SPECIALIST:
            check_policy(identity, first.policy)
            if not outside:
                return ()  # these count in no rate the first time either
        else:  # another key of the tenant may not reach the tier that answered
            check_answered(identity, first.policy, first.tier)
        rates = request_rates(self._limiter, self._budgets, identity, first.policy, ())
        if rates is None:
            return ()
        try:
            await admit(rates, NO_TOKENS)
        except RateLimited as error:
            tell_refused(self._events, identity, error)
            raise
        return rates.states

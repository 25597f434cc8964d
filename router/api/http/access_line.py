"""What the access line of one request says beside its path: who asked, and what it cost.

The log opens a line when a request comes, in the request's own context; whoever knows something of
it adds that. Where no access log is kept there is no line, and nothing is added.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from router.types import AttemptState, CostBasis, Identity, RequestRow, exact_usd


@dataclass(slots=True)
class AccessLine:
    """Holds what became known of one request."""

    identity: Identity | None = None
    rows: list[RequestRow] = field(default_factory=list)  # several prompts have a row each
    told: dict[bytes, bytes] = field(default_factory=dict)  # the headers of the response

    def fields(self) -> dict[str, object]:
        """Returns the request's id, tenant and key, and its tier and cost in dollars where known.

        Endpoints without a ladder (embeddings, moderations, analyses) tell theirs in headers alone.
        """
        said = self._headers(("request_id", b"x-request-id"))
        if self.identity is not None:
            who = self.identity
            said |= {"tenant": who.tenant, "key": who.key_name or who.key_id}
        if not self.rows:
            tier, cost = b"x-tiergate-tier", b"x-tiergate-cost-usd"
            return said | self._headers(("tier", tier), ("cost_usd", cost))
        said["tier"] = self.rows[0].tier
        if all(map(_cost_is_known, self.rows)):
            said["cost_usd"] = exact_usd(sum(row.cost_nano_usd for row in self.rows))
        return said

    def _headers(self, *named: tuple[str, bytes]) -> dict[str, object]:
        found = ((name, self.told.get(header)) for name, header in named)
        return {name: value.decode("latin-1") for name, value in found if value is not None}


_LINE: ContextVar[AccessLine | None] = ContextVar("access_line", default=None)


def begin() -> AccessLine:
    """A new line for what runs in this context."""
    line = AccessLine()
    _LINE.set(line)
    return line


def current() -> AccessLine | None:
    """The line of the request that this is part of; None where no access log is kept."""
    return _LINE.get()


def _cost_is_known(row: RequestRow) -> bool:
    return not any(
        a.cost_basis is CostBasis.UNKNOWN or a.state is AttemptState.UNKNOWN_COST
        for a in row.attempts
    )
